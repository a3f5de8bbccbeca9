//! What the `config` of a rule may say: a JSON Merge Patch over policy fields.

use deserr::ValuePointerRef;
use serde_json::Value;

use super::common_keys::{Object, TOP_ONLY};
use super::error::{ConfigError, ConfigErrors};
use super::location::path_of;
use super::nulls;
use super::suggest::did_you_mean;

/// Checks the patch of a rule against the top, and takes out of it what no rule may name.
///
/// 1. Registries and the fields of the top alone are not named, whatever the value.
/// 2. `null` removes a field that the top has: elsewhere it would hide a mistyped name.
/// 3. In an array `null` removes nothing (RFC 7396 section 1), so it is a value like at the top.
pub(crate) fn check(
    patch: &mut Object,
    top: &Object,
    registries: &[String],
    location: ValuePointerRef<'_>,
    errors: &mut ConfigErrors,
) {
    for field in TOP_ONLY {
        if patch.remove(*field).is_some() {
            let message = "stands at the top, once for all rules: no rule can change it";
            errors.push(ConfigError::invalid(path_of(location.push_key(field)), message));
        }
    }
    for registry in registries {
        if take(patch, registry).is_some() {
            let path = super::location::under(&path_of(location), registry);
            let message = "a registry stands at the top, once for all rules: no rule can change it";
            errors.push(ConfigError::invalid(path, message));
        }
    }
    check_nulls(patch, Some(top), location, errors);
}

/// Fields whose value is a sum, an object with one key out of several.
const SUMS: [&str; 1] = ["require"];

/// Takes the sums that a patch names out of its target: a sum is replaced whole, merged it would have two keys.
pub(crate) fn take_out_sums(patch: &Object, target: &mut Object) {
    for (name, value) in patch {
        let Value::Object(inner) = value else { continue };
        if SUMS.contains(&name.as_str()) {
            target.remove(name);
        } else if let Some(Value::Object(target)) = target.get_mut(name).filter(|_| !nulls::is_document(name)) {
            take_out_sums(inner, target);
        }
    }
}

/// Takes out the field at a dotted path, if it is there.
pub(super) fn take(object: &mut Object, dotted: &str) -> Option<Value> {
    let (inner, name) = place(object, dotted)?;
    inner.remove(name)
}

/// Puts back what [`take`] took out.
pub(super) fn put(object: &mut Object, dotted: &str, value: Value) {
    if let Some((inner, name)) = place(object, dotted) {
        inner.insert(name.to_owned(), value);
    }
}

/// The object that a dotted path leads into, and the name there.
fn place<'o, 'd>(object: &'o mut Object, dotted: &'d str) -> Option<(&'o mut Object, &'d str)> {
    match dotted.split_once('.') {
        None => Some((object, dotted)),
        Some((first, rest)) => place(object.get_mut(first)?.as_object_mut()?, rest),
    }
}

fn check_nulls(patch: &Object, target: Option<&Object>, location: ValuePointerRef<'_>, errors: &mut ConfigErrors) {
    for (name, value) in patch {
        let location = location.push_key(name);
        let old = target.and_then(|target| target.get(name));
        match value {
            Value::Null if old.is_none() => errors.push(nothing_to_remove(name, target, location)),
            Value::Object(inner) => check_nulls(inner, old.and_then(Value::as_object), location, errors),
            Value::Array(_) if !nulls::is_document(name) => nulls::find(value, location, errors),
            _ => {}
        }
    }
}

fn nothing_to_remove(name: &str, target: Option<&Object>, location: ValuePointerRef<'_>) -> ConfigError {
    let existing = target.into_iter().flat_map(Object::keys).map(String::as_str);
    let hint = did_you_mean(name, existing).map_or(String::new(), |field| format!(", did you mean {field:?}?"));
    ConfigError::invalid(
        path_of(location),
        format!("null removes a field of the top, which has none of this name{hint}"),
    )
}

#[cfg(test)]
mod tests;
