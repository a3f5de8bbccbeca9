//! The fields that every filter has besides its own.

use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;

/// All common fields. A filter's own fields have other names.
pub const COMMON: &[&str] = &[
    "$schema",
    "rules",
    "client_ip",
    "request_id",
    "on_ambiguous_path",
    "case_sensitive",
    "mode",
    "error_format",
    "errors",
    "on_internal_error",
    "decision_record",
];

/// Those of them that stand at the top alone, once for all rules.
pub const TOP_ONLY: &[&str] = &["$schema", "rules", "client_ip", "request_id", "on_ambiguous_path", "case_sensitive"];

/// One object, seen as two: the fields every filter has, and those of this one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Split {
    /// Fields named in [`COMMON`].
    pub common: Object,
    /// All others, mistyped common ones included: the filter's `deny_unknown_fields` refuses those, and the
    /// suggestion it gives knows the common names.
    pub own: Object,
}

/// Parts the common fields of a filter's object from its own.
#[must_use]
pub fn split(object: Object) -> Split {
    let mut split = Split::default();
    for (name, value) in object {
        let side = if COMMON.contains(&name.as_str()) { &mut split.common } else { &mut split.own };
        side.insert(name, value);
    }
    split
}

/// A copy of the object with only those fields, for who reads no others: what keys or rules take is not copied. What is no
/// object stays as it is.
#[must_use]
pub fn with_only(config: &Value, names: &[&str]) -> Value {
    let Value::Object(object) = config else { return config.clone() };
    let mut few = Object::new();
    for name in names {
        if let Some(value) = object.get(*name) {
            few.insert((*name).to_owned(), value.clone());
        }
    }
    few.into()
}

#[cfg(test)]
mod tests;
