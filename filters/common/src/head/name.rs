//! Names of headers that edits may bear.

use std::borrow::Cow;

use crate::config::HeaderName;

/// A header name: a token (RFC 9110 section 5.6.2), or one of HTTP/2's pseudo headers.
pub type Name = Cow<'static, str>;

/// What names a header in an edit.
pub trait AsName {
    /// The name.
    fn text(&self) -> &str;

    /// Whether it is known to be a token. Others are looked at with every edit.
    fn is_checked(&self) -> bool {
        false
    }
}

/// A token that stands in the code, checked where it is compiled.
///
/// ```
/// use sluicegate_common::head::StaticName;
///
/// const SERVER: StaticName = StaticName::new("server");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaticName(&'static str);

impl StaticName {
    /// For constants: the compiler refuses what is no token, at run time it would be a panic.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_token(name.as_bytes()));
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl AsName for StaticName {
    fn text(&self) -> &str {
        self.0
    }

    fn is_checked(&self) -> bool {
        true
    }
}

/// A name out of the config, which was checked where that was read ([`HeaderName`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigName<'a>(pub &'a str);

impl AsName for ConfigName<'_> {
    fn text(&self) -> &str {
        self.0
    }

    fn is_checked(&self) -> bool {
        true
    }
}

impl AsName for HeaderName {
    fn text(&self) -> &str {
        self.as_str()
    }

    fn is_checked(&self) -> bool {
        true
    }
}

impl AsName for str {
    fn text(&self) -> &str {
        self
    }
}

impl AsName for String {
    fn text(&self) -> &str {
        self
    }
}

impl AsName for Cow<'_, str> {
    fn text(&self) -> &str {
        self
    }
}

impl<T: AsName + ?Sized> AsName for &T {
    fn text(&self) -> &str {
        (**self).text()
    }

    fn is_checked(&self) -> bool {
        (**self).is_checked()
    }
}

/// Whether `text` is a token (RFC 9110 section 5.6.2): a header name, a method.
#[must_use]
pub const fn is_token(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        if !is_tchar(*byte) {
            return false;
        }
        rest = tail;
    }
    !text.is_empty()
}

const fn is_tchar(byte: u8) -> bool {
    const LOW: u64 = tchars(0);
    const HIGH: u64 = tchars(64);
    let bits = if byte < 64 { LOW } else { HIGH };
    byte.is_ascii() && bits.wrapping_shr(byte as u32) & 1 == 1
}

/// A bit for each of 64 characters.
const fn tchars(from: u8) -> u64 {
    let (mut bits, mut at) = (0, 0u8);
    while at < 64 {
        let byte = from.wrapping_add(at);
        if byte.is_ascii_alphanumeric() || is_mark(byte) {
            bits |= 1u64.wrapping_shl(at as u32);
        }
        at = at.wrapping_add(1);
    }
    bits
}

const fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
    )
}
