use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn compile(list: Value) -> Result<Consumers, String> {
    let raw = deserr::deserialize::<Vec<RawConsumer>, _, ConfigErrors>(list);
    let compiled = raw.map_err(|errors| errors.under("consumers")).and_then(Consumers::compile);
    compiled.map_err(|errors| errors.to_string())
}

#[test]
fn accepted() {
    let consumers = compile(json!([
        {"id": "partner-gold", "groups": ["gold", "beta testers"]},
        {"id": "idp:alice"},
        {"id": "Zoë"},
        {"id": "x".repeat(255)},
        {"id": "PARTNER-GOLD", "disabled": false,
         "not_before": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00.000000001Z"}
    ]));
    let consumers = consumers.unwrap();
    assert_eq!(consumers.0.len(), 5);
    assert_eq!(consumers.get("idp:alice").map(|found| &*found.id), Some("idp:alice"));
    let gold: Vec<&str> = consumers.get("partner-gold").unwrap().groups().collect();
    assert_eq!(gold, ["gold", "beta testers"]);
    for unknown in ["", "partner", "Partner-Gold", "idp:", "alice"] {
        assert_eq!(consumers.get(unknown), None, "{unknown:?}");
    }
    assert!(compile(json!([])).unwrap().0.is_empty());
}

#[test]
fn refused() {
    let name = "1 to 255 bytes without commas, control characters and spaces at the ends";
    let cases = [
        ("no id", json!([{}]), "consumers[0].id: required field is missing".to_owned()),
        ("empty", json!([{"id": ""}]), format!("consumers[0].id: expected {name}, found \"\"")),
        ("a comma", json!([{"id": "a,b"}]), format!("consumers[0].id: expected {name}, found \"a,b\"")),
        ("a line", json!([{"id": "a\n"}]), format!("consumers[0].id: expected {name}, found \"a\\n\"")),
        (
            "too long",
            json!([{"id": "x".repeat(256)}]),
            format!("consumers[0].id: expected {name}, found {:?}...", "x".repeat(64)),
        ),
        ("a number", json!([{"id": 7}]), format!("consumers[0].id: expected {name}, found a whole number")),
        (
            "groups",
            json!([{"id": "a", "groups": ["g", "", "g,h"]}]),
            format!(
                "consumers[0].groups[1]: expected {name}, found \"\"\n\
                 consumers[0].groups[2]: expected {name}, found \"g,h\""
            ),
        ),
        (
            "a group twice",
            json!([{"id": "a", "groups": ["g", "h", "g"]}]),
            "consumers[0].groups[2]: the group \"g\" stands in the list already".to_owned(),
        ),
        (
            "twice",
            json!([{"id": "a"}, {"id": "b"}, {"id": "a"}]),
            "consumers[2].id: the name \"a\" is taken by consumers[0]".to_owned(),
        ),
        (
            "never",
            json!([{"id": "a", "not_before": "2026-01-02T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z"}]),
            "consumers[0].expires_at: is not after \"not_before\": the consumer never comes in".to_owned(),
        ),
        (
            "a misspelt switch",
            json!([{"id": "a", "disable": true}]),
            "consumers[0].disable: unknown field, did you mean \"disabled\"?".to_owned(),
        ),
    ];
    for (name, given, want) in cases {
        assert_eq!(compile(given).err(), Some(want), "{name}");
    }
}

#[test]
fn a_consumer_has_its_time() {
    struct Case {
        name: &'static str,
        times: (Option<u64>, Option<u64>),
        disabled: bool,
        now: u64,
        want: Result<(), Reason>,
    }
    let case = |name, times, disabled, now, want| Case { name, times, disabled, now, want };
    let cases = [
        case("always", (None, None), false, 0, Ok(())),
        case("before the end", (None, Some(10)), false, 9, Ok(())),
        case("at the end", (None, Some(10)), false, 10, Err(Reason::Expired)),
        case("before the begin", (Some(5), None), false, 4, Err(Reason::NotYetValid)),
        case("at the begin", (Some(5), Some(10)), false, 5, Ok(())),
        case("disabled", (None, None), true, 5, Err(Reason::ConsumerDisabled)),
        case("disabled and expired", (None, Some(1)), true, 5, Err(Reason::ConsumerDisabled)),
    ];
    for Case { name, times: (not_before, expires_at), disabled, now, want } in cases {
        let (not_before, expires_at) = (not_before.map(Nanos), expires_at.map(Nanos));
        let consumer = Consumer { id: "a".into(), groups: Vec::new(), not_before, expires_at, disabled };
        assert_eq!(consumer.state(Nanos(now)), want, "{name}");
    }
}

#[test]
fn groups_of_list_and_credential_are_united() {
    let consumers = compile(json!([{"id": "idp:alice", "groups": ["gold", "admin"]}])).unwrap();
    let listed = consumers.get("idp:alice").map(Rc::as_ref);
    let united = identity("idp:alice", "idp", listed, &["admin", "staff", "staff"]).unwrap();
    assert_eq!(united.id(), "idp:alice");
    assert_eq!(united.credential(), "idp");
    assert_eq!(united.group_list(), "gold,admin,staff");
    assert!(!united.is_anonymous());
    assert_eq!(identity("idp:bob", "", None, &[]).unwrap().group_list(), "");
}

#[test]
fn what_a_token_may_not_say_is_malformed() {
    let cases = [
        ("an empty id", "", &[][..]),
        ("a comma", "a,b", &[]),
        ("a line", "a\nb", &[]),
        ("an empty group", "a", &["g", ""]),
        ("two groups in one", "a", &["g,admin"]),
        ("a line in a group", "a", &["g\n0"]),
    ];
    for (name, id, groups) in cases {
        assert_eq!(identity(id, "", None, groups), Err(Reason::Malformed), "{name}");
    }
}

#[test]
fn a_hundred_thousand_are_found() {
    let list: Vec<Value> = (0..100_000).map(|number| json!({"id": format!("user-{number}")})).collect();
    let consumers = compile(list.into()).unwrap();
    assert_eq!(consumers.0.len(), 100_000);
    for id in ["user-0", "user-99999", "user-5000"] {
        assert_eq!(consumers.get(id).map(|found| &*found.id), Some(id));
    }
    assert_eq!(consumers.get("user-100000"), None);
}

proptest! {
    #[test]
    fn an_identity_has_each_group_once(
        listed in prop::collection::btree_set("[a-c]", 0..3),
        shown in prop::collection::vec("[a-e]", 0..6),
    ) {
        let groups: Vec<String> = listed.iter().cloned().collect();
        let consumer = Consumer { id: "a".into(), groups, not_before: None, expires_at: None, disabled: false };
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let united = identity("a", "", Some(&consumer), &shown).unwrap();
        let found: Vec<&str> = united.groups().collect();
        let distinct: BTreeSet<&str> = found.iter().copied().collect();
        let want: BTreeSet<&str> = listed.iter().map(String::as_str).chain(shown).collect();
        prop_assert_eq!(found.len(), distinct.len());
        prop_assert_eq!(distinct, want);
    }
}
