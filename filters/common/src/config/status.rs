//! StatusCode codes: one to send, and those to look for.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::error::ConfigErrors;
use super::text::Text;
use super::whole::in_range;

/// The status of a reply, written as a number: one that ends a response, 200..=599 (RFC 9110 section 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

impl StatusCode {
    /// As a number.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }
}

impl Deserr<ConfigErrors> for StatusCode {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let code = in_range(value, location, 200..=599, &|| "a status code from 200 to 599".to_owned())?;
        Ok(Self(u16::try_from(code).unwrap_or(u16::MAX)))
    }
}

/// An element of a `statuses` list, written as a string: one code (`"503"`) or a class of them (`"5xx"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusPattern {
    first: u16,
    last: u16,
}

impl StatusPattern {
    /// Whether `status` is that code or of that class.
    #[must_use]
    pub fn matches(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl Text for StatusPattern {
    const EXPECTED: &'static str = "a status such as \"503\" or a class such as \"5xx\"";

    fn parse(text: &str) -> Option<Self> {
        let bounds = |first, last| Some(Self { first, last });
        match text.as_bytes() {
            b"1xx" => bounds(100, 199),
            b"2xx" => bounds(200, 299),
            b"3xx" => bounds(300, 399),
            b"4xx" => bounds(400, 499),
            b"5xx" => bounds(500, 599),
            [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => text.parse().ok().and_then(|code| bounds(code, code)),
            _ => None,
        }
    }
}

crate::deserr_text!(StatusPattern);

/// A `statuses` list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statuses(Vec<StatusPattern>);

impl Statuses {
    /// Whether any element matches.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|pattern| pattern.matches(status))
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<StatusPattern> for Statuses {
    fn from_iter<I: IntoIterator<Item = StatusPattern>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

impl Deserr<ConfigErrors> for Statuses {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        Vec::deserialize_from_value(value, location).map(Self)
    }
}

#[cfg(test)]
mod tests;
