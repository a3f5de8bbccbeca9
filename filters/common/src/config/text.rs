//! Values that a config writes as one JSON string: durations, names, sizes.

use deserr::{IntoValue, Value, ValuePointerRef};

use super::collect::wrong_type;
use super::error::{ConfigError, ConfigErrors, quoted};
use super::location::path_of;

/// A value written as one JSON string. [`crate::deserr_text!`] makes it a field's type.
pub trait Text: Sized {
    /// What is expected, with its article and an example: `a duration such as "1500ms"`.
    const EXPECTED: &'static str;

    /// The value, if `text` is one.
    fn parse(text: &str) -> Option<Self>;

    /// How an error shows a text that is none. Override where it may be a secret.
    fn found(text: &str) -> String {
        quoted(text)
    }
}

/// Reads a [`Text`]: the whole of its `Deserr` implementation.
///
/// # Errors
/// "expected ..., found ..." at `location`.
pub fn text_from_value<T: Text, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<T, ConfigErrors> {
    let text = string(value, T::EXPECTED, location)?;
    T::parse(&text).ok_or_else(|| refused(T::EXPECTED, T::found(&text), location).into())
}

// Apart from what is generic: there are many types.

#[inline(never)]
fn string<V: IntoValue>(
    value: Value<V>,
    expected: &'static str,
    location: ValuePointerRef<'_>,
) -> Result<String, ConfigErrors> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(wrong_type(&other, expected, location)),
    }
}

/// A text that is none of its type.
#[inline(never)]
pub(super) fn refused(expected: &'static str, found: String, location: ValuePointerRef<'_>) -> ConfigError {
    ConfigError::expected(path_of(location), expected, found)
}

/// Implements `deserr::Deserr<ConfigErrors>` for types that implement [`Text`](crate::config::Text).
#[macro_export]
macro_rules! deserr_text {
    ($($type:ty),+ $(,)?) => {$(
        impl ::deserr::Deserr<$crate::config::ConfigErrors> for $type {
            fn deserialize_from_value<V: ::deserr::IntoValue>(
                value: ::deserr::Value<V>,
                location: ::deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::config::ConfigErrors> {
                $crate::config::text_from_value(value, location)
            }
        }
    )+};
}

/// Describes types that implement [`Text`], by what a table calls them, and where a value is a default, by its text:
/// `Realm: "text" shown |realm| realm.0`. In native builds alone.
#[macro_export]
macro_rules! described_text {
    ($($type:ty: $kind:literal $(shown |$value:ident| $text:expr)?),+ $(,)?) => {$(
        #[cfg(not(target_family = "wasm"))]
        impl $crate::describe::Described for $type {
            fn schema() -> ::serde_json::Value {
                $crate::describe::text::<$type>()
            }

            fn kind() -> ::std::string::String {
                $kind.into()
            }
            $(
                fn shown(&self) -> ::serde_json::Value {
                    let $value = self;
                    ::serde_json::Value::from(&*$text)
                }
            )?
        }
    )+};
}
