//! JSON Web Key Set (RFC 7517 section 5), and which of its keys are tried.

use std::fmt;

use serde_json::Value;
use sluicegate_common::config::{ConfigError, ConfigErrors, parse_json, quoted};

use super::jwk::json_type;
use super::{Algorithm, Key};
use crate::reason::Reason;

/// Bytes of a fetched document.
pub const MAX_DOCUMENT: usize = 256 * 1024;
/// Keys of a set.
pub const MAX_KEYS: usize = 256;
/// Keys tried for one token: each costs a verification, and whoever sends the token makes us pay.
pub const MAX_CANDIDATES: usize = 4;

/// Keys of an issuer, at least one.
#[derive(Debug, Clone)]
pub struct KeySet {
    keys: Vec<Key>,
    /// Whether a token's `kid` chooses among them.
    named: bool,
}

impl KeySet {
    /// The set `{"keys": [..]}` of a config. Keys for others are left out (RFC 7517 section 5): issuers publish those for
    /// encryption, and of kinds that are not offered, beside those that verify.
    ///
    /// # Errors
    /// No list of 1 to 256 keys, and everything that is wrong with any key (see [`Key::from_jwk`]).
    pub fn inline(jwks: &Value) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut keys = Vec::new();
        let ours = list(jwks)?.iter().enumerate().filter(|(_, jwk)| !is_for_others(jwk));
        for (index, jwk) in ours {
            keys.extend(errors.take(key(jwk).map_err(|why| why.under(&format!("keys[{index}]")))));
        }
        if keys.is_empty() && errors.is_empty() {
            errors
                .push(ConfigError::invalid("keys", "needs at least one key for verifying, of a kind that is offered"));
        }
        errors.into_result(Self { keys, named: true })
    }

    /// A fetched set, at most 256 KiB. Keys that are broken, or not for verifying, are left out (RFC 7517 section 5),
    /// and told.
    ///
    /// # Errors
    /// No set, or no key that is left.
    pub fn fetched(document: &[u8]) -> Result<(Self, Vec<SkippedKey>), JwksError> {
        if document.len() > MAX_DOCUMENT {
            return Err(JwksError::TooLarge);
        }
        if document.trim_ascii().is_empty() {
            return Err(JwksError::Empty);
        }
        let jwks = parse_json(document).map_err(JwksError::Malformed)?;
        let mut keys = Vec::new();
        let mut skipped = Vec::new();
        for (index, jwk) in list(&jwks).map_err(|error| JwksError::Malformed(error.into()))?.iter().enumerate() {
            match key(jwk) {
                Ok(key) => keys.push(key),
                Err(why) => skipped.push(SkippedKey { index, kid: kid_of(jwk), why }),
            }
        }
        if keys.is_empty() { Err(JwksError::NoUsableKey(skipped)) } else { Ok((Self { keys, named: true }, skipped)) }
    }

    /// The keys.
    pub fn iter(&self) -> std::slice::Iter<'_, Key> {
        self.keys.iter()
    }

    /// Whether some key is one for this algorithm.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.iter().any(|key| key.fits(algorithm))
    }

    /// The keys to try for a token with this `alg` and `kid`, at least one and at most 4: those with exactly this `kid`,
    /// or any where the token has none, that fit the algorithm. A secret or a PEM has no `kid`, so it serves every one.
    ///
    /// # Errors
    /// [`Reason::UnknownKid`]: no key has this `kid`. [`Reason::AlgNotAllowed`]: no such key fits.
    pub fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<impl Iterator<Item = &Key>, Reason> {
        let asked = move |key: &&Key| !self.named || kid.is_none_or(|kid| key.kid() == Some(kid));
        let mut named = self.iter().filter(asked).peekable();
        if named.peek().is_none() {
            return Err(Reason::UnknownKid);
        }
        let mut fitting = named.filter(move |key| key.fits(algorithm)).take(MAX_CANDIDATES).peekable();
        if fitting.peek().is_none() { Err(Reason::AlgNotAllowed) } else { Ok(fitting) }
    }
}

/// A secret or a PEM.
impl From<Key> for KeySet {
    fn from(key: Key) -> Self {
        Self { keys: vec![key], named: false }
    }
}

impl<'a> IntoIterator for &'a KeySet {
    type Item = &'a Key;
    type IntoIter = std::slice::Iter<'a, Key>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn list(jwks: &Value) -> Result<&[Value], ConfigError> {
    const SET: &str = "a JSON Web Key Set such as {\"keys\": [..]}";
    let Value::Object(set) = jwks else { return Err(ConfigError::expected("", SET, json_type(jwks))) };
    match set.get("keys") {
        Some(Value::Array(keys)) if keys.len() > MAX_KEYS => {
            Err(ConfigError::expected("keys", format!("at most {MAX_KEYS} keys"), keys.len().to_string()))
        }
        Some(Value::Array(keys)) => Ok(keys),
        Some(other) => Err(ConfigError::expected("keys", "a list of keys", json_type(other))),
        None => Err(ConfigError::expected("", SET, "an object without \"keys\"")),
    }
}

fn key(jwk: &Value) -> Result<Key, ConfigErrors> {
    match jwk {
        Value::Object(jwk) => Key::from_jwk(jwk),
        other => Err(ConfigError::expected("", "a JSON Web Key", json_type(other)).into()),
    }
}

/// Whether the key says of itself that it is not for us: another `kty`, `crv`, `use` or `alg` than those offered.
fn is_for_others(jwk: &Value) -> bool {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let curve = match member("kty") {
        Some("EC") => Some("P-256"),
        Some("OKP") => Some("Ed25519"),
        Some("RSA" | "oct") | None => None,
        Some(_) => return true,
    };
    curve.zip(member("crv")).is_some_and(|(offered, given)| offered != given)
        || member("use").is_some_and(|given| given != "sig")
        || member("alg").is_some_and(|given| Algorithm::of_name(given).is_none())
}

/// The `kid` as it may be logged.
fn kid_of(jwk: &Value) -> Option<String> {
    jwk.get("kid").and_then(Value::as_str).map(quoted)
}

/// A key of a fetched set that is not used. Displayed in one line for a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the list.
    pub index: usize,
    /// Its `kid`, in quotes, escaped and cut.
    pub kid: Option<String>,
    /// What is wrong with it.
    pub why: ConfigErrors,
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys[{}]", self.index)?;
        if let Some(kid) = &self.kid {
            write!(f, " (kid {kid})")?;
        }
        for (position, error) in self.why.iter().enumerate() {
            f.write_str(if position == 0 { ": " } else { "; " })?;
            match error.path() {
                "" => write!(f, "{}", error.kind())?,
                path => write!(f, "{path}: {}", error.kind())?,
            }
        }
        Ok(())
    }
}

/// Why a fetched document is no set of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksError {
    /// More than 256 KiB.
    TooLarge,
    /// No byte, or white space alone.
    Empty,
    /// Not JSON, or no set.
    Malformed(ConfigErrors),
    /// The set has no key that can be used.
    NoUsableKey(Vec<SkippedKey>),
}

impl fmt::Display for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "more than {MAX_DOCUMENT} bytes"),
            Self::Empty => f.write_str("empty"),
            Self::Malformed(errors) => match errors.iter().next() {
                // The names in a path are the document's own.
                Some(error) if !error.path().is_empty() => write!(f, "at {}: {}", quoted(error.path()), error.kind()),
                Some(error) => write!(f, "{}", error.kind()),
                None => f.write_str("no JSON Web Key Set"),
            },
            Self::NoUsableKey(skipped) => match skipped.first() {
                Some(first) => write!(f, "none of {} keys can be used: {first}", skipped.len()),
                None => f.write_str("no key"),
            },
        }
    }
}

impl std::error::Error for JwksError {}

#[cfg(test)]
mod tests;
