//! Secrets: where they come from, and that they are never shown.
//!
//! A raw secret is what the config says, a secret is the bytes. Between them stands the environment, which the host
//! passes in: `raw.key.resolve(&env)` is called where the raw config becomes the config.

use std::fmt;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::env::Env;
use super::error::{ConfigError, ConfigErrors};
use super::location::path_of;
use super::one_of::one_key;
use super::text::Text;

/// The bytes of a secret, at least one. Not comparable: comparing secrets takes constant time.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The bytes. They go into no log, error or metric.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A secret as the config gives it: `{"env": "NAME"}` or `{"value": ".."}`. It remembers its place for errors.
#[derive(Debug, Clone)]
pub struct RawSecret {
    path: String,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Env(String),
    Value(Secret),
}

impl RawSecret {
    /// The secret itself.
    ///
    /// # Errors
    /// The environment variable is not there.
    /// The secret is empty.
    pub fn resolve(self, env: &Env) -> Result<Secret, ConfigError> {
        let (path, bytes) = match self.source {
            Source::Value(secret) => (self.path, secret.0),
            Source::Env(name) => match env.get(&name) {
                Some(bytes) => (format!("{}.env", self.path), bytes.to_vec()),
                None => return Err(missing(&self.path, &name)),
            },
        };
        if bytes.is_empty() { Err(ConfigError::invalid(path, "the secret is empty")) } else { Ok(Secret(bytes)) }
    }
}

fn missing(path: &str, name: &str) -> ConfigError {
    let message = format!(
        "the VM has no environment variable {name:?}: pass it in (Envoy: `environment_variables` of the VM's \
         configuration, Istio: `vmConfig.env`)"
    );
    ConfigError::invalid(format!("{path}.env"), message)
}

impl Deserr<ConfigErrors> for RawSecret {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["env", "value"])?;
        read(key, value, location)
    }
}

fn read<V: IntoValue>(key: &str, value: Value<V>, location: ValuePointerRef<'_>) -> Result<RawSecret, ConfigErrors> {
    let text = <String as Deserr<ConfigErrors>>::deserialize_from_value(value, location.push_key(key))?;
    let source = if key == "env" { Source::Env(text) } else { Source::Value(Secret(text.into_bytes())) };
    Ok(RawSecret { path: path_of(location), source })
}

/// Something to compare a secret with: the secret itself, or its SHA-256 digest.
#[derive(Debug, Clone)]
pub enum SecretOrDigest {
    /// The secret.
    Secret(Secret),
    /// Its digest.
    Digest(Sha256),
}

/// A secret or its digest as the config gives it: like [`RawSecret`], or `{"sha256": "<64 hex digits>"}`.
#[derive(Debug, Clone)]
pub enum RawSecretOrDigest {
    /// The secret.
    Secret(RawSecret),
    /// Its digest.
    Digest(Sha256),
}

impl RawSecretOrDigest {
    /// The secret itself, or its digest.
    ///
    /// # Errors
    /// See [`RawSecret::resolve`].
    pub fn resolve(self, env: &Env) -> Result<SecretOrDigest, ConfigError> {
        match self {
            Self::Secret(raw) => raw.resolve(env).map(SecretOrDigest::Secret),
            Self::Digest(digest) => Ok(SecretOrDigest::Digest(digest)),
        }
    }

    /// Reads what stands under `key`, one of `env`, `value` and `sha256`, in the object at `location`: for sums that
    /// offer other keys beside these.
    ///
    /// # Errors
    /// It is none.
    pub fn of_key<V: IntoValue>(
        key: &str,
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        match key {
            "sha256" => Sha256::deserialize_from_value(value, location.push_key(key)).map(Self::Digest),
            _ => read(key, value, location).map(Self::Secret),
        }
    }
}

impl Deserr<ConfigErrors> for RawSecretOrDigest {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["env", "value", "sha256"])?;
        Self::of_key(key, value, location)
    }
}

/// A SHA-256 digest (FIPS 180-4), written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256(pub [u8; 32]);

impl Text for Sha256 {
    const EXPECTED: &'static str = "a SHA-256 digest of 64 hexadecimal digits";

    fn parse(text: &str) -> Option<Self> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
        let mut digest = [0; 32];
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(digest))
    }

    /// Whoever mixes up the keys writes the secret here.
    fn found(text: &str) -> String {
        format!("{} characters", text.chars().count())
    }
}

crate::deserr_text!(Sha256);

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A digest of a weak secret gives it away.
impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

#[cfg(test)]
mod tests;
