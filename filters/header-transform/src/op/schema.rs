//! An op described: which fields go with which op and which target.

use serde_json::{Value, json};
use sluicegate_common::config::HeaderName;
use sluicegate_common::describe::{Described, Field};

use super::RawOp;

/// An entry of `request`.
pub struct OnRequest;

/// An entry of `response`.
pub struct OnResponse;

const WRITES: &[&str] = &["set", "set_if_absent", "replace_if_exists", "append"];
const CREATES: &[&str] = &["set", "set_if_absent", "append"];
const NAMED: &[&str] = &["header", "query", "cookie"];
const NAMES: &[&str] = &["name", "name_prefix", "name_regex"];

impl Described for OnRequest {
    fn schema() -> Value {
        let targets = ["header", "query", "cookie", "path", "method", "host"];
        let on_request = json!({ "properties": {
            "target": { "enum": targets },
            "when": { "properties": { "statuses": false } },
        } });
        let nameless = json!({ "properties": { "op": { "enum": ["set", "rewrite"] } } });
        op(&[on_request, when("target", &["path", "method", "host"], &nameless)])
    }

    fn kind() -> String {
        "op".into()
    }

    fn fields() -> Vec<Field> {
        RawOp::fields()
    }
}

impl Described for OnResponse {
    fn schema() -> Value {
        let on_response = json!({ "properties": { "target": { "enum": ["header", "status"] } } });
        let has_body = json!({ "pattern": "^[2-5][0-9]{2}$", "not": { "enum": ["204", "205", "304"] } });
        let status = json!({ "properties": { "op": { "const": "set" }, "value": has_body } });
        op(&[on_response, when("target", &["status"], &status)])
    }

    fn kind() -> String {
        "op".into()
    }

    fn fields() -> Vec<Field> {
        RawOp::fields()
    }
}

/// An op of which this holds besides.
fn op(besides: &[Value]) -> Value {
    let one_name: Vec<Value> = NAMES.iter().map(|name| json!({ "required": [name] })).collect();
    let header = json!({ "properties": { "name": HeaderName::schema() } });
    let creates = json!({ "properties": { "op": { "enum": CREATES }, "target": { "enum": NAMED } } });
    let mut all = vec![
        json!({ "properties": { "when": { "minProperties": 1, "properties": { "statuses": { "minItems": 1 } } } } }),
        only("op", WRITES, &json!({ "required": ["value"] }), &["value", "on_missing"]),
        only("op", &["rename"], &json!({ "required": ["to"] }), &["to"]),
        only("op", &["rewrite"], &json!({ "required": ["regex", "substitution"] }), &["regex", "substitution"]),
        only("target", NAMED, &json!({ "oneOf": one_name }), NAMES),
        json!({ "if": creates, "then": { "required": ["name"] } }),
        when("target", &["header"], &header),
    ];
    all.extend_from_slice(besides);
    let mut schema = RawOp::schema();
    if let Value::Object(schema) = &mut schema {
        schema.insert("allOf".to_owned(), all.into());
    }
    schema
}

/// Where a field is one of these words, this holds.
fn when(field: &str, words: &[&str], then: &Value) -> Value {
    json!({ "if": { "properties": { field: { "enum": words } } }, "then": then })
}

/// The same; elsewhere there are none of those fields.
fn only(field: &str, words: &[&str], then: &Value, fields: &[&str]) -> Value {
    let none: serde_json::Map<_, _> = fields.iter().map(|&name| (name.to_owned(), false.into())).collect();
    json!({ "if": { "properties": { field: { "enum": words } } }, "then": then, "else": { "properties": none } })
}
