use proptest::prelude::*;
use serde_json::json;

use super::*;

fn claim(given: Value) -> Claim {
    let raw = deserr::deserialize::<RawClaim, _, ConfigErrors>(given).unwrap();
    raw.compile().unwrap()
}

/// The test of `/c`, and the value of that claim.
fn holds(test: &Value, value: &Value) -> bool {
    let mut given = test.clone();
    given["pointer"] = json!("/c");
    let Value::Object(claims) = json!({ "c": value }) else { panic!("an object") };
    claim(given).holds(Some(&claims))
}

#[test]
fn values_compare_by_type_and_value() {
    let big = 9_007_199_254_740_993_u64;
    let cases = [
        (json!("a"), json!("a"), true),
        (json!("a"), json!("A"), false),
        (json!("é"), json!("e\u{301}"), false),
        (json!("1"), json!(1), false),
        (json!(1), json!("1"), false),
        (json!(1), json!(1), true),
        (json!(1), json!(1.0), true),
        (json!(1.0), json!(1), true),
        (json!(1), json!(1.5), false),
        (json!(1), json!(true), false),
        (json!(-1), json!(-1.0), true),
        (json!(0), json!(-0.0), true),
        (json!(1.5), json!(1.5), true),
        (json!(1.5), json!(1), false),
        (json!(u64::MAX), json!(u64::MAX), true),
        (json!(u64::MAX), json!(-1), false),
        (json!(i64::MIN), json!(i64::MIN), true),
        (json!(big), json!(big), true),
        (json!(big), json!(big - 1), false),
        (json!(big), json!(9_007_199_254_740_992.0), false),
        (json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_992.0), false),
        (json!(9_007_199_254_740_991_u64), json!(9_007_199_254_740_991.0), true),
        (json!(true), json!(true), true),
        (json!(true), json!(false), false),
        (json!(false), json!(null), false),
        (json!("a"), json!(["a"]), false),
        (json!("a"), json!({"a": "a"}), false),
    ];
    for (wanted, found, want) in cases {
        assert_eq!(holds(&json!({"equals": wanted}), &found), want, "{wanted} and {found}");
    }
}

#[test]
fn lists_look_into_arrays() {
    let cases = [
        ("any_of", json!(["a", "b"]), json!("b"), true),
        ("any_of", json!(["a", "b"]), json!("c"), false),
        ("any_of", json!(["a", "b"]), json!(["c", "b"]), true),
        ("any_of", json!(["a", "b"]), json!(["c"]), false),
        ("any_of", json!(["a", "b"]), json!("a b"), false),
        ("any_of", json!(["a", 1]), json!([[1], {"a": 1}]), false),
        ("any_of", json!(["a"]), json!([]), false),
        ("any_of", json!(["a"]), json!({"a": 1}), false),
        ("any_of", json!([1]), json!([null, 1.0]), true),
        ("all_of", json!(["a", "b"]), json!(["b", "x", "a"]), true),
        ("all_of", json!(["a", "b"]), json!(["b", "x"]), false),
        ("all_of", json!(["a"]), json!("a"), true),
        ("all_of", json!(["a", "b"]), json!("a"), false),
        ("all_of", json!(["a"]), json!([]), false),
    ];
    for (test, list, found, want) in cases {
        assert_eq!(holds(&json!({ test: list }), &found), want, "{test} {list} and {found}");
    }
}

#[test]
fn null_counts_as_no_claim() {
    for (value, there) in [(json!(null), false), (json!(""), true), (json!(false), true), (json!([]), true)] {
        assert_eq!(holds(&json!({"exists": true}), &value), there, "{value}");
        assert_eq!(holds(&json!({"exists": false}), &value), !there, "{value}");
    }
    let (there, missing) = (json!({"pointer": "/a/b", "exists": true}), json!({"pointer": "/a/b", "exists": false}));
    for claims in [None, Some(json!({})), Some(json!({"a": "b"})), Some(json!({"a": {"b": null}}))] {
        let claims = claims.map(|claims| claims.as_object().unwrap().clone());
        assert!(!claim(there.clone()).holds(claims.as_ref()), "{claims:?}");
        assert!(claim(missing.clone()).holds(claims.as_ref()), "{claims:?}");
    }
    let test = claim(json!({"pointer": "/a", "any_of": ["x"]}));
    assert!(!test.holds(None), "what is not there has no value");
}

proptest! {
    #[test]
    fn a_list_of_one_is_the_value(wanted in any::<i64>(), found in any::<i64>()) {
        for found in [found, wanted] {
            let want = wanted == found;
            for test in [json!({"equals": wanted}), json!({"any_of": [wanted]}), json!({"all_of": [wanted]})] {
                prop_assert_eq!(holds(&test, &json!(found)), want);
            }
        }
    }

    #[test]
    fn a_fraction_meets_itself_alone(wanted in -1e6..1e6_f64, found in -1e6..1e6_f64) {
        prop_assert_eq!(holds(&json!({"equals": wanted}), &json!(found)), wanted == found);
        prop_assert_eq!(holds(&json!({"equals": wanted}), &json!(wanted)), true);
    }
}
