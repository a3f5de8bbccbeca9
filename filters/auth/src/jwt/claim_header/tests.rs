use proptest::prelude::*;
use serde_json::json;
use sluicegate_common::config::{Text, parse_json};

use super::*;

fn value(json: &str, encoding: Encoding) -> Result<Option<String>, Reason> {
    let header = ClaimHeader { claim: Pointer::parse("/a").unwrap(), name: "x-a".into(), encoding };
    let Ok(Value::Object(claims)) = parse_json(format!("{{\"a\":{json}}}").as_bytes()) else { panic!("{json}") };
    header.value(&claims)
}

#[test]
fn scalars_stand_as_they_are_in_every_encoding() {
    let cases = [
        (r#""alice""#, Some("alice")),
        (r#""alice,admin""#, Some("alice,admin")),
        (r#""a b""#, Some("a b")),
        (r#""élève \"x\"""#, Some("élève \"x\"")),
        (r#""""#, Some("")),
        ("17", Some("17")),
        ("-17", Some("-17")),
        ("18446744073709551615", Some("18446744073709551615")),
        ("1.5", Some("1.5")),
        ("true", Some("true")),
        ("false", Some("false")),
        (r#""a\r\nx-user-id: admin""#, None),
        (r#""a\tb""#, None),
        (r#""a\u0000""#, None),
        (r#""a\u007f""#, None),
        (r#"" alice""#, None),
        (r#""alice ""#, None),
        ("18446744073709551616", None),
        ("1e300", None),
        ("-9007199254740992.5", None),
    ];
    for (given, want) in cases {
        for encoding in [Encoding::Auto, Encoding::Json, Encoding::Csv] {
            let want = want.map(|text| Some(text.to_owned())).ok_or(Reason::Malformed);
            assert_eq!(value(given, encoding), want, "{given} {encoding:?}");
        }
    }
}

#[test]
fn absent_and_null_remove_the_header() {
    for encoding in [Encoding::Auto, Encoding::Json, Encoding::Csv] {
        assert_eq!(value("null", encoding), Ok(None));
        let absent = ClaimHeader { claim: Pointer::parse("/a/b").unwrap(), name: "x-a".into(), encoding };
        assert_eq!(absent.value(&Object::new()), Ok(None));
    }
}

#[test]
fn lists_and_objects() {
    use Encoding::{Auto, Csv, Json};
    let cases = [
        (r#"["a", "b,c", 1, true, null]"#, Auto, Some(r#"["a","b,c",1,true,null]"#)),
        (r#"["a"]"#, Json, Some(r#"["a"]"#)),
        (r#"["é", "\u007f\r\n", "😀"]"#, Json, Some(r#"["\u00e9","\u007f\r\n","\ud83d\ude00"]"#)),
        ("[]", Auto, Some("[]")),
        ("[[1],{}]", Auto, Some("[[1],{}]")),
        (r#"{"b": {"c": "é"}}"#, Json, Some(r#"{"b":{"c":"\u00e9"}}"#)),
        (r#"{"é": 1}"#, Json, Some(r#"{"\u00e9":1}"#)),
        (r#"{"b": 1}"#, Auto, None),
        (r#"{"b": 1}"#, Csv, None),
        ("[18446744073709551616]", Json, None),
        (r#"{"a": [{"b": 1e300}]}"#, Json, None),
        (r#"["a", "b c", 1, true]"#, Csv, Some("a,b c,1,true")),
        ("[]", Csv, Some("")),
        (r#"["a,b"]"#, Csv, None),
        (r#"["a", ""]"#, Csv, None),
        (r#"["a", null]"#, Csv, None),
        (r#"["a", ["b"]]"#, Csv, None),
        (r#"["a", {}]"#, Csv, None),
        (r#"["a", "b\r\nc"]"#, Csv, None),
        (r#"["a", " b"]"#, Csv, None),
        ("[18446744073709551616]", Csv, None),
    ];
    for (given, encoding, want) in cases {
        let want = want.map(|text| Some(text.to_owned())).ok_or(Reason::Malformed);
        assert_eq!(value(given, encoding), want, "{given} {encoding:?}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((".*", inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    /// What an upstream receives is one header line, and JSON says what the claim says.
    #[test]
    fn no_claim_leaves_its_header(claim in any_json()) {
        for encoding in [Encoding::Auto, Encoding::Json, Encoding::Csv] {
            let header = ClaimHeader { claim: Pointer::parse("/a").unwrap(), name: "x-a".into(), encoding };
            let mut claims = Object::new();
            claims.insert("a".to_owned(), claim.clone());
            let Ok(Some(text)) = header.value(&claims) else { continue };
            prop_assert!(text.chars().all(|c| !c.is_ascii_control()), "{text:?}");
            if claim.is_array() && encoding != Encoding::Csv {
                prop_assert!(text.is_ascii());
                prop_assert_eq!(parse_json(text.as_bytes()).unwrap(), claim.clone());
            }
        }
    }
}

#[test]
fn nothing_is_rounded() {
    assert!(is_exact(json!(9_007_199_254_740_991.0).as_number().unwrap()));
    assert!(!is_exact(json!(9_007_199_254_740_992.0).as_number().unwrap()));
    assert!(is_exact(json!(u64::MAX).as_number().unwrap()));
    assert!(is_exact(json!(i64::MIN).as_number().unwrap()));
}
