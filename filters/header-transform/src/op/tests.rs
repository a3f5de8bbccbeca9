use serde_json::{Value, json};
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::matcher::MatchOptions;

use super::*;

fn request(op: Value) -> Result<(), String> {
    let raw = deserr::deserialize::<RawOp, _, ConfigErrors>(op);
    let compiled = raw.and_then(|raw| raw.for_request(MatchOptions::default()));
    compiled.map(|_| ()).map_err(|errors| errors.to_string())
}

fn response(op: Value) -> Result<(), String> {
    let raw = deserr::deserialize::<RawOp, _, ConfigErrors>(op);
    let compiled = raw.and_then(|raw| raw.for_response(MatchOptions::default()));
    compiled.map(|_| ()).map_err(|errors| errors.to_string())
}

/// The seven ops, with the fields they need besides the selector.
fn ops() -> Vec<Value> {
    let value = |op: &str| json!({"op": op, "value": "v"});
    let mut ops: Vec<Value> = ["set", "set_if_absent", "replace_if_exists", "append"].map(value).into();
    ops.push(json!({"op": "remove"}));
    ops.push(json!({"op": "rename", "to": "x-b"}));
    ops.push(json!({"op": "rewrite", "regex": "(a)b", "substitution": "$1"}));
    ops
}

fn with(op: &Value, fields: Value) -> Value {
    let mut op = op.clone();
    op.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    op
}

#[test]
fn every_op_on_everything_that_has_names() {
    for op in ops() {
        for target in ["header", "query", "cookie"] {
            let given = with(&op, json!({"target": target, "name": "x-a"}));
            assert_eq!(request(given.clone()), Ok(()), "{given}");
            if target == "header" {
                assert_eq!(response(given.clone()), Ok(()), "{given}");
            } else {
                let error = response(given.clone()).unwrap_err();
                assert!(error.starts_with("target: expected a target of a response: header or status"));
            }
            let creates = matches!(op["op"].as_str().unwrap(), "set" | "set_if_absent" | "append");
            for selector in [json!({"name_prefix": "x-"}), json!({"name_regex": "x-(a|b)"})] {
                let to = if op["op"] == "rename" { json!({"to": "y-"}) } else { json!({}) };
                let given = with(&with(&with(&op, json!({"target": target})), selector), to);
                assert_eq!(request(given.clone()).is_ok(), !creates, "{given}");
            }
        }
    }
}

#[test]
fn what_is_there_once_is_set_or_rewritten() {
    let values = [("path", "/v2"), ("method", "POST"), ("host", "api.example.com:8080"), ("status", "404")];
    for op in ops() {
        for (target, value) in values {
            let mut given = with(&op, json!({"target": target}));
            if given.get("value").is_some() {
                given["value"] = json!(value);
            }
            let works = matches!(op["op"].as_str().unwrap(), "set" | "rewrite") && target != "status";
            assert_eq!(request(given.clone()).is_ok(), works, "{given}");
            assert_eq!(response(given.clone()).is_ok(), target == "status" && op["op"] == "set", "{given}");
        }
    }
}

#[test]
fn what_is_refused() {
    let set =
        |target: &str, name: &str, value: &str| json!({"op": "set", "target": target, "name": name, "value": value});
    let once = |target: &str, value: &str| json!({"op": "set", "target": target, "value": value});
    let rewrite = |regex: &str, substitution: &str| json!({"op": "rewrite", "target": "path", "regex": regex, "substitution": substitution});
    const PATH: &str =
        "value: expected a path such as \"/v2\" that can be read in one way alone, without a query, found";
    let cases = [
        (set("header", "content-length", "1"), "name: content-length belongs to the connection: the proxy writes it"),
        (set("header", "Transfer-Encoding", "chunked"), "name: transfer-encoding belongs to the connection"),
        (set("header", "host", "a"), "name: the host is a target of its own: \"target\": \"host\""),
        (set("header", ":path", "/"), "name: expected a header name such as \"x-correlation-id\", found \":path\""),
        (set("header", "x-a", "a\r\nx-b: 1"), r#"value: expected no control character, found "a\r\nx-b: 1""#),
        (set("header", "x-a", "${header.x-b"), "value: expected a text, with values such as"),
        (set("header", "x-a", "${${header.x}}"), "value: expected a text, with values such as"),
        (
            json!({"op": "remove", "target": "header", "name": "x-forwarded-proto"}),
            "name: x-forwarded-proto can only be set to",
        ),
        (set("header", "x-forwarded-proto", "${header.x-scheme}"), "name: x-forwarded-proto can only be set to"),
        (
            json!({"op": "replace_if_exists", "target": "header", "name": "x", "value": "${claim./id}"}),
            "op: \"replace_if_exists\" tells nothing",
        ),
        (set("query", "", "1"), "name: expected the name of a query parameter, found \"\""),
        (set("cookie", "a b", "1"), "name: expected the name of a cookie (RFC 6265 section 4.1.1), found \"a b\""),
        (set("cookie", "a", "1; b=2"), "value: expected no blank, quote, comma, semicolon or backslash in a cookie"),
        (once("header", "1"), "expected name, name_prefix or name_regex, found none"),
        (with(&once("header", "1"), json!({"name": "a", "name_prefix": "b"})), "expected one of name, name_prefix"),
        (json!({"op": "remove", "target": "header", "name_prefix": ""}), "name_prefix: expected what names start with"),
        (
            json!({"op": "remove", "target": "header", "name_prefix": ":"}),
            "name_prefix: expected what names start with",
        ),
        (json!({"op": "remove", "target": "header", "name_regex": "("}), "name_regex: expected a regular expression"),
        (json!({"op": "remove", "target": "header", "name": "x", "value": "1"}), "value: the op \"remove\" has none"),
        (json!({"op": "set", "target": "header", "name": "x"}), "value: required field is missing"),
        (json!({"op": "rename", "target": "header", "name": "x"}), "to: required field is missing"),
        (
            json!({"op": "rename", "target": "header", "name": "x", "to": "connection"}),
            "to: connection belongs to the connection",
        ),
        (
            json!({"op": "rename", "target": "header", "name_regex": "x-(.*)", "to": "$2"}),
            "to: expected a text with groups such as \"$1\", found \"$2\": the regex has no group \"2\"",
        ),
        (with(&once("path", "/a"), json!({"name": "x"})), "name: this target has no names"),
        (once("path", "a"), PATH),
        (once("path", "/a?b=1"), PATH),
        (once("path", "/%2e%2e/a"), PATH),
        (once("path", "/a b"), PATH),
        (once("path", "/${header.x};a"), PATH),
        (once("path", "/${header.x}/../a"), PATH),
        (once("path", "/caf\u{e9}"), PATH),
        (once("path", "/a/../b"), PATH),
        (once("path", "/a//b"), PATH),
        (rewrite("/a(.*)", "/b$1?c=1"), "substitution: expected a path such as"),
        (rewrite("/a(.*)", "/../$1"), "substitution: expected a path such as"),
        (
            json!({"op": "rewrite", "target": "method", "regex": "GET", "substitution": "CONNECT"}),
            "substitution: expected a method",
        ),
        (
            json!({"op": "rewrite", "target": "host", "regex": "(.*)", "substitution": "a b/$1"}),
            "substitution: expected a host",
        ),
        (once("host", "a b/${header.x}"), "value: expected a host"),
        (
            json!({"op": "rename", "target": "header", "name_regex": "x-(.*)", "to": "content-length"}),
            "to: content-length belongs",
        ),
        (
            json!({"op": "rename", "target": "header", "name_regex": "x-(.*)", "to": "a b$1"}),
            "to: expected a header name",
        ),
        (
            json!({"op": "rename", "target": "query", "name_regex": "x-(.*)", "to": ""}),
            "to: expected the name of a query parameter",
        ),
        (
            once("method", "GE T"),
            "value: expected a method other than CONNECT and HEAD, such as \"POST\", found \"GE T\"",
        ),
        (once("method", "CONNECT"), "value: expected a method other than CONNECT"),
        (once("host", "a/b"), "value: expected a host such as"),
        (once("status", "404"), "target: expected a target of a request: header, query, cookie, path, method or host"),
        (rewrite("/a(", "$1"), "regex: expected a regular expression such as"),
        (rewrite("/a", "$1"), "substitution: expected a text with groups such as \"$1\", found \"$1\": the regex has"),
        (rewrite("/a", "\n"), "substitution: expected a path such as"),
        (
            with(&once("method", "PUT"), json!({"when": {}})),
            "when: expected \"match\", \"statuses\" or both, found none",
        ),
        (with(&once("method", "PUT"), json!({"when": {"match": {}}})), "when.match: expected at least one of"),
        (
            with(&once("method", "PUT"), json!({"when": {"statuses": ["2xx"]}})),
            "when.statuses: a request has no status",
        ),
    ];
    for (given, want) in cases {
        let error = request(given.clone()).unwrap_err();
        let want = if want.starts_with("expected") { format!("config: {want}") } else { want.to_owned() };
        assert!(error.starts_with(&want), "{given}:\n{error}\n{want}");
    }
    for status in ["204", "304", "199", "600", "${now}", "2xx", "+404", "0404"] {
        let error = response(once("status", status)).unwrap_err();
        assert!(error.starts_with("value: expected a status that can have a body"), "{error}");
    }
}
