use serde_json::{Value, json};

use super::*;
use crate::allow_origin::{Audience, RequestOrigin};

fn parse(config: Value) -> Result<Config, String> {
    let Value::Object(object) = config else { panic!("expected an object") };
    Config::parse(object).map_err(|errors| errors.to_string())
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = parse(json!({"allow_origins": ["https://a.example"]})).unwrap();
    assert_eq!(config.allow_methods, ["GET", "HEAD", "POST"].map(Method::new));
    assert_eq!(config.allow_headers, Headers::Named(BTreeSet::new()));
    assert_eq!(*config.expose_headers.names(), Headers::Named(BTreeSet::new()));
    assert_eq!(config.max_age, Some(Duration::from_secs(86400)));
    assert_eq!(config.preflight_status, 204);
    assert_eq!(config.on_disallowed_origin, OnDisallowedOrigin::Forward);
    assert_eq!(config.timing_allow_origins, None);
    assert!(!config.allow_credentials && !config.allow_private_network && !config.preflight_continue);
    assert!(!config.origins.any && !config.origins.null);
}

#[test]
fn every_field_is_read() {
    let config = parse(json!({
        "allow_origins": ["HTTPS://A.example:443"], "allow_origin_patterns": ["https://*.b.example"],
        "allow_origin_regex": ["https://c[0-9]\\.example"], "allow_null_origin": true,
        "allow_methods": ["get", "patch", "PURGE"], "allow_headers": ["Content-Type"], "expose_headers": ["*"],
        "allow_credentials": true, "max_age": "off", "allow_private_network": true, "preflight_continue": true,
        "preflight_status": 200, "on_disallowed_origin": "reject",
        "timing_allow_origins": ["https://a.example", "https://B.example"]
    }));
    let config = config.unwrap();
    for origin in ["https://a.example", "https://x.b.example", "https://c1.example", "null"] {
        let asked = RequestOrigin::One(origin.as_bytes());
        assert_eq!(config.origins.judge(&asked), Audience::Origin(origin.into()), "{origin}");
    }
    assert_eq!(config.allow_methods, ["GET", "patch", "PURGE"].map(Method::new), "six names are normalised");
    assert!(config.allow_headers.contains("content-type") && !config.allow_headers.contains("x-other"));
    assert_eq!(*config.expose_headers.names(), Headers::Any);
    assert_eq!(config.max_age, None);
    assert_eq!(config.preflight_status, 200);
    assert_eq!(config.on_disallowed_origin, OnDisallowedOrigin::Reject);
    assert_eq!(config.timing_allow_origins.as_deref(), Some("https://a.example, https://b.example"));
    assert!(config.allow_credentials && config.allow_private_network && config.preflight_continue);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let ok = json!(["https://a.example"]);
    let cases = [
        (
            "nobody",
            json!({}),
            "allow_origins: no origin is allowed: name one here, in \"allow_origin_patterns\" or \"allow_origin_regex\"",
        ),
        (
            "only null",
            json!({"allow_null_origin": true}),
            "allow_origins: no origin is allowed: name one here, in \"allow_origin_patterns\" or \"allow_origin_regex\"",
        ),
        (
            "everybody with credentials",
            json!({"allow_origins": ["*"], "allow_credentials": true}),
            "allow_credentials: expected false where \"allow_origins\" holds \"*\" (any site could act as the user), found true",
        ),
        (
            "a slash",
            json!({"allow_origins": ["https://a.example", "https://b.example/"]}),
            "allow_origins[1]: expected an origin such as \"https://app.example.com\", or \"*\", found \"https://b.example/\" (an origin ends before the path, without a slash)",
        ),
        (
            "a pattern among the exact",
            json!({"allow_origins": ["https://*.example"]}),
            "allow_origins[0]: expected an origin such as \"https://app.example.com\", or \"*\", found \"https://*.example\" (wildcards belong in \"allow_origin_patterns\")",
        ),
        (
            "an exact one among the patterns",
            json!({"allow_origin_patterns": ["https://a.example"]}),
            "allow_origin_patterns[0]: expected a pattern such as \"https://*.example.com\" or \"http://localhost:*\", found \"https://a.example\" (no wildcard: an exact origin belongs in \"allow_origins\")",
        ),
        (
            "a broken expression",
            json!({"allow_origin_regex": ["("]}),
            "allow_origin_regex[0]: expected a regular expression such as \"https://pr-[0-9]+\\.example\\.dev\" (syntax of the crate regex-lite), found \"(\"",
        ),
        (
            "a forbidden method",
            json!({"allow_origins": ok, "allow_methods": ["GET", "trace"]}),
            "allow_methods[1]: expected a method such as \"GET\", or \"*\", found \"trace\" (no page may use that method)",
        ),
        (
            "no method",
            json!({"allow_origins": ok, "allow_methods": ["GET, PUT"]}),
            "allow_methods[0]: expected a method such as \"GET\", or \"*\", found \"GET, PUT\"",
        ),
        (
            "no header",
            json!({"allow_origins": ok, "allow_headers": ["x y"]}),
            "allow_headers[0]: expected a header name such as \"x-correlation-id\", found \"x y\"",
        ),
        (
            "a status that fails preflights",
            json!({"allow_origins": ok, "preflight_status": 302}),
            "preflight_status: expected a whole number from 200 to 299, found 302",
        ),
        (
            "half a second",
            json!({"allow_origins": ok, "max_age": "1500ms"}),
            "max_age: expected whole seconds, found 1.5s",
        ),
        (
            "a number",
            json!({"allow_origins": ok, "max_age": 600}),
            "max_age: expected a duration such as \"1500ms\" (units ns, us, ms, s, m, h, d), or \"off\", found a whole number",
        ),
        (
            "a word",
            json!({"allow_origins": ok, "on_disallowed_origin": "deny"}),
            "on_disallowed_origin: expected \"forward\" or \"reject\", found \"deny\"",
        ),
        (
            "a name",
            json!({"allow_origin": ok, "allow_origins": ok}),
            "allow_origin: unknown field, did you mean \"allow_origins\"?",
        ),
    ];
    for (name, given, want) in cases {
        assert_eq!(parse(given).unwrap_err(), want, "{name}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let errors = parse(json!({"allow_origins": ["a", "https://b/"], "allow_methods": ["CONNECT"], "max_age": 1}));
    assert_eq!(errors.unwrap_err().lines().count(), 4);
    let errors = parse(json!({"allow_origins": ["*"], "allow_credentials": true, "max_age": "1ms"}));
    assert_eq!(errors.unwrap_err().lines().count(), 2);
}
