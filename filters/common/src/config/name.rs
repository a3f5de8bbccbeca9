//! Names of rules, limits, breakers, authenticators, credentials.

use std::borrow::Borrow;
use std::fmt;

use super::text::Text;

/// A name, `^[a-z0-9_-]{1,63}$`: fit to be a metric label on every host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
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

impl Text for Name {
    const EXPECTED: &'static str = "a name of 1 to 63 characters out of a-z, 0-9, _ and -";

    fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        ((1..=63).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }
}

crate::deserr_text!(Name);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets a map keyed by names be asked with a `&str`.
impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
