use proptest::prelude::*;
use serde_json::json;

use super::*;

/// RFC 7396 appendix A.
#[test]
fn the_table_of_the_rfc() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a": "b"}), json!(["c"]), json!(["c"])),
        (json!({"a": "foo"}), json!(null), json!(null)),
        (json!({"a": "foo"}), json!("bar"), json!("bar")),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ];
    for (target, patch, want) in cases {
        assert_eq!(merge_patch(target.clone(), patch.clone()), want, "{target} patched with {patch}");
    }
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3u8).prop_map(Value::from)];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn a_patch_applied_twice_is_applied_once(target in documents(), patch in documents()) {
        let once = merge_patch(target, patch.clone());
        prop_assert_eq!(merge_patch(once.clone(), patch), once);
    }

    #[test]
    fn an_empty_patch_changes_no_object(target in documents()) {
        prop_assume!(target.is_object());
        prop_assert_eq!(merge_patch(target.clone(), json!({})), target);
    }

    #[test]
    fn a_patch_over_nothing_is_the_patch_without_nulls(patch in documents()) {
        prop_assert_eq!(merge_patch(Value::Null, patch.clone()), without_nulls(&patch));
    }

    #[test]
    fn what_a_patch_does_not_name_stays(target in documents(), patch in documents()) {
        if let (Value::Object(before), Value::Object(named)) = (&target, &patch) {
            let after = merge_patch(target.clone(), patch.clone());
            for (name, value) in before.iter().filter(|(name, _)| !named.contains_key(*name)) {
                prop_assert_eq!(after.get(name), Some(value));
            }
            for name in named.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name) {
                prop_assert_eq!(after.get(name), None);
            }
        }
    }
}
