//! Fields that a word switches off.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::collect::wrong_type;
use super::error::{ConfigError, ConfigErrors};
use super::location::path_of;
use super::text::Text;

/// A value, or the word `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrOff<T> {
    /// `"off"`.
    Off,
    /// The value.
    On(T),
}

impl<T> OrOff<T> {
    /// The value, if there is one.
    pub fn on(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl<T: Text> Deserr<ConfigErrors> for OrOff<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let expected = || format!("{}, or \"off\"", T::EXPECTED);
        match value {
            Value::String(text) if text == "off" => Ok(Self::Off),
            Value::String(text) => T::parse(&text)
                .map(Self::On)
                .ok_or_else(|| ConfigError::expected(path_of(location), expected(), T::found(&text)).into()),
            other => Err(wrong_type(&other, expected(), location)),
        }
    }
}

#[cfg(test)]
mod tests;
