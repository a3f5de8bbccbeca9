//! A token in its compact serialization (RFC 7515 section 7.1, RFC 7519 section 7.2), parsed strictly and not verified.

use std::fmt;

use serde_json::Value;
use sluicegate_common::config::{Object, parse_json};

use super::base64url;
use crate::reason::Reason;

/// What a token says. Nothing of it is to be believed before its signature was verified.
///
/// Keys that a header carries or points to (`jwk`, `jku`, `x5c`, `x5u`) are not even read (RFC 8725 section 3.10).
pub struct Token<'a> {
    signing_input: &'a [u8],
    payload: &'a [u8],
    signature: Vec<u8>,
    header: Header,
    claims: Object,
}

/// The fields of a header that decide.
struct Header {
    algorithm: String,
    key_id: Option<String>,
    media_type: Option<String>,
}

impl<'a> Token<'a> {
    /// Reads a token of at most `max_size` bytes.
    ///
    /// Its three parts are base64url without padding, white space, or bits that do not count, so that a token has one
    /// spelling; its header and payload are JSON objects without duplicate names. `crit` and `b64` are refused: no
    /// extension is understood (RFC 7515 section 4.1.11), and RFC 7797 section 7 forbids the other in a token.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn parse(bytes: &'a [u8], max_size: usize) -> Result<Self, Reason> {
        if bytes.len() > max_size {
            return Err(Reason::Malformed);
        }
        let mut parts = bytes.split(|&byte| byte == b'.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Reason::Malformed);
        };
        Ok(Self {
            signing_input: signing_input(bytes),
            payload,
            signature: decode(signature)?,
            header: Header::read(object(header)?)?,
            claims: object(payload)?,
        })
    }

    /// The bytes that were signed, a slice of the token.
    #[must_use]
    pub fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }

    /// The payload as it stands in the token: base64url.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The signature, decoded.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// `alg` of the header (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.header.algorithm
    }

    /// `kid` of the header (RFC 7515 section 4.1.4).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    /// `typ` of the header (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.header.media_type.as_deref()
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> &Object {
        &self.claims
    }

    /// The claims, without a copy.
    #[must_use]
    pub fn into_claims(self) -> Object {
        self.claims
    }
}

/// Nothing of a token goes into a log.
impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

impl Header {
    fn read(mut header: Object) -> Result<Self, Reason> {
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Reason::Malformed);
        }
        Ok(Self {
            algorithm: text(header.remove("alg"))?.ok_or(Reason::Malformed)?,
            key_id: text(header.remove("kid"))?,
            media_type: text(header.remove("typ"))?,
        })
    }
}

/// What the signature of a token covers: all before the last dot.
#[must_use]
pub fn signing_input(token: &[u8]) -> &[u8] {
    let end = token.iter().rposition(|&byte| byte == b'.').unwrap_or(token.len());
    token.get(..end).unwrap_or(token)
}

fn text(value: Option<Value>) -> Result<Option<String>, Reason> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Reason::Malformed),
    }
}

fn object(part: &[u8]) -> Result<Object, Reason> {
    match parse_json(&decode(part)?) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Reason::Malformed),
    }
}

fn decode(part: &[u8]) -> Result<Vec<u8>, Reason> {
    base64url::decode(part).ok_or(Reason::Malformed)
}

#[cfg(test)]
mod tests;
