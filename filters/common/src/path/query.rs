//! The query of a request target.
//!
//! Names and values are read as servers read a submitted form (URL standard, section 5.1,
//! "application/x-www-form-urlencoded parsing"): `&` separates, the first `=` ends the name, `+` is a space, escapes
//! are decoded once and stay as they are where two hexadecimal digits are missing. The result is bytes.

use std::borrow::Cow;

/// A target's path, and its query if it has one, without the `?`.
#[must_use]
pub fn split(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = target.splitn(2, |&byte| byte == b'?');
    (parts.next().unwrap_or_default(), parts.next())
}

/// Each name with its value, decoded. A pair without `=` has an empty value.
pub fn pairs(query: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    query.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        let mut part = || decoded(parts.next().unwrap_or_default());
        (part(), part())
    })
}

/// A name or value as [`pairs`] reads it.
#[must_use]
pub fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, after) = match unescape(rest) {
            Some(unescaped) => unescaped,
            None if first == b'+' => (b' ', tail),
            None => (first, tail),
        };
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(decoded)
}

/// The byte that `text` starts with if that is a valid percent escape, and what follows it.
pub(super) fn unescape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (escape, rest) = text.split_first_chunk::<3>()?;
    let [b'%', high, low] = escape else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let value = (digit(high)? << 4) | digit(low)?;
    Some((u8::try_from(value).ok()?, rest))
}
