use serde_json::json;
use sluicegate_common::config::Text;

use super::*;

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => panic!(),
    }
}

#[test]
fn names() {
    let malformed = Err(Reason::Malformed);
    let given = |id: &str, must_be_listed| Ok((id.to_owned(), must_be_listed));
    let prefixed = || Naming::Prefixed(pointer("/id"));
    let registered = || Naming::Registered(pointer("/user/name"));
    let cases = [
        (prefixed(), json!({"id": "alice"}), given("idp:alice", false)),
        (prefixed(), json!({"id": "x:y"}), given("idp:x:y", false)),
        (prefixed(), json!({"id": 7}), given("idp:7", false)),
        (prefixed(), json!({"id": -7}), given("idp:-7", false)),
        (prefixed(), json!({"id": u64::MAX}), given("idp:18446744073709551615", false)),
        (prefixed(), json!({"id": 7.0}), malformed.clone()),
        (prefixed(), json!({"id": 1e30}), malformed.clone()),
        (prefixed(), json!({"id": ""}), malformed.clone()),
        (prefixed(), json!({"id": null}), malformed.clone()),
        (prefixed(), json!({"id": true}), malformed.clone()),
        (prefixed(), json!({"id": ["alice"]}), malformed.clone()),
        (prefixed(), json!({"id": "alice,admin"}), malformed.clone()),
        (prefixed(), json!({"id": "alice\nadmin"}), malformed.clone()),
        (prefixed(), json!({"id": "alice\u{0}"}), malformed.clone()),
        // The upstream would be told of alice.
        (prefixed(), json!({"id": "alice "}), malformed.clone()),
        (prefixed(), json!({"sub": "alice"}), malformed.clone()),
        (Naming::PrefixedSubject, json!({"sub": "alice"}), given("idp:alice", false)),
        (Naming::PrefixedSubject, json!({}), given("idp:", false)),
        (Naming::PrefixedSubject, json!({"sub": ""}), malformed.clone()),
        (registered(), json!({"user": {"name": "john"}}), given("john", true)),
        (registered(), json!({"user": {"name": "idp:john"}}), given("idp:john", true)),
        (registered(), json!({"user": {}}), malformed),
        (Naming::Fixed("john".to_owned()), json!({}), given("john", false)),
    ];
    for (naming, claims, want) in cases {
        let found = naming.name("idp", &object(claims.clone()));
        if let Ok(named) = &found {
            let by_claim = matches!(naming, Naming::Prefixed(_) | Naming::Registered(_));
            assert_eq!(named.by_claim, by_claim, "{naming:?} {claims}");
        }
        assert_eq!(found.map(|named| (named.id, named.must_be_listed)), want, "{naming:?} {claims}");
    }
}

#[test]
fn group_lists() {
    let malformed = Err(Reason::Malformed);
    let given = |groups: &[&str]| Ok(groups.iter().map(|&group| group.to_owned()).collect());
    let cases = [
        (json!({}), given(&[])),
        (json!({"groups": null}), given(&[])),
        (json!({"groups": []}), given(&[])),
        (json!({"groups": "gold"}), given(&["gold"])),
        (json!({"groups": "gold silver"}), given(&["gold silver"])),
        (json!({"groups": ["gold", "élève"]}), given(&["gold", "élève"])),
        (json!({"groups": "gold,admin"}), malformed.clone()),
        (json!({"groups": ["gold", "x\ry"]}), malformed.clone()),
        (json!({"groups": ["gold", ""]}), malformed.clone()),
        (json!({"groups": ["gold", "admin "]}), malformed.clone()),
        (json!({"groups": " admin"}), malformed.clone()),
        (json!({"groups": ["gold", 1]}), malformed.clone()),
        (json!({"groups": ["gold", null]}), malformed.clone()),
        (json!({"groups": ""}), malformed.clone()),
        (json!({"groups": 1}), malformed.clone()),
        (json!({"groups": {"gold": true}}), malformed),
    ];
    for (claims, want) in cases {
        assert_eq!(groups(&pointer("/groups"), &object(claims.clone())), want, "{claims}");
    }
}
