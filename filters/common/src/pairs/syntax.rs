//! How lists of pairs are written.

use std::borrow::Cow;
use std::fmt;

/// How a list is written.
pub trait Syntax {
    /// What stands between two parts.
    const SEPARATOR: u8;
    /// What stands between a separator and a pair that is created.
    const GAP: &'static [u8];

    /// The pair that a part is.
    fn pair(part: &[u8]) -> Option<Pair<'_>>;

    /// A line as it stands when the part before it went. Empty if it has nothing to say.
    fn start(line: &[u8]) -> &[u8];

    /// Writes a name.
    fn name(name: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable>;

    /// Writes a value.
    fn value(value: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable>;
}

/// A pair as it is read, and the bytes it is written with.
pub struct Pair<'a> {
    /// As it is read.
    pub name: Cow<'a, [u8]>,
    /// As it is read.
    pub value: Cow<'a, [u8]>,
    /// What is written before the name.
    pub before: &'a [u8],
    /// The name as it is written.
    pub written_name: &'a [u8],
    /// What is written behind the name: nothing, or from the `=` on.
    pub behind: &'a [u8],
}

impl Pair<'_> {
    /// The pair under another name.
    pub fn with_name<S: Syntax>(&self, name: &[u8]) -> Result<Vec<u8>, Unwritable> {
        Ok([self.before, &S::name(name)?, self.behind].concat())
    }

    /// The pair with another value.
    pub fn with_value<S: Syntax>(&self, value: &[u8]) -> Result<Vec<u8>, Unwritable> {
        Ok([self.before, self.written_name, b"=", &S::value(value)?].concat())
    }
}

/// A new pair.
pub fn pair<S: Syntax>(name: &[u8], value: &[u8]) -> Result<Vec<u8>, Unwritable> {
    Ok([&*S::name(name)?, b"=", &*S::value(value)?].concat())
}

/// What an edit wanted to write, and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritable {
    /// A name.
    Name,
    /// A value.
    Value,
    /// More than one edit may write: [`MAX_WRITTEN`](super::written::MAX_WRITTEN).
    TooLong,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a name that cannot be written",
            Self::Value => "a value that cannot be written",
            Self::TooLong => "more than 64 KiB",
        })
    }
}
