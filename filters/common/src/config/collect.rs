//! [`ConfigErrors`] as deserr's error type: it collects all errors instead of stopping at the first.

use std::borrow::Cow;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, Sequence, ValueKind, ValuePointerRef};

use super::common_keys::COMMON;
use super::error::{ConfigError, ConfigErrorKind, ConfigErrors, quoted};
use super::location::{child, path_of};
use super::suggest::{alternatives, did_you_mean};

/// A value of another JSON type than `expected`. Tells the type alone: the value may be a secret.
pub(crate) fn wrong_type<V: IntoValue>(
    found: &deserr::Value<V>,
    expected: impl Into<Cow<'static, str>>,
    location: ValuePointerRef<'_>,
) -> ConfigErrors {
    wrong_kind(found.kind(), expected.into(), location)
}

// Not inlined: every reader of a value may have to tell it.
#[inline(never)]
fn wrong_kind(found: ValueKind, expected: Cow<'static, str>, location: ValuePointerRef<'_>) -> ConfigErrors {
    let path = path_of(location);
    match found {
        ValueKind::Null => ConfigError::new(path, ConfigErrorKind::Null).into(),
        kind => ConfigError::expected(path, expected, type_name(kind)).into(),
    }
}

/// A field `name` of the object at `location` that is none of `accepted`.
pub(crate) fn unknown_field(name: &str, accepted: &[&str], location: ValuePointerRef<'_>) -> ConfigError {
    // A filter's own fields and the common ones stand in one object, but are parsed apart.
    let common = if location.is_origin() { COMMON } else { &[] };
    let candidates = accepted.iter().chain(common).copied();
    let kind = ConfigErrorKind::UnknownField {
        did_you_mean: did_you_mean(name, candidates).map(str::to_owned),
        accepted: accepted.iter().map(|&name| name.to_owned()).collect(),
    };
    ConfigError::new(child(&path_of(location), name), kind)
}

// Both are inlined so that derived code sees that no error stops it: the early returns of all fields fall away.
impl DeserializeError for ConfigErrors {
    #[inline(always)]
    fn error<V: IntoValue>(
        errors: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(joined(errors, describe(error, location)))
    }
}

impl MergeWithError<ConfigErrors> for ConfigErrors {
    #[inline(always)]
    fn merge(errors: Option<Self>, other: ConfigErrors, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(joined(errors, other))
    }
}

#[inline(never)]
pub(super) fn joined(errors: Option<ConfigErrors>, other: ConfigErrors) -> ConfigErrors {
    let mut errors = errors.unwrap_or_default();
    errors.extend(other);
    errors
}

#[inline(never)]
pub(super) fn describe<V: IntoValue>(error: ErrorKind<'_, V>, location: ValuePointerRef<'_>) -> ConfigErrors {
    let path = || path_of(location);
    match error {
        ErrorKind::IncorrectValueKind { actual, accepted } => wrong_type(&actual, type_names(accepted), location),
        ErrorKind::MissingField { field } => {
            ConfigError::new(child(&path(), field), ConfigErrorKind::MissingField).into()
        }
        ErrorKind::UnknownKey { key, accepted } => unknown_field(key, accepted, location).into(),
        ErrorKind::UnknownValue { value, accepted } => {
            let hint = did_you_mean(value, accepted.iter().copied());
            let hint = hint.map_or(String::new(), |word| format!(", did you mean {word:?}?"));
            ConfigError::expected(path(), alternatives(accepted), quoted(value) + &hint).into()
        }
        ErrorKind::BadSequenceLen { actual, expected } => {
            ConfigError::expected(path(), format!("{expected} elements"), actual.len().to_string()).into()
        }
        ErrorKind::Unexpected { msg } => ConfigError::invalid(path(), msg).into(),
    }
}

fn type_names(kinds: &[ValueKind]) -> String {
    let has = |kind| kinds.contains(&kind);
    let names = kinds.iter().map(|kind| match kind {
        ValueKind::Integer | ValueKind::NegativeInteger if has(ValueKind::Float) => "a number",
        ValueKind::Float => "a number",
        ValueKind::NegativeInteger => "a whole number",
        kind => type_name(*kind),
    });
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    names.join(" or ")
}

fn type_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "a boolean",
        ValueKind::Integer => "a whole number",
        ValueKind::NegativeInteger => "a negative number",
        ValueKind::Float => "a number with a fraction",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

#[cfg(test)]
mod tests;
