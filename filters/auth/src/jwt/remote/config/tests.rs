use serde_json::{Value, json};
use sluicegate_common::config::read;

use super::*;

fn source(fields: Value) -> Result<Source, String> {
    let mut object = json!({"uri": "https://idp.example/jwks.json", "cluster": "idp"});
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let Value::Object(object) = object else { panic!("expected an object") };
    read::<RawRemote>(object).and_then(RawRemote::compile).map_err(|errors| errors.to_string())
}

#[test]
fn the_defaults() {
    let source = source(json!({})).unwrap();
    let want = Timings {
        cache_ttl: Duration::from_secs(600),
        stale_ttl: Duration::from_secs(86_400),
        min_refresh: Duration::from_secs(30),
        timeout: Duration::from_secs(2),
    };
    assert_eq!(source.timings, want);
}

#[test]
fn the_question() {
    let fields = json!({"uri": "http://idp.example:8080/k?v=2", "authority": "idp.internal", "timeout": "250ms"});
    let callout = source(fields).unwrap().callout(3);
    let CalloutRequest::Http { headers, body } = &callout.request else { panic!("{callout:?}") };
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let want = [
        ":method=GET",
        ":scheme=http",
        ":authority=idp.internal",
        ":path=/k?v=2",
        "accept=application/jwk-set+json, application/json",
    ];
    assert_eq!(headers, want);
    assert_eq!((callout.id, callout.upstream.as_str(), callout.timeout.as_millis()), (3, "idp", 250));
    assert!(body.is_empty());
}

#[test]
fn what_cannot_be_is_told() {
    for (fields, want) in [
        (json!({"uri": "idp.example"}), "uri: expected an absolute URI"),
        (json!({"uri": 1}), "uri: expected an absolute URI"),
        (json!({"cluster": ""}), "cluster: expected the name of a cluster"),
        (json!({"cluster": "a b"}), "cluster: expected the name of a cluster"),
        (json!({"authority": "a/b"}), "authority: expected a host"),
        (json!({"authority": "me@idp"}), "authority: expected a host"),
        (json!({"cache_ttl": "999ms"}), "cache_ttl: expected at least 1s, found 999ms"),
        (json!({"min_refresh": "0s"}), "min_refresh: expected at least 1s, found 0ns"),
        (json!({"stale_ttl": "9m"}), "stale_ttl: expected at least \"cache_ttl\" (600s), found 540s"),
        (json!({"timeout": "0ms"}), "timeout: expected whole milliseconds from 1ms to 1m, found 0ns"),
        (json!({"timeout": "1500us"}), "timeout: expected whole milliseconds from 1ms to 1m, found 1.5ms"),
        (json!({"timeout": "61s"}), "timeout: expected whole milliseconds from 1ms to 1m, found 61s"),
        (json!({"cache_ttI": "1s"}), "cache_ttI: unknown field, did you mean \"cache_ttl\"?"),
    ] {
        let error = source(fields.clone()).unwrap_err();
        assert!(error.contains(want), "{fields}: expected {want}, found {error}");
    }
}

#[test]
fn the_bounds_are_allowed() {
    for fields in [
        json!({"cache_ttl": "1s", "stale_ttl": "1s", "min_refresh": "1s", "timeout": "1ms"}),
        json!({"cache_ttl": "365d", "stale_ttl": "365d", "min_refresh": "1d", "timeout": "1m"}),
        json!({"cluster": "outbound|443||idp.example"}),
        json!({"authority": "[::1]:80"}),
    ] {
        assert!(source(fields.clone()).is_ok(), "{fields}");
    }
}

#[test]
fn other_sources_have_other_identities() {
    let all = [
        json!({}),
        json!({"uri": "http://idp.example/jwks.json"}),
        json!({"uri": "https://idp.example:8443/jwks.json"}),
        json!({"uri": "https://idp.example/jwks.json?v=2"}),
        json!({"authority": "idp.internal"}),
        json!({"cluster": "idp2"}),
    ];
    let sources: Vec<_> = all.into_iter().map(|fields| source(fields).unwrap()).collect();
    for (index, one) in sources.iter().enumerate() {
        for (other, another) in sources.iter().enumerate() {
            assert_eq!(one.identity() == another.identity(), index == other, "{one:?} {another:?}");
        }
    }
    let slower = source(json!({"cache_ttl": "1h"})).unwrap();
    assert_eq!(slower.identity(), sources[0].identity());
}
