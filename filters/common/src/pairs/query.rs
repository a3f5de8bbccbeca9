//! Edits of the query of a request target.
//!
//! Read as [`crate::path::query`] reads it. New text is percent-encoded, all but the unreserved characters
//! (RFC 3986 section 2.3).

use std::borrow::Cow;

use crate::path::query::{decoded, split};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::pairs::{self, Edit, Edited, Names, Pair, Syntax, Unwritable};

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Edits the query of a target. The `?` goes with the last parameter. Only a parameter without a name cannot be written.
pub fn edit(target: &[u8], names: &Names, edit: &Edit<'_>) -> Edited<Vec<u8>> {
    let (path, query) = split(target);
    let Edited { changed, refused } = pairs::edit::<Query>(query.as_slice(), names, edit);
    let joined =
        |query: Vec<Vec<u8>>| query.first().map_or_else(|| path.to_vec(), |query| [path, b"?", query].concat());
    Edited { changed: changed.map(joined), refused }
}

/// `text` with all but the unreserved characters percent-encoded: it stays one value, or one segment of a path.
#[must_use]
pub fn encoded(text: &[u8]) -> Cow<'_, [u8]> {
    match Cow::from(percent_encode(text, ENCODED)) {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

struct Query;

impl Syntax for Query {
    const SEPARATOR: u8 = b'&';
    const GAP: &'static [u8] = b"";

    fn pair(part: &[u8]) -> Option<Pair<'_>> {
        let equals = part.iter().position(|&byte| byte == b'=');
        let (name, behind) = part.split_at_checked(equals.unwrap_or(part.len()))?;
        let value = behind.strip_prefix(b"=").unwrap_or_default();
        let pair = Pair { name: decoded(name), value: decoded(value), before: b"", written_name: name, behind };
        (!part.is_empty()).then_some(pair)
    }

    fn start(line: &[u8]) -> &[u8] {
        line
    }

    fn name(name: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable> {
        if name.is_empty() { Err(Unwritable::Name) } else { Self::value(name) }
    }

    fn value(value: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable> {
        Ok(encoded(value))
    }
}

#[cfg(test)]
mod tests;
