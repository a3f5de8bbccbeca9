//! The path of a request, in the one form that rules and keys compare.
//!
//! A proxy forwards the path as it was sent, and servers read it differently: some decode twice, some merge slashes,
//! some drop what stands behind a semicolon. A rule on `/admin` holds only if no reading of a path that escapes it is
//! `/admin` to the server behind. Hence:
//!
//! 1. The path ends at the first `?` (RFC 3986 section 3.3).
//! 2. Percent escapes are decoded once; a `%` without two hexadecimal digits stays as it is.
//! 3. Empty segments and `.` are dropped, `..` takes the segment before it away (RFC 3986 section 5.2.4). The form has
//!    no slash at its end: `/a/` is `/a`.
//! 4. A path on whose meaning servers may differ is [ambiguous](Ambiguity), and refused unless the config says
//!    [`OnAmbiguousPath::MatchRaw`].
//!
//! Targets that are no path: an empty one is `/` (RFC 9112 section 3.2.1); `*` (RFC 9112 section 3.2.4) stays `*` and
//! has no segment, so that only the prefix `/` covers it; all others, absolute ones (RFC 9112 section 3.2.2) among
//! them, are ambiguous: hosts have made paths of them before a filter runs.
//!
//! Not looked for: overlong UTF-8 (`%c0%af`) and characters that only look like a slash.

mod ambiguity;
pub mod query;

use std::borrow::Cow;

pub use ambiguity::{Ambiguity, OnAmbiguousPath};

/// A request's path in normal form. Bytes: what they encode is not assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalPath {
    text: Vec<u8>,
    /// What was sent and why it is ambiguous.
    ambiguous: Option<(Vec<u8>, Ambiguity)>,
}

impl NormalPath {
    /// The form of a request target, path and query.
    #[must_use]
    pub fn of(target: &[u8]) -> Self {
        let (raw, _) = query::split(target);
        if raw == b"*" {
            return Self { text: raw.to_vec(), ambiguous: None };
        }
        let (decoded, in_bytes) = decode(raw);
        let (text, in_segments) = resolve(&decoded);
        let not_a_path = raw.first().is_some_and(|&first| first != b'/').then_some(Ambiguity::NotAPath);
        let ambiguity = not_a_path.or(in_bytes).or(in_segments);
        Self { text, ambiguous: ambiguity.map(|why| (raw.to_vec(), why)) }
    }

    /// `/`, `/a/b` or `*`. Not to be matched where [`NormalPath::ambiguity`] tells something: see
    /// [`NormalPath::reading`].
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether servers may read the path differently, and why.
    #[must_use]
    pub fn ambiguity(&self) -> Option<Ambiguity> {
        self.ambiguous.as_ref().map(|(_, why)| *why)
    }

    /// The segments of [`NormalPath::text`].
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> + Clone {
        segments(&self.text)
    }

    /// What rules compare: the normal form, or of an ambiguous path the bytes that were sent, up to the `?`.
    ///
    /// # Errors
    /// The path is ambiguous and such are to be refused.
    pub fn reading(&self, on_ambiguous: OnAmbiguousPath) -> Result<&[u8], Ambiguity> {
        match (&self.ambiguous, on_ambiguous) {
            (None, _) => Ok(&self.text),
            (Some((raw, _)), OnAmbiguousPath::MatchRaw) => Ok(raw),
            (Some((_, why)), OnAmbiguousPath::Reject) => Err(*why),
        }
    }
}

/// The segments of a path, none of `/`. Also of one as it was sent, whose empty and dot segments count.
pub fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let below_root = path.strip_prefix(b"/").filter(|rest| !rest.is_empty());
    below_root.into_iter().flat_map(|rest| rest.split(|&byte| byte == b'/'))
}

/// Decodes percent escapes once, and finds the first byte that makes the path ambiguous.
fn decode(raw: &[u8]) -> (Cow<'_, [u8]>, Option<Ambiguity>) {
    if !raw.contains(&b'%') {
        return (Cow::Borrowed(raw), raw.iter().find_map(|&byte| Ambiguity::of_raw(byte)));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut ambiguity = None;
    let mut rest = raw;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, found, after) = match query::unescape(rest) {
            Some((byte, after)) => (byte, Ambiguity::of_escaped(byte), after),
            None => (first, Ambiguity::of_raw(first), tail),
        };
        ambiguity = ambiguity.or(found);
        decoded.push(byte);
        rest = after;
    }
    let again = decoded.windows(3).any(|window| query::unescape(window).is_some());
    (Cow::Owned(decoded), ambiguity.or(again.then_some(Ambiguity::EncodedTwice)))
}

/// Drops empty segments and `.`, resolves `..`.
fn resolve(decoded: &[u8]) -> (Vec<u8>, Option<Ambiguity>) {
    let mut text = Vec::with_capacity(decoded.len().max(1));
    let mut ambiguity = None;
    for segment in decoded.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                if let Some(slash) = text.iter().rposition(|&byte| byte == b'/') {
                    text.truncate(slash);
                    ambiguity = ambiguity.or(Some(Ambiguity::ParentSegment));
                }
            }
            _ => {
                if let [.., b'.' | b' '] = segment {
                    ambiguity = ambiguity.or(Some(Ambiguity::TrailingDotOrSpace));
                }
                text.push(b'/');
                text.extend_from_slice(segment);
            }
        }
    }
    if text.is_empty() {
        text.push(b'/');
    }
    (text, ambiguity)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
