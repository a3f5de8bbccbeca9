//! Which names an operation is for: of headers, query parameters or cookies.

use regex_lite::Regex;

/// `name`, `name_prefix` or `name_regex` of an operation.
#[derive(Debug, Clone)]
pub enum Names {
    /// This one.
    Exact(String),
    /// All that start so.
    Prefix(String),
    /// All that match as a whole: anchored, and itself deciding about the case of letters
    /// ([`anchored`](crate::matcher::anchored)). It never matches a name that is not UTF-8.
    Regex(Regex),
}

/// Whether the case of ASCII letters counts in names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// It does: query parameters and cookies.
    Sensitive,
    /// It does not: headers (RFC 9110 section 5.1).
    Insensitive,
}

impl Names {
    /// Whether `name` is one of them.
    #[must_use]
    pub fn selects(&self, name: &[u8], case: Case) -> bool {
        match self {
            Self::Exact(exact) => case.equal(name, exact.as_bytes()),
            Self::Prefix(prefix) => name.get(..prefix.len()).is_some_and(|start| case.equal(start, prefix.as_bytes())),
            Self::Regex(regex) => std::str::from_utf8(name).is_ok_and(|name| regex.is_match(name)),
        }
    }

    /// The one name that a new header, parameter or cookie would get; `None` where the selector does not say it.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(name) => Some(name),
            Self::Prefix(_) | Self::Regex(_) => None,
        }
    }
}

impl Case {
    fn equal(self, one: &[u8], other: &[u8]) -> bool {
        match self {
            Self::Sensitive => one == other,
            Self::Insensitive => one.eq_ignore_ascii_case(other),
        }
    }
}

#[cfg(test)]
mod tests;
