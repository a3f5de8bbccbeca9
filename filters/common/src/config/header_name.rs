//! Names of header fields.

use std::borrow::Borrow;
use std::fmt;

use super::text::Text;
use crate::reply::is_field_name;

/// A field name: a token (RFC 9110 section 5.1), kept in lower case as HTTP/2 carries it and hosts show it. Pseudo
/// headers such as `:path` are none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderName(String);

impl HeaderName {
    /// In lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In lower case.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Text for HeaderName {
    const EXPECTED: &'static str = "a header name such as \"x-correlation-id\"";

    fn parse(text: &str) -> Option<Self> {
        let name = text.to_ascii_lowercase();
        is_field_name(name.as_bytes()).then_some(Self(name))
    }
}

crate::deserr_text!(HeaderName);

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Lets a map keyed by header names be asked with a `&str` in lower case.
impl Borrow<str> for HeaderName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
