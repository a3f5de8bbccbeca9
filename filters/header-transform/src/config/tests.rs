use serde_json::{Value, json};

use super::*;

fn parse(value: Value) -> Result<Config, String> {
    let Value::Object(object) = value else { panic!("{value}") };
    Config::parse(object, MatchOptions::default()).map_err(|errors| errors.to_string())
}

#[test]
fn every_error_is_told_with_its_place() {
    let error = parse(json!({
        "traceparent": "on",
        "security_headers": "strict",
        "requests": [],
        "reply": [{"name": "a", "json": {"x": "${y}"}}],
        "request": [{"op": "delete", "target": "header", "name": "x"}, {"op": "set", "target": "header", "nam": "x"}],
    }))
    .unwrap_err();
    for want in [
        "traceparent: expected \"off\", \"pass\" or \"create\", found \"on\"",
        "security_headers: expected \"api\" or \"web\"",
        "requests: unknown field, did you mean \"request\"?",
        "request[0].op: expected \"remove\", \"rename\",",
        "reply[0].json.x: expected a text, with values such as",
        "request[1].nam: unknown field, did you mean \"name\"?",
    ] {
        assert!(error.contains(want), "{want} in\n{error}");
    }
    let error = parse(json!({
        "request": [{"op": "set", "target": "path", "value": "x"}],
        "response": [{"op": "set", "target": "status", "value": "204"}],
        "reply": [
            {"name": "a", "headers": {"content-length": "1"}},
            {"name": "b", "json": {}, "text": "", "match": {}},
            {"name": "b"}
        ],
    }))
    .unwrap_err();
    for want in [
        "reply[2].name: the name \"b\" is taken by reply[1]",
        "request[0].value: expected a path",
        "response[0].value: expected a status that can have a body",
        "reply[0].headers.content-length: the proxy writes this header itself",
        "reply[1].match: expected at least one of",
        "reply[1]: a reply has one body: \"json\" or \"text\"",
    ] {
        assert!(error.contains(want), "{want} in\n{error}");
    }
}

#[test]
fn which_configs_judge_paths() {
    let paths = json!({"paths": [{"prefix": "/a"}]});
    let set = json!({"op": "set", "target": "header", "name": "x", "value": "${path.segment.1}"});
    let when = json!({"op": "remove", "target": "header", "name": "x", "when": {"match": paths}});
    let cases = [
        (json!({}), false),
        (json!({"request": [set]}), true),
        (json!({"response": [set]}), true),
        (json!({"request": [when]}), true),
        (json!({"response": [when]}), true),
        (json!({"reply": [{"name": "a", "match": paths}]}), true),
        (json!({"reply": [{"name": "a", "text": "${path.segment.2}"}]}), true),
        (json!({"reply": [{"name": "a", "json": ["${path.segment.2}"]}]}), true),
        (json!({"reply": [{"name": "a", "match": {"methods": ["GET"]}, "text": "${now}"}]}), false),
        (json!({"request": [{"op": "set", "target": "path", "value": "/a"}]}), false),
    ];
    for (given, want) in cases {
        assert_eq!(parse(given.clone()).unwrap().uses_paths(), want, "{given}");
    }
}
