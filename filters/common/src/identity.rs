//! Who a request was found to come from, as it travels between modules of one stream.
//!
//! It travels as a property and never as a header: a client can write any header and no property. Without the
//! property there is no consumer, whatever headers say. Every Wasm plugin of the stream can overwrite it, so the
//! filter that sets it stands before those that read it.
//!
//! The bytes, five lines without a newline at the end:
//!
//! ```text
//! 1                       the version of this layout
//! partner-gold            the consumer's id; empty for nobody
//! p1-2026                 the credential's id; may be empty
//! gold,beta               the groups
//! 0                       1 if the consumer stands for those who did not authenticate
//! ```

use std::fmt;

use crate::config::parse_json;
use crate::proxy::{Proxy, Status};

mod headers;

pub use headers::{remove_spellings, spells};

/// The property as Envoy takes it: filter state of the stream.
pub const PROPERTY: &[&str] = &["sluicegate.consumer"];

/// The property as Kong's engine takes it, which lets filters set `wasmx.*` alone.
pub const PROPERTY_IN_KONG: &[&str] = &["wasmx", "sluicegate_consumer"];

/// The longest claims that are published, in bytes.
pub const MAX_CLAIMS: usize = 8 * 1024;

/// The property of the verified claims, as Envoy takes it: the JSON object of a token's payload.
pub const CLAIMS: &[&str] = &["sluicegate.claims"];

/// The same as Kong's engine takes it.
pub const CLAIMS_IN_KONG: &[&str] = &["wasmx", "sluicegate_claims"];

const VERSION: &str = "1";

/// A verified identity, kept in the form in which it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    lines: String,
    /// Where all lines but the last end.
    ends: [usize; 4],
}

/// Why there cannot be such an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityError {
    /// A comma or a control character, the separators of lists, lines and headers.
    Forbidden {
        /// `consumer`, `credential` or `group`.
        part: &'static str,
        /// What was found in it.
        found: char,
    },
    /// A space at an end: it would be cut off a header on the way (RFC 9110 section 5.5), and one name become another.
    Blank {
        /// `consumer`, `credential` or `group`.
        part: &'static str,
    },
    /// An empty group, or an empty consumer that is not anonymous.
    Empty {
        /// `consumer` or `group`.
        part: &'static str,
    },
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden { part, found } => {
                write!(f, "{part}: expected no comma and no control character, found {found:?}")
            }
            Self::Blank { part } => write!(f, "{part}: expected no space at an end, found one"),
            Self::Empty { part } => write!(f, "{part}: expected a name, found an empty one"),
        }
    }
}

impl std::error::Error for IdentityError {}

impl Identity {
    /// The identity of a consumer; `anonymous` if it stands for those who did not authenticate, and may then have no
    /// id.
    ///
    /// # Errors
    /// [`IdentityError`]: ids and groups come from tokens as well as from configuration.
    pub fn new(id: &str, credential: &str, groups: &[&str], anonymous: bool) -> Result<Self, IdentityError> {
        check("consumer", id, anonymous)?;
        check("credential", credential, true)?;
        for group in groups {
            check("group", group, false)?;
        }
        let flag = if anonymous { "1" } else { "0" };
        let groups = groups.join(",");
        let (mut ends, mut end) = ([0; 4], 0_usize);
        for (place, line) in ends.iter_mut().zip([VERSION, id, credential, &groups]) {
            *place = end.saturating_add(line.len());
            end = place.saturating_add(1);
        }
        Ok(Self { lines: [VERSION, id, credential, &groups, flag].join("\n"), ends })
    }

    /// Reads the property's bytes; `None` for anything that [`Identity::encode`] does not write.
    #[must_use]
    pub fn decode(bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        let mut lines = text.split('\n');
        let (_, id, credential) = (lines.next()?, lines.next()?, lines.next()?);
        let (groups, flag) = (lines.next()?, lines.next()?);
        let groups: Vec<&str> = if groups.is_empty() { Vec::new() } else { groups.split(',').collect() };
        let identity = Self::new(id, credential, &groups, flag == "1").ok()?;
        (identity.lines == text).then_some(identity)
    }

    /// The property's bytes.
    #[must_use]
    pub fn encode(&self) -> &[u8] {
        self.lines.as_bytes()
    }

    /// The consumer's id; empty for nobody.
    #[must_use]
    pub fn id(&self) -> &str {
        self.line(1)
    }

    /// The id of the credential that was shown; may be empty.
    #[must_use]
    pub fn credential(&self) -> &str {
        self.line(2)
    }

    /// The groups, joined by commas, as in the header for the upstream.
    #[must_use]
    pub fn group_list(&self) -> &str {
        self.line(3)
    }

    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let list = self.group_list();
        // Splitting an empty list gives one empty name.
        list.split(',').filter(move |_| !list.is_empty())
    }

    /// Whether the consumer stands for those who did not authenticate.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.line(4) == "1"
    }

    /// The line between two others.
    fn line(&self, at: usize) -> &str {
        let [before, end] = [at.wrapping_sub(1), at].map(|at| self.ends.get(at).copied());
        let start = before.map_or(0, |before| before.saturating_add(1));
        self.lines.get(start..end.unwrap_or(self.lines.len())).unwrap_or_default()
    }
}

/// Hands an identity to the filters behind, other modules' included.
///
/// # Errors
/// The host lets no filter set the property.
pub fn publish(identity: &Identity, proxy: &dyn Proxy) -> Result<(), Status> {
    publish_as(PROPERTY, PROPERTY_IN_KONG, identity.encode(), proxy)
}

/// Hands verified claims to the filters behind: a JSON object of at most [`MAX_CLAIMS`] bytes. Others are not published.
///
/// # Errors
/// The host lets no filter set the property, or it is none of these ([`Status::BadArgument`]).
pub fn publish_claims(claims: &[u8], proxy: &dyn Proxy) -> Result<(), Status> {
    if claims.len() > MAX_CLAIMS || !parse_json(claims).is_ok_and(|claims| claims.is_object()) {
        return Err(Status::BadArgument);
    }
    publish_as(CLAIMS, CLAIMS_IN_KONG, claims, proxy)
}

fn publish_as(path: &[&str], in_kong: &[&str], bytes: &[u8], proxy: &dyn Proxy) -> Result<(), Status> {
    proxy.set_property(path, bytes).or_else(|_| proxy.set_property(in_kong, bytes))
}

/// Whether it may be a consumer's id or a group: not empty, no comma, no control character, no space at an end.
#[must_use]
pub fn is_name(text: &str) -> bool {
    check("", text, false).is_ok()
}

fn check(part: &'static str, name: &str, may_be_empty: bool) -> Result<(), IdentityError> {
    if let Some(found) = name.chars().find(|&c| c == ',' || c.is_ascii_control()) {
        return Err(IdentityError::Forbidden { part, found });
    }
    if name.starts_with(' ') || name.ends_with(' ') {
        return Err(IdentityError::Blank { part });
    }
    if name.is_empty() && !may_be_empty {
        return Err(IdentityError::Empty { part });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
