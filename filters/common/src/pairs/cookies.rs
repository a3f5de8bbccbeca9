//! Edits of the cookies of a request.
//!
//! Read as [`crate::matcher::cookies`] reads them: blanks around names and values and the quotes around a
//! value are no part of them, and what has no `=` is no cookie. Written strictly (RFC 6265 section 4.1.1), so that no
//! value can bring a cookie of its own.

use std::borrow::Cow;

use crate::head::is_token;

use crate::pairs::{self, Edit, Edited, Names, Pair, Syntax, Unwritable};

/// Edits the values of the `Cookie` lines. A line that loses its last cookie goes, a new cookie stands at the end of the
/// last line. Only a name that [`is_cookie_name`] and a value that [`is_cookie_value`] can be written.
pub fn edit(lines: &[&[u8]], names: &Names, edit: &Edit<'_>) -> Edited<Vec<Vec<u8>>> {
    pairs::edit::<Cookies>(lines, names, edit)
}

/// Whether a cookie of that name can be written: a token (RFC 6265 section 4.1.1).
#[must_use]
pub fn is_cookie_name(name: &[u8]) -> bool {
    is_token(name)
}

/// Whether a cookie of that value can be written: cookie-octets (RFC 6265 section 4.1.1), which are visible ASCII but
/// for `"`, `,`, `;` and `\`. None at all is a value, too.
#[must_use]
pub fn is_cookie_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\'))
}

struct Cookies;

impl Syntax for Cookies {
    const SEPARATOR: u8 = b';';
    const GAP: &'static [u8] = b" ";

    fn pair(part: &[u8]) -> Option<Pair<'_>> {
        let text = part.trim_ascii_start();
        let before = part.strip_suffix(text)?;
        let equals = text.iter().position(|&byte| byte == b'=')?;
        let name = text.get(..equals)?.trim_ascii_end();
        let behind = text.strip_prefix(name)?;
        let value = text.get(equals..)?.strip_prefix(b"=")?.trim_ascii();
        let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        let value = unquoted.unwrap_or(value);
        Some(Pair { name: name.into(), value: value.into(), before, written_name: name, behind })
    }

    fn start(line: &[u8]) -> &[u8] {
        line.trim_ascii_start()
    }

    fn name(name: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable> {
        if is_cookie_name(name) { Ok(name.into()) } else { Err(Unwritable::Name) }
    }

    fn value(value: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable> {
        if is_cookie_value(value) { Ok(value.into()) } else { Err(Unwritable::Value) }
    }
}

#[cfg(test)]
mod tests;
