//! What stands before a credential.

use sluicegate_common::config::Text;
use sluicegate_common::head::is_token;

use crate::reason::Reason;

/// What stands before a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nothing.
    #[default]
    None,
    /// An authentication scheme, of either case, and blanks (RFC 9110 section 11.4).
    Scheme(String),
    /// These bytes.
    Text(String),
}

impl Prefix {
    /// What stands behind the prefix; `None` where the prefix does not stand there.
    pub fn strip<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        match self {
            Self::None => Some(value),
            Self::Text(text) => value.strip_prefix(text.as_bytes()),
            Self::Scheme(scheme) => {
                let (found, behind) = value.split_at_checked(scheme.len())?;
                let ends = behind.first().is_none_or(|&byte| byte == b' ');
                (ends && found.eq_ignore_ascii_case(scheme.as_bytes())).then(|| behind.trim_ascii())
            }
        }
    }

    /// Whether what stands behind the prefix can be a credential; `None` if it is nothing at all.
    ///
    /// # Errors
    /// It cannot.
    pub fn check<'v>(&self, text: &'v [u8]) -> Result<Option<&'v [u8]>, Reason> {
        let in_scheme = matches!(self, Self::Scheme(_));
        // Without a branch for each byte: nearly every text is fine.
        let bad = text
            .iter()
            .fold(false, |bad, &byte| bad | byte.is_ascii_control() | (in_scheme & ((byte == b' ') | (byte == b'"'))));
        if bad { Err(Reason::Malformed) } else { Ok((!text.is_empty()).then_some(text)) }
    }
}

impl Text for Prefix {
    const EXPECTED: &'static str =
        "a prefix such as \"Bearer \" (a scheme and a blank) or \"key-\" (no blanks, no comma)";

    fn parse(text: &str) -> Option<Self> {
        if let Some(scheme) = text.strip_suffix(' ') {
            return is_token(scheme.as_bytes()).then(|| Self::Scheme(scheme.to_owned()));
        }
        let fits = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        (fits && !text.is_empty()).then(|| Self::Text(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Prefix);
