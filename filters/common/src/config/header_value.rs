//! Values of header fields.

use super::text::Text;
use crate::reply::is_field_value;

/// A field value that may be written: no control byte but tab, and no space or tab at either end (RFC 9110 section
/// 5.5). May be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderValue(String);

impl HeaderValue {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Text for HeaderValue {
    const EXPECTED: &'static str = "a header value without control characters and without spaces at its ends";

    fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim_matches([' ', '\t']);
        (is_field_value(text.as_bytes()) && trimmed == text).then(|| Self(text.to_owned()))
    }

    /// A value may be a credential for the upstream.
    fn found(text: &str) -> String {
        match text.chars().find(|c| c.is_ascii_control() && *c != '\t') {
            Some(control) => format!("one with {control:?}"),
            None => "one with a space at an end".to_owned(),
        }
    }
}

crate::deserr_text!(HeaderValue);

#[cfg(test)]
mod tests;
