//! JSON Merge Patch (RFC 7396): how the `config` of a rule changes the top.

use serde_json::{Map, Value};

/// `target` with `patch` applied: objects are merged field by field, `null` removes a field, everything else
/// (arrays included) is replaced whole (RFC 7396 section 2).
///
/// Recursion ends with the depth of `patch`, which [`super::parse_json`] bounds.
#[must_use]
pub fn merge_patch(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut merged = match target {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for (name, value) in patch {
        let old = merged.remove(&name).unwrap_or_default();
        if !value.is_null() {
            merged.insert(name, merge_patch(old, value));
        }
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests;
