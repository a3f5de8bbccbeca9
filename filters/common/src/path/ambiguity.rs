//! Paths that servers read differently.

use std::fmt;

use crate::config::FromConfig;

/// Why a path may mean different things to the proxy and to the server behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ambiguity {
    /// The target is no path: it does not start with a slash.
    NotAPath,
    /// A control byte, as sent or decoded: C strings end at NUL, others strip it.
    ControlByte,
    /// A space that was not encoded.
    Space,
    /// A backslash, as sent or decoded: a slash to some.
    Backslash,
    /// A semicolon, as sent or decoded: servlets drop what follows it in a segment.
    Semicolon,
    /// A `#`, as sent or decoded: the path's end to some.
    NumberSign,
    /// An encoded `?`: the path's end to those who decode first.
    QuestionMark,
    /// An encoded slash: a separator to some, part of a segment to others.
    Slash,
    /// Decoded once, the path holds a valid escape: some decode again.
    EncodedTwice,
    /// A segment other than `.` and `..` that ends in a dot or a space: Windows drops those.
    TrailingDotOrSpace,
    /// `..` takes a segment away. Who does not resolve it sees `/admin/../x` below `/admin`.
    ParentSegment,
}

impl Ambiguity {
    pub(super) fn of_raw(byte: u8) -> Option<Self> {
        match byte {
            b' ' => Some(Self::Space),
            _ => Self::of_either(byte),
        }
    }

    pub(super) fn of_escaped(byte: u8) -> Option<Self> {
        match byte {
            b'?' => Some(Self::QuestionMark),
            b'/' => Some(Self::Slash),
            _ => Self::of_either(byte),
        }
    }

    fn of_either(byte: u8) -> Option<Self> {
        match byte {
            b'\\' => Some(Self::Backslash),
            b';' => Some(Self::Semicolon),
            b'#' => Some(Self::NumberSign),
            byte if byte.is_ascii_control() => Some(Self::ControlByte),
            _ => None,
        }
    }
}

/// What the path has or is: "holds a backslash".
impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAPath => "does not start with a slash",
            Self::ControlByte => "holds a control byte",
            Self::Space => "holds a space",
            Self::Backslash => "holds a backslash",
            Self::Semicolon => "holds a semicolon",
            Self::NumberSign => "holds a number sign",
            Self::QuestionMark => "holds an encoded question mark",
            Self::Slash => "holds an encoded slash",
            Self::EncodedTwice => "is encoded twice",
            Self::TrailingDotOrSpace => "has a segment that ends in a dot or a space",
            Self::ParentSegment => "leaves a segment again by \"..\"",
        })
    }
}

/// `on_ambiguous_path`: what becomes of a request with such a path, where the config looks at paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub enum OnAmbiguousPath {
    /// It is refused with 400.
    #[default]
    Reject,
    /// Rules see the path as it was sent, up to the first `?`: nothing decoded, dropped or resolved. Only for servers
    /// known to read it the same way.
    #[config(rename = "match_raw")]
    MatchRaw,
}
