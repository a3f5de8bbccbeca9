use serde_json::{Value, json};
use sluicegate_common::config::{ConfigErrors, Env, read};

use super::*;
use crate::source::tests::conformance::{Score, cases};
use crate::source::tests::{Request, sources};

fn compile(config: Value) -> Result<ApiKeys, ConfigErrors> {
    let env: Env = [("KEY", "from the environment"), ("EMPTY", "")].into_iter().collect();
    let Value::Object(object) = config else { panic!("{config} is no object") };
    read::<RawApiKeys>(object)?.compile(&env)
}

fn keys(credentials: Value) -> ApiKeys {
    compile(json!({"credentials": credentials})).unwrap()
}

/// `k` as `printf k | sha256sum` digests it.
const DIGEST_OF_K: &str = "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a";

/// A key, the time, and the credential's id and consumer.
type Case<'a> = (&'a str, u64, Result<(&'a str, &'a str), Reason>);

#[test]
fn verifies() {
    let keys = keys(json!([
        {"id": "digest", "consumer": "a", "key": {"sha256": DIGEST_OF_K}},
        {"id": "value", "consumer": "b", "key": {"value": "second key"}},
        {"id": "env", "consumer": "a", "key": {"env": "KEY"}},
        {"id": "timed", "consumer": "c", "key": {"value": "timed"},
         "not_before": "1970-01-01T00:00:10Z", "expires_at": "1970-01-01T00:00:20Z"}
    ]));
    let (longest, too_long) = ("k".repeat(MAX_KEY), "k".repeat(MAX_KEY + 1));
    let cases: [Case<'_>; 14] = [
        ("k", 0, Ok(("digest", "a"))),
        ("second key", u64::MAX, Ok(("value", "b"))),
        ("from the environment", 0, Ok(("env", "a"))),
        ("K", 0, Err(Reason::UnknownKey)),
        ("kk", 0, Err(Reason::UnknownKey)),
        ("second ke", 0, Err(Reason::UnknownKey)),
        (DIGEST_OF_K, 0, Err(Reason::UnknownKey)),
        ("", 0, Err(Reason::Malformed)),
        (&longest, 0, Err(Reason::UnknownKey)),
        (&too_long, 0, Err(Reason::Malformed)),
        ("timed", 9_999_999_999, Err(Reason::NotYetValid)),
        ("timed", 10_000_000_000, Ok(("timed", "c"))),
        ("timed", 19_999_999_999, Ok(("timed", "c"))),
        ("timed", 20_000_000_000, Err(Reason::Expired)),
    ];
    for (key, now, want) in cases {
        let found = keys.verify(key.as_bytes(), Nanos(now));
        let found = found.map(|credential| (credential.id.as_str(), credential.consumer.as_str()));
        assert_eq!(found, want, "{key:.80} at {now}");
    }
}

#[test]
fn without_keys_none_is_known() {
    assert_eq!(keys(json!([])).verify(b"k", Nanos(0)), Err(Reason::UnknownKey));
}

#[test]
fn each_of_many_is_found() {
    let many = |count: u32| {
        (0..count)
            .map(|number| json!({"id": number.to_string(), "consumer": "c", "key": {"value": format!("key {number}")}}))
    };
    let keys = keys(many(1_000).collect());
    for number in 0..1_000 {
        let credential = keys.verify(format!("key {number}").as_bytes(), Nanos(0)).unwrap();
        assert_eq!(credential.id, number.to_string());
    }
    assert_eq!(keys.verify(b"key 1000", Nanos(0)), Err(Reason::UnknownKey));
}

#[test]
fn configs() {
    let one = |key: Value| json!({"credentials": [{"id": "a", "consumer": "c", "key": key}]});
    let cases = [
        (json!({}), "credentials: required field is missing"),
        (json!({"credentials": [], "keys": []}), "keys: unknown field, expected one of credentials"),
        (
            json!({"credentials": [{}]}),
            "credentials[0].id: required field is missing\ncredentials[0].consumer: required field is missing\ncredentials[0].key: required field is missing",
        ),
        (one(json!({"value": ""})), "credentials[0].key: the secret is empty"),
        (one(json!({"env": "EMPTY"})), "credentials[0].key.env: the secret is empty"),
        (
            one(json!({"value": "a,b"})),
            "credentials[0].key: cannot be shown: there is a comma or a control character in it, or a blank around it",
        ),
        (
            one(json!({"value": " a"})),
            "credentials[0].key: cannot be shown: there is a comma or a control character in it, or a blank around it",
        ),
        (
            one(json!({"value": "a\n"})),
            "credentials[0].key: cannot be shown: there is a comma or a control character in it, or a blank around it",
        ),
        (one(json!({"value": "a".repeat(MAX_KEY + 1)})), "credentials[0].key: is longer than 8 KiB"),
        (
            one(json!({"sha256": "k"})),
            "credentials[0].key.sha256: expected a SHA-256 digest of 64 hexadecimal digits, found 1 characters",
        ),
        (
            json!({"credentials": [
                {"id": "a", "consumer": "", "key": {"value": "1"}},
                {"id": "a", "consumer": "c,d", "key": {"value": "2"}},
                {"id": "b", "consumer": "c", "key": {"value": "1"}},
                {"id": "c", "consumer": "c", "key": {"value": "k"}},
                {"id": "d", "consumer": "c", "key": {"sha256": DIGEST_OF_K}},
                {"id": "e", "consumer": "c", "key": {"value": "3"},
                 "not_before": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}
            ]}),
            "credentials[1].id: the name \"a\" is taken by credentials[0]\n\
              credentials[0].consumer: consumer: expected a name, found an empty one\n\
              credentials[1].consumer: consumer: expected no comma and no control character, found ','\n\
              credentials[4].key: is the key of \"c\" as well\n\
              credentials[5].expires_at: is not after \"not_before\": the key would never be valid",
        ),
    ];
    for (config, want) in cases {
        let errors = compile(config.clone()).map(|_| ()).map_err(|errors| errors.to_string());
        assert_eq!(errors, Err(want.to_owned()), "{config:.200}");
    }
}

#[test]
fn no_key_in_debug_output() {
    let config = json!({"credentials": [{"id": "a", "consumer": "c", "key": {"value": "hidden"}}]});
    let raw: RawApiKeys = deserr::deserialize::<_, _, ConfigErrors>(config).unwrap();
    let shown = [format!("{raw:?}"), format!("{:?}", raw.compile(&Env::default()).unwrap())].concat();
    assert!(!shown.contains("hidden"), "{shown}");
}

/// The rows about API keys, under their policy: header `x-api-key`, key `K`.
#[test]
fn security() {
    let Some(text) = cases("security/tests.jsonl") else { return };
    let keys = keys(json!([{"id": "a", "consumer": "c", "key": {"value": "K"}}]));
    let sources = sources(json!([{"header": "x-api-key"}, {"query": "api_key"}]));
    let mut score = Score::default();
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if row["class"] != "api-key" {
            continue;
        }
        let shown = request(&row["request"]).find(&sources);
        let allowed = shown.is_ok_and(|shown| shown.is_some_and(|(key, _)| keys.verify(&key, Nanos(0)).is_ok()));
        let holds = match row["must"].as_str().unwrap().get(..3) {
            Some("200") => Some(allowed),
            Some("400" | "401") => Some(!allowed),
            _ => None,
        };
        score.add(row["id"].as_str().unwrap(), row["level"].as_str().unwrap(), holds);
    }
    score.settle("security/tests.jsonl, api-key");
}

fn request(fields: &Value) -> Request {
    let mut request = Request::default();
    for (name, value) in fields.as_object().unwrap() {
        let name = if name == "path" { ":path" } else { name };
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let value = value.as_str().unwrap().replace("\\x00", "\0");
            request.0.push((name.to_owned(), value.into_bytes()));
        }
    }
    request
}
