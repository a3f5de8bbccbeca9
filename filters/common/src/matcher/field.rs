//! Conditions on what has a name and values: headers, query parameters, cookies.

use regex_lite::Regex;

use super::Key;

/// A condition on all values of one name.
#[derive(Debug, Clone)]
pub(super) struct FieldMatch {
    name: String,
    test: Test,
    invert: bool,
}

/// What one value at least must be like. Texts are not empty, but for the exact one.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Present,
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    /// Anchored.
    Regex(Regex),
}

impl FieldMatch {
    pub(super) fn new(name: String, test: Test, invert: bool) -> Self {
        Self { name, test, invert }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The name, and the value that one of this name must have.
    pub(super) fn key(&self) -> Option<Key<'_>> {
        match &self.test {
            Test::Exact(value) if !self.invert => {
                Some(Key { parts: vec![self.name.as_bytes(), value.as_bytes()], whole: true })
            }
            _ => None,
        }
    }

    /// Whether the condition holds; `unreadable` is the answer where no value meets the test and one cannot be read.
    pub(super) fn holds<V: AsRef<[u8]>>(&self, values: impl Iterator<Item = V>, unreadable: bool) -> bool {
        let mut all_read = true;
        for value in values {
            match self.test.meets(value.as_ref()) {
                Some(true) => return !self.invert,
                Some(false) => {}
                None => all_read = false,
            }
        }
        if all_read { self.invert } else { unreadable }
    }
}

impl Test {
    /// `None` when the value cannot be read.
    fn meets(&self, value: &[u8]) -> Option<bool> {
        Some(match self {
            Self::Present => true,
            Self::Exact(text) => value == text.as_bytes(),
            Self::Prefix(text) => value.starts_with(text.as_bytes()),
            Self::Suffix(text) => value.ends_with(text.as_bytes()),
            Self::Contains(text) => value.windows(text.len().max(1)).any(|part| part == text.as_bytes()),
            Self::Regex(regex) => regex.is_match(std::str::from_utf8(value).ok()?),
        })
    }
}
