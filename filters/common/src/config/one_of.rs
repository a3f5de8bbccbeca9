//! Sums: an object with exactly one key, or one with a `type`.
//!
//! ```
//! use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
//! use sluicegate_common::config::{ConfigErrors, one_key};
//!
//! /// `{"use": "<name>"}` or `{"any": [..]}`.
//! enum Require {
//!     Use(String),
//!     Any(Vec<Require>),
//! }
//!
//! impl Deserr<ConfigErrors> for Require {
//!     fn deserialize_from_value<V: IntoValue>(
//!         value: Value<V>,
//!         location: ValuePointerRef<'_>,
//!     ) -> Result<Self, ConfigErrors> {
//!         let (key, value) = one_key(value, location, &["use", "any"])?;
//!         let location = location.push_key(key);
//!         match key {
//!             "use" => Deserr::deserialize_from_value(value, location).map(Self::Use),
//!             _ => Deserr::deserialize_from_value(value, location).map(Self::Any),
//!         }
//!     }
//! }
//! ```

use deserr::{IntoValue, Map, Value, ValuePointerRef};

use super::collect::{unknown_field, wrong_type};
use super::error::{ConfigError, ConfigErrors, quoted};
use super::location::path_of;
use super::suggest::{alternatives, did_you_mean};

/// The only key of an object, which is one of `accepted`, and its value.
///
/// # Errors
/// No object, no key, more than one, or another one: the accepted keys are listed.
pub fn one_key<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    accepted: &[&'static str],
) -> Result<(&'static str, Value<V>), ConfigErrors> {
    let expected = || format!("an object with one key, {}", alternatives(accepted));
    let Value::Map(object) = value else { return Err(wrong_type(&value, expected(), location)) };
    let mut entries: Vec<(String, V)> = object.into_iter().collect();
    let entry = entries.pop().filter(|_| entries.is_empty());
    let Some((name, value)) = entry else {
        let found = if entries.is_empty() { "none" } else { "several" };
        return Err(ConfigError::expected(path_of(location), expected(), found).into());
    };
    match accepted.iter().find(|key| **key == name) {
        Some(key) => Ok((*key, value.into_value())),
        None => Err(unknown_field(&name, accepted, location).into()),
    }
}

/// The `type` of an object, which is one of `accepted`, and the object without it.
///
/// # Errors
/// No object, no `type`, no string there, or another word: the accepted ones are listed.
pub fn take_type<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    accepted: &[&'static str],
) -> Result<(&'static str, Value<V>), ConfigErrors> {
    let Value::Map(mut object) = value else { return Err(wrong_type(&value, "an object", location)) };
    let given = object.remove("type").map(V::into_value);
    let location = location.push_key("type");
    let expected = |found: String| ConfigError::expected(path_of(location), alternatives(accepted), found);
    match given {
        Some(Value::String(word)) => match accepted.iter().find(|known| **known == word) {
            Some(known) => Ok((*known, Value::Map(object))),
            None => {
                let hint = did_you_mean(&word, accepted.iter().copied());
                let hint = hint.map_or(String::new(), |known| format!(", did you mean {known:?}?"));
                Err(expected(quoted(&word) + &hint).into())
            }
        },
        Some(other) => Err(wrong_type(&other, alternatives(accepted), location)),
        None => Err(expected("no such field".to_owned()).into()),
    }
}

#[cfg(test)]
mod tests;
