//! What config types take, for editors and people: a JSON Schema (draft 2020-12) and the table of a README. Native builds
//! alone have it.

use std::time::Duration;

use serde_json::{Map, Value, json};

pub use sluicegate_config_derive::Described;

use crate::client_address::ClientIp;
use crate::config::{
    HeaderName, HeaderValue, Name, OrOff, Percent, Policy, StatusCode, StatusPattern, Statuses, Table, Text, Whole,
};
use crate::matcher::RawMatch;
use crate::request_id::RequestId;

mod common;
mod shared;
mod table;
mod values;

pub use common::{config, filter};
pub use shared::shared;
pub use table::table;
pub use values::{AboveZero, Number};

/// A type that a config writes.
pub trait Described {
    /// The JSON Schema of its values.
    fn schema() -> Value;

    /// What it is, for a table: `boolean`, `list of origins`.
    fn kind() -> String;

    /// Several of it.
    fn kinds() -> String {
        format!("{}s", Self::kind())
    }

    /// The value as the config writes it; null: a default that the config has no value for.
    fn shown(&self) -> Value {
        Value::Null
    }

    /// The fields of an object.
    fn fields() -> Vec<Field> {
        Vec::new()
    }
}

/// A field of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the config.
    pub name: &'static str,
    /// What it is for: its doc comment.
    pub doc: &'static str,
    /// What it is.
    pub kind: String,
    /// The JSON Schema of its values.
    pub schema: Value,
    /// The value where the config has none; null: none that can be written. `None`: the field is required.
    pub default: Option<Value>,
}

impl Field {
    /// A field of this type.
    #[must_use]
    pub fn of<T: Described>(name: &'static str, doc: &'static str, default: Option<T>) -> Self {
        let default = default.map(|default| default.shown());
        Self { name, doc, kind: T::kind(), schema: T::schema(), default }
    }

    /// The same, with another default, in JSON.
    #[must_use]
    pub fn shown_as(self, json: &str) -> Self {
        Self { default: serde_json::from_str(json).ok(), ..self }
    }

    /// Its schema with description and default.
    fn described(&self) -> Value {
        let mut schema = self.schema.clone();
        if let Value::Object(schema) = &mut schema {
            if !self.doc.is_empty() {
                schema.insert("description".to_owned(), self.doc.into());
            }
            if let Some(default) = self.default.as_ref().filter(|default| !default.is_null()) {
                schema.insert("default".to_owned(), default.clone());
            }
        }
        schema
    }
}

/// An object of these fields; `open`: others are read elsewhere.
#[must_use]
pub fn object(fields: &[Field], open: bool) -> Value {
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.to_owned(), field.described())).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.default.is_none()).map(|field| field.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if let Value::Object(schema) = &mut schema {
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if !open {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
    }
    schema
}

/// An object whose `type` is one of these words, each with fields of its own.
#[must_use]
pub fn tagged(kinds: &[(&str, Vec<Field>)]) -> Value {
    let of_kind = |(word, fields): &(&str, Vec<Field>)| {
        let mut schema = object(fields, false);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.insert("type".to_owned(), json!({ "const": word }));
        }
        let names = fields.iter().filter(|field| field.default.is_none()).map(|field| field.name);
        let required: Vec<&str> = names.chain(["type"]).collect();
        if let Value::Object(schema) = &mut schema {
            schema.insert("required".to_owned(), json!(required));
        }
        schema
    };
    json!({ "anyOf": kinds.iter().map(of_kind).collect::<Vec<_>>() })
}

/// An object with exactly one of these fields.
#[must_use]
pub fn one_key(fields: &[Field]) -> Value {
    let mut schema = object(fields, false);
    if let Value::Object(schema) = &mut schema {
        schema.remove("required");
        schema.insert("minProperties".to_owned(), 1.into());
        schema.insert("maxProperties".to_owned(), 1.into());
    }
    schema
}

/// One of these words.
#[must_use]
pub fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// One of these words, for a table.
#[must_use]
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        all => all.concat(),
    }
}

/// A text of type `T`.
#[must_use]
pub fn text<T: Text>() -> Value {
    json!({ "type": "string", "description": T::EXPECTED })
}

crate::described_text!(HeaderValue: "text", Name: "name", StatusPattern: "status");

impl Described for HeaderName {
    fn schema() -> Value {
        json!({ "type": "string", "description": Self::EXPECTED, "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" })
    }

    fn kind() -> String {
        "name".into()
    }

    fn shown(&self) -> Value {
        self.as_str().into()
    }
}

impl Described for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }

    fn kind() -> String {
        "boolean".into()
    }

    fn shown(&self) -> Value {
        (*self).into()
    }
}

impl Described for u8 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": 255 })
    }

    fn kind() -> String {
        "0 to 255".into()
    }

    fn shown(&self) -> Value {
        (*self).into()
    }
}

impl Described for String {
    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn kind() -> String {
        "text".into()
    }

    fn shown(&self) -> Value {
        self.as_str().into()
    }
}

const DURATION: &str = "^[0-9]+(ns|us|ms|s|m|h|d)$";

impl Described for Duration {
    fn schema() -> Value {
        json!({ "type": "string", "description": <Self as Text>::EXPECTED, "pattern": DURATION })
    }

    fn kind() -> String {
        "duration".into()
    }

    fn shown(&self) -> Value {
        let whole = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let millis = self.as_millis();
        let unit = whole.into_iter().find(|(unit, _)| millis.checked_rem(*unit) == Some(0));
        let (unit, letter) = unit.unwrap_or((1, "ms"));
        format!("{}{letter}", millis.checked_div(unit).unwrap_or_default()).into()
    }
}

impl<const MIN: u64, const MAX: u64> Described for Whole<MIN, MAX> {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    fn kind() -> String {
        format!("{} to {}", table::grouped(MIN), table::grouped(MAX))
    }

    fn kinds() -> String {
        Self::kind()
    }

    fn shown(&self) -> Value {
        self.get().into()
    }
}

impl Described for Percent {
    fn schema() -> Value {
        Whole::<0, 100>::schema()
    }

    fn kind() -> String {
        Whole::<0, 100>::kind()
    }

    fn shown(&self) -> Value {
        self.get().into()
    }
}

impl Described for Statuses {
    fn schema() -> Value {
        Vec::<StatusPattern>::schema()
    }

    fn kind() -> String {
        "list of statuses".into()
    }
}

impl Described for StatusCode {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 200, "maximum": 599 })
    }

    fn kind() -> String {
        "200 to 599".into()
    }
}

impl<T: Described> Described for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }

    fn kind() -> String {
        format!("list of {}", T::kinds())
    }

    fn kinds() -> String {
        format!("lists of {}", T::kinds())
    }

    fn shown(&self) -> Value {
        self.iter().map(T::shown).collect()
    }
}

impl<T: Described> Described for Option<T> {
    fn schema() -> Value {
        T::schema()
    }

    fn kind() -> String {
        T::kind()
    }

    fn shown(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::shown)
    }
}

impl<T: Described> Described for OrOff<T> {
    fn schema() -> Value {
        json!({ "anyOf": [T::schema(), { "const": "off" }] })
    }

    fn kind() -> String {
        format!("{} or `\"off\"`", T::kind())
    }

    fn shown(&self) -> Value {
        match self {
            Self::Off => "off".into(),
            Self::On(value) => value.shown(),
        }
    }
}

impl<K, T: Described> Described for Table<K, T> {
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }

    fn kind() -> String {
        format!("object of {}", T::kinds())
    }

    fn shown(&self) -> Value {
        json!({})
    }
}

/// The fields that all filters have, but for `$schema` and `rules`.
#[must_use]
pub fn common_fields() -> Vec<Field> {
    let client_ip = "Whose address counts as the client's. At the top alone.";
    let mut fields = vec![
        Field::of::<Option<ClientIp>>("client_ip", client_ip, Some(None)).shown_as(r#"{"from": "host"}"#),
        Field::of::<Option<RequestId>>("request_id", "Where a request's id stands. At the top alone.", Some(None)),
    ];
    fields.extend(crate::matcher::option_fields());
    fields.extend(Policy::fields());
    fields
}

/// The `match` of a rule.
fn rule_match() -> Value {
    RawMatch::schema()
}
