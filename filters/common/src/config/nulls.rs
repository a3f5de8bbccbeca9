//! No field has null as a value.

use deserr::ValuePointerRef;
use serde_json::Value;

use super::error::{ConfigError, ConfigErrorKind, ConfigErrors};
use super::location::path_of;

/// Fields whose value is the user's own document: a body to send, a JSON Schema.
const DOCUMENTS: [&str; 2] = ["json", "schema"];

/// Whether the field holds a document.
pub(crate) fn is_document(field: &str) -> bool {
    DOCUMENTS.contains(&field)
}

/// Finds every `null` in `value`, except in documents and in the patches of rules, where it removes a field.
pub(crate) fn find(value: &Value, location: ValuePointerRef<'_>, errors: &mut ConfigErrors) {
    match value {
        Value::Null => errors.push(ConfigError::new(path_of(location), ConfigErrorKind::Null)),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                find(element, location.push_index(index), errors);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let exempt = is_document(name) || (name == "config" && is_rule(location));
                if !exempt || field.is_null() {
                    find(field, location.push_key(name), errors);
                }
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether this is the place of an element of a list `rules`.
fn is_rule(location: ValuePointerRef<'_>) -> bool {
    matches!(location, ValuePointerRef::Index { prev: ValuePointerRef::Key { key: "rules", .. }, .. })
}

#[cfg(test)]
mod tests;
