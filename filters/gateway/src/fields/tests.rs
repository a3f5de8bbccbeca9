use serde_json::json;
use sluicegate_common::module::Module;
use sluicegate_cors::Cors;

use super::*;
use crate::Gateway;

fn object(value: Value) -> Object {
    value.as_object().cloned().unwrap()
}

#[test]
fn a_filter_takes_over_what_its_own_field_does_not_say() {
    let policy = json!({"mode": "shadow", "error_format": "json", "on_internal_error": "deny", "decision_record": "all",
        "on_ambiguous_path": "match_raw", "case_sensitive": true});
    let errors = json!({"origin_not_allowed": {"status": 404}, "internal_error": {"status": 503}, "limited": {}});
    let cases = [
        ("every common policy", policy.clone(), json!({}), policy),
        ("its own wins", json!({"mode": "shadow"}), json!({"mode": "off"}), json!({"mode": "off"})),
        (
            "not what describes the request",
            json!({"client_ip": {"from": "host"}, "request_id": {}}),
            json!({}),
            json!({}),
        ),
        ("not the field of another filter", json!({"other": {}}), json!({}), json!({})),
        (
            "overrides of its own replies alone",
            json!({"errors": errors}),
            json!({}),
            json!({"errors": {"origin_not_allowed": {"status": 404}, "internal_error": {"status": 503}}}),
        ),
    ];
    let env = Env::default();
    for (name, gateway, filter, want) in cases {
        let mut filter = object(filter);
        Fields::of(object(gateway), "default", None, &env).inherit::<Cors>(&mut filter);
        assert_eq!(Value::from(filter), want, "{name}");
    }
}

#[test]
fn refused() {
    let cors = json!({"allow_origins": ["https://a.example"]});
    let no_origin = "allow_origins: no origin is allowed: name one here, in \"allow_origin_patterns\" or \
                     \"allow_origin_regex\"";
    let rule = json!({"name": "r", "match": {"methods": ["GET"]}, "config": {"cors": {"allow_origins": []}}});
    let cases = [
        (json!({"corz": cors}), "corz: unknown field, did you mean \"cors\"?".to_owned()),
        (json!({"cors": {}}), format!("cors.{no_origin}")),
        (json!({"cors": cors, "rules": [rule]}), format!("rules[0].config.cors.{no_origin}")),
        (
            json!({"cors": {"allow_origins": ["*"], "client_ip": {"from": "host"}}}),
            "cors.client_ip: stands at the gateway's top, once for all filters".to_owned(),
        ),
        (
            json!({"cors": cors, "errors": {"origin_not_alowed": {"status": 404}}}),
            "errors.origin_not_alowed: unknown field, did you mean \"origin_not_allowed\"?".to_owned(),
        ),
        // Not told of `cors`, which inherits them, as well.
        (
            json!({"cors": cors, "mode": "loud"}),
            "mode: expected \"enforce\", \"shadow\" or \"off\", found \"loud\"".to_owned(),
        ),
        (
            json!({"cors": cors, "on_ambiguous_path": "pass"}),
            "on_ambiguous_path: expected \"reject\" or \"match_raw\", found \"pass\"".to_owned(),
        ),
        (
            json!({"cors": cors, "errors": {"origin_not_allowed": {"status": 40}}}),
            "errors.origin_not_allowed.status: expected a status code from 200 to 599, found 40".to_owned(),
        ),
    ];
    for (config, want) in cases {
        let refused = Module::<Gateway>::configure(config.to_string().as_bytes(), &Env::default()).err();
        assert_eq!(refused.unwrap_or_default().to_string(), want, "{config}");
    }
}
