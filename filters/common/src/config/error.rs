//! What is wrong with a config: every error, each with its place, what was expected and what was found.
//!
//! No error holds the value of a secret, and none holds more of a value than its first characters.

use std::borrow::Cow;
use std::fmt;

use super::location;

/// One thing wrong with a config.
///
/// ```
/// use sluicegate_common::config::ConfigError;
///
/// let error = ConfigError::expected("allow_origins[1]", "an origin such as \"https://app.example.com\"", "\"app\"");
/// assert_eq!(
///     error.to_string(),
///     "allow_origins[1]: expected an origin such as \"https://app.example.com\", found \"app\""
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Box<Told>);

/// Behind a pointer: errors are returned by value from all over, and a result that may be one stays small.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    path: String,
    kind: ConfigErrorKind,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigErrorKind {
    /// The bytes are not JSON (RFC 8259).
    Syntax(String),
    /// A name that the same object holds already.
    DuplicateName,
    /// `null`, which no field takes.
    Null,
    /// Another value was expected.
    Expected {
        /// With its article, and often an example.
        expected: Cow<'static, str>,
        /// The value if it is short and no secret, else its JSON type.
        found: String,
    },
    /// A field that does not exist.
    UnknownField {
        /// The existing one that it looks like.
        did_you_mean: Option<String>,
        /// The existing ones.
        accepted: Vec<String>,
    },
    /// A field that has no default.
    MissingField,
    /// A rule across fields is broken; the words say which.
    Invalid(Cow<'static, str>),
}

impl ConfigError {
    /// An error at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, kind: ConfigErrorKind) -> Self {
        Self(Box::new(Told { path: path.into(), kind }))
    }

    /// "expected ..., found ...". Give `found` quoted ([`quoted`]) and never a secret.
    #[must_use]
    pub fn expected(path: impl Into<String>, expected: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self::new(path, ConfigErrorKind::Expected { expected: expected.into(), found: found.into() })
    }

    /// A field of the config as a whole that is none of `accepted` nor a common one.
    #[must_use]
    pub fn unknown_field(name: &str, accepted: &[&str]) -> Self {
        super::collect::unknown_field(name, accepted, deserr::ValuePointerRef::Origin)
    }

    /// A broken rule across fields, in words: "needs at least one of ...".
    #[must_use]
    pub fn invalid(path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(path, ConfigErrorKind::Invalid(message.into()))
    }

    /// The place, such as `rules[2].config.max_age`; empty for the config as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong there.
    #[must_use]
    pub fn kind(&self) -> &ConfigErrorKind {
        &self.0.kind
    }

    /// The same error, seen from the object that holds this one at `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.0.path = location::under(prefix, &self.0.path);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path().is_empty() { "config" } else { self.path() };
        write!(f, "{path}: {}", self.kind())
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "not JSON: {message}"),
            Self::DuplicateName => f.write_str("the name stands twice in its object"),
            Self::Null => f.write_str("null is no value, leave the field out"),
            Self::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::UnknownField { did_you_mean: Some(name), .. } => {
                write!(f, "unknown field, did you mean {name:?}?")
            }
            Self::UnknownField { accepted, .. } if accepted.is_empty() => {
                f.write_str("unknown field, none is expected here")
            }
            Self::UnknownField { accepted, .. } => {
                write!(f, "unknown field, expected one of {}", accepted.join(", "))
            }
            Self::MissingField => f.write_str("required field is missing"),
            Self::Invalid(message) => f.write_str(message),
        }
    }
}

/// All that is wrong with a config, in the order it was found. An error is listed once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::box_collection)] // Thin: every result on the way from the config may be one.
pub struct ConfigErrors(Box<Vec<ConfigError>>);

impl ConfigErrors {
    /// No error so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error, unless it is listed.
    pub fn push(&mut self, error: ConfigError) {
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    /// Notes the errors of a part and goes on: `None` where the part failed.
    pub fn take<T>(&mut self, part: Result<T, impl Into<ConfigErrors>>) -> Option<T> {
        part.map_err(|errors| self.extend(errors.into())).ok()
    }

    /// The same errors, seen from the object that holds this one at `prefix`.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        Self(Box::new(self.0.into_iter().map(|error| error.under(prefix)).collect()))
    }

    /// Those that `other` does not list.
    #[must_use]
    pub fn without(self, other: &Self) -> Self {
        Self(Box::new(self.0.into_iter().filter(|error| !other.0.contains(error)).collect()))
    }

    /// `value` if there is no error.
    ///
    /// # Errors
    /// These.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(Box::new(vec![error]))
    }
}

impl Extend<ConfigError> for ConfigErrors {
    fn extend<I: IntoIterator<Item = ConfigError>>(&mut self, errors: I) {
        errors.into_iter().for_each(|error| self.push(error));
    }
}

impl FromIterator<ConfigError> for ConfigErrors {
    fn from_iter<I: IntoIterator<Item = ConfigError>>(errors: I) -> Self {
        let mut all = Self::new();
        all.extend(errors);
        all
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One error a line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// `text` for an error: in quotes, control characters escaped, cut after 64 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 64;
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{cut:?}{more}")
}

#[cfg(test)]
mod tests;
