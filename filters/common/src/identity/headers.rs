//! The headers that tell an upstream who is calling, and their other spellings.

use std::borrow::Cow;

/// Headers an upstream believes. The gateway removes them from every request of a client, in any spelling, before it
/// sets its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// The consumer's id.
    pub consumer_id: Cow<'static, str>,
    /// The groups, joined by commas.
    pub consumer_groups: Cow<'static, str>,
    /// The credential's id.
    pub credential_id: Cow<'static, str>,
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        Self {
            consumer_id: Cow::Borrowed("x-consumer-id"),
            consumer_groups: Cow::Borrowed("x-consumer-groups"),
            credential_id: Cow::Borrowed("x-credential-id"),
        }
    }
}

impl IdentityHeaders {
    /// Whether `name` is one of these headers to some upstream ([`spells`]).
    #[must_use]
    pub fn cover(&self, name: &[u8]) -> bool {
        [&self.consumer_id, &self.consumer_groups, &self.credential_id].into_iter().any(|header| spells(name, header))
    }
}

/// Whether an upstream may take the header `name` for `header`.
///
/// CGI, WSGI, PHP and nginx fold letters' case and turn `-`, `_` and `.` into one (RFC 3875 section 4.1.18); some
/// turn every byte of a name that is neither letter nor digit into it. So does this.
#[must_use]
pub fn spells(name: &[u8], header: &str) -> bool {
    let name = name.trim_ascii();
    name.len() == header.len() && name.iter().zip(header.as_bytes()).all(|(&one, &other)| fold(one) == fold(other))
}

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

#[cfg(test)]
mod tests;
