use deserr::deserialize;
use serde_json::{Value, json};

use super::*;

fn compile(config: Value) -> Result<Global, String> {
    let raw = deserialize::<RawGlobal, _, ConfigErrors>(config).map_err(|errors| errors.to_string())?;
    raw.compile(MatchOptions::default()).map_err(|errors| errors.to_string())
}

/// A config with these fields instead of its own.
fn with(fields: Value) -> Value {
    let mut config = json!({
        "service": {"cluster": "rls"}, "domain": "edge", "descriptors": [[{"key": "user", "value": "consumer"}]]
    });
    let (object, fields) = (config.as_object_mut().unwrap(), fields.as_object().unwrap().clone());
    object.extend(fields);
    config
}

#[test]
fn what_is_left_out_has_a_default() {
    let global = compile(with(json!({}))).unwrap();
    assert_eq!((global.service.cluster.as_str(), global.service.authority.as_str()), ("rls", ""));
    assert_eq!(global.service.timeout, Duration::from_millis(20));
    assert_eq!((global.failure_mode, global.mode), (FailureMode::Allow, Mode::Enforce));
    assert_eq!(global.cost, Cost::Fixed(1));
    assert!(global.request_headers().is_empty());
}

#[test]
fn all_fields_are_read() {
    let global = compile(with(json!({
        "service": {"cluster": "rls", "authority": "rls.internal:8081", "timeout": "1500ms"},
        "failure_mode": "deny", "mode": "shadow", "cost": {"fixed": 5}, "request_headers": ["X-Tier"]
    })));
    let global = global.unwrap();
    assert_eq!((global.service.authority.as_str(), global.service.timeout.as_millis()), ("rls.internal:8081", 1500));
    assert_eq!(
        (global.failure_mode, global.mode, global.cost.clone()),
        (FailureMode::Deny, Mode::Shadow, Cost::Fixed(5))
    );
    assert_eq!(global.request_headers().iter().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-tier"]);
}

#[test]
fn descriptors_have_names_of_their_own() {
    let entries = |keys: &[&str]| keys.iter().map(|key| json!({"key": key, "value": "ip"})).collect::<Vec<_>>();
    let long = "k".repeat(80);
    let keys: [&[&str]; 9] =
        [&["ip"], &["ip"], &["ip"], &["User ID", "path"], &["ip-2"], &["é"], &["/"], &[&long], &[&long]];
    let descriptors: Vec<_> = keys.into_iter().map(entries).collect();
    let global = compile(with(json!({ "descriptors": descriptors }))).unwrap();
    let names: Vec<&str> = global.descriptors.iter().map(|descriptor| &*descriptor.name).collect();
    let (first, second) = ("k".repeat(63), format!("{}-2", "k".repeat(60)));
    let want = ["ip", "ip-2", "ip-3", "user-id-path", "ip-2-2", "global", "global-2", &first, &second];
    assert_eq!(names, want);
}

#[test]
fn what_is_wrong_is_told() {
    let entry = || json!({"key": "k", "value": "ip"});
    let many = vec![vec![entry()]; MAX_DESCRIPTORS + 1];
    let long = vec![entry(); MAX_ENTRIES + 1];
    for (name, fields, want) in [
        ("unknown field", json!({"hits": 1}), "hits: unknown field"),
        ("no cluster", json!({"service": {}}), "service.cluster: required field is missing"),
        (
            "a cluster with a space",
            json!({"service": {"cluster": "a b"}}),
            "service.cluster: expected a name without spaces",
        ),
        (
            "too long",
            json!({"service": {"cluster": "c".repeat(124)}}),
            "service: expected \"cluster\" and \"authority\" of at most 123 bytes together, found 124",
        ),
        (
            "no time",
            json!({"service": {"cluster": "c", "timeout": "0s"}}),
            "service.timeout: expected whole milliseconds",
        ),
        (
            "half a millisecond",
            json!({"service": {"cluster": "c", "timeout": "500us"}}),
            "service.timeout: expected whole",
        ),
        ("too much time", json!({"service": {"cluster": "c", "timeout": "61s"}}), "service.timeout: expected whole"),
        ("an empty domain", json!({"domain": ""}), "domain: expected 1 to 255 bytes of text"),
        ("a control byte", json!({"domain": "a\nb"}), "domain: expected 1 to 255 bytes of text"),
        (
            "an empty key",
            json!({"descriptors": [[{"key": "", "value": "ip"}]]}),
            "descriptors[0][0].key: expected 1 to 255",
        ),
        (
            "an empty default",
            json!({"descriptors": [[{"key": "k", "value": "ip", "default": ""}]]}),
            "descriptors[0][0].default: expected 1 to 255",
        ),
        (
            "no part",
            json!({"descriptors": [[{"key": "k", "value": "nonsense"}]]}),
            "descriptors[0][0].value: expected \"ip\"",
        ),
        (
            "no entries",
            json!({"descriptors": [[entry()], []]}),
            "descriptors[1]: expected at least one entry, found none",
        ),
        ("many entries", json!({"descriptors": [long]}), "descriptors[0]: expected at most 16 elements, found 17"),
        ("many descriptors", json!({"descriptors": many}), "descriptors: expected at most 16 elements, found 17"),
        ("a mode", json!({"failure_mode": "open"}), "failure_mode: expected"),
        (
            "the host",
            json!({"request_headers": ["a", "Host"]}),
            "request_headers[1]: the proxy writes this header itself",
        ),
        ("a connection's", json!({"request_headers": ["te"]}), "request_headers[0]: the proxy writes"),
    ] {
        let error = compile(with(fields)).err().unwrap_or_default();
        assert!(error.starts_with(want), "{name}: {error}");
    }
}

#[test]
fn nothing_to_ask_is_a_config_too() {
    assert!(compile(with(json!({"descriptors": []}))).is_ok());
}
