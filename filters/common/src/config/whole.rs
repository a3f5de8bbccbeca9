//! Whole numbers with bounds, percentages among them.

use std::ops::RangeInclusive;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::collect::wrong_type;
use super::error::{ConfigError, ConfigErrors};
use super::location::path_of;

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Whole<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const MIN: u64, const MAX: u64> Deserr<ConfigErrors> for Whole<MIN, MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let expected = || format!("a whole number from {MIN} to {MAX}");
        in_range(value, location, MIN..=MAX, &expected).map(Self)
    }
}

/// A percentage: a whole number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl Percent {
    /// The number, 0..=100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Deserr<ConfigErrors> for Percent {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let number = in_range(value, location, 0..=100, &|| "a percentage from 0 to 100".to_owned())?;
        Ok(Self(u8::try_from(number).unwrap_or(u8::MAX)))
    }
}

/// A whole number in `range`. Not inlined: there are many types.
#[inline(never)]
pub(crate) fn in_range<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    range: RangeInclusive<u64>,
    expected: &dyn Fn() -> String,
) -> Result<u64, ConfigErrors> {
    match value {
        Value::Integer(number) if range.contains(&number) => Ok(number),
        Value::Integer(number) => Err(ConfigError::expected(path_of(location), expected(), number.to_string()).into()),
        other => Err(wrong_type(&other, expected(), location)),
    }
}

#[cfg(test)]
mod tests;
