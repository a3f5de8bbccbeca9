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
        let is_bad = |byte: &u8| byte.is_ascii_control() || (in_scheme && matches!(byte, b' ' | b'"'));
        // Nearly every text is fine, and most of a text needs no look at its single bytes.
        let (words, rest) = text.as_chunks();
        let bad = words.iter().any(|word| is_suspicious(*word) && word.iter().any(is_bad)) || rest.iter().any(is_bad);
        if bad { Err(Reason::Malformed) } else { Ok((!text.is_empty()).then_some(text)) }
    }
}

/// Whether one of eight bytes is below 35 or is 127, as blanks, quotes and control bytes are, and one that is neither: `!`.
fn is_suspicious(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    const LOW: u64 = u64::from_ne_bytes([b'"' + 1; 8]);
    const DELETES: u64 = u64::from_ne_bytes([0x7f; 8]);
    let word = u64::from_ne_bytes(word);
    let no_delete = word ^ DELETES;
    let low = word.wrapping_sub(LOW) & !word;
    let deletes = no_delete.wrapping_sub(ONES) & !no_delete;
    (low | deletes) & TOPS != 0
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
sluicegate_common::described_text!(Prefix: "prefix");
