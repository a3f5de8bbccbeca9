//! The schema of a whole filter: its own fields, those that all have, and rules that patch them.

use serde_json::{Map, Value, json};

use super::{Described, Field, common_fields, object, rule_match};
use crate::config::TOP_ONLY;

/// The schema of a filter's config. `registries` stand at the top alone.
#[must_use]
pub fn filter<Own: Described>(name: &str, registries: &[&str]) -> Value {
    let fields: Vec<Field> = Own::fields().into_iter().chain(common_fields()).collect();
    config(name, &fields, registries)
}

/// The schema of a config with these fields, and rules that patch them. `registries` stand at the top alone, nested ones
/// are dotted (`auth.authenticators`).
#[must_use]
pub fn config(name: &str, fields: &[Field], registries: &[&str]) -> Value {
    let of_top = |name: &str| TOP_ONLY.contains(&name) || registries.contains(&name);
    let patched: Map<String, Value> = fields
        .iter()
        .filter(|field| !of_top(field.name))
        .map(|field| (field.name.to_owned(), nullable(&without(field, registries))))
        .collect();
    let patch = json!({ "type": "object", "properties": patched, "additionalProperties": false });
    let mut schema = object(fields, false);
    if let Value::Object(schema) = &mut schema {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties
                .insert("$schema".to_owned(), json!({ "type": "string", "description": "Where this schema is." }));
            properties.insert("rules".to_owned(), rules(&patch));
        }
        schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("title".to_owned(), format!("Sluicegate: configuration of {name}").into());
    }
    schema
}

/// A field's schema without the registries in it.
fn without(field: &Field, registries: &[&str]) -> Value {
    let mut schema = field.described();
    if let Some(Value::Object(inner)) = schema.get_mut("properties") {
        inner.retain(|name, _| !registries.contains(&format!("{}.{name}", field.name).as_str()));
    }
    schema
}

fn rules(patch: &Value) -> Value {
    json!({
        "type": "array",
        "description": "The first rule whose match holds patches the fields above (JSON Merge Patch, RFC 7396).",
        "items": {
            "type": "object",
            "properties": {
                "name": { "type": "string", "pattern": "^[a-z0-9_-]{1,63}$", "description": "Unique; in metrics." },
                "match": rule_match(),
                "config": patch,
            },
            "required": ["name", "match", "config"],
            "additionalProperties": false,
        },
    })
}

/// The same as a patch says it: null removes, and an object is itself a patch, so that nothing is required in it.
fn nullable(schema: &Value) -> Value {
    let mut patch = schema.clone();
    if let Value::Object(fields) = &mut patch {
        for unpatched in ["default", "required", "minProperties", "maxProperties"] {
            fields.remove(unpatched);
        }
        if let Some(Value::Array(kinds)) = fields.get_mut("anyOf") {
            for kind in kinds.iter_mut() {
                *kind = nullable(kind);
            }
        }
        if let Some(Value::Object(properties)) = fields.get_mut("properties") {
            for property in properties.values_mut() {
                *property = nullable(property);
            }
        }
        if let Some(element @ Value::Object(_)) = fields.get_mut("additionalProperties") {
            *element = nullable(element);
        }
    }
    json!({ "anyOf": [patch, { "type": "null" }] })
}
