//! Tokens that this gateway makes: signed with a shared secret.

use std::fmt;

use serde_json::{Value, json};
use sluicegate_common::config::{ConfigError, Object, Secret};

use super::signature::HmacKey;
use super::{Algorithm, base64url};

/// A secret that signs, and with which algorithm.
pub struct Signer {
    key: HmacKey,
    algorithm: Algorithm,
}

impl Signer {
    /// Whether these algorithms sign: those of shared secrets.
    #[must_use]
    pub fn offers(algorithm: Algorithm) -> bool {
        matches!(algorithm, Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512)
    }

    /// Signs with this secret.
    ///
    /// # Errors
    /// A secret that is shorter than the algorithm's hash (RFC 7518 section 3.2), or a PEM.
    pub fn new(secret: &Secret, algorithm: Algorithm) -> Result<Self, ConfigError> {
        let key = HmacKey::new(secret.expose()).map_err(|error| ConfigError::new("", error.kind().clone()))?;
        if !key.fits(algorithm) {
            let found = format!("{} bytes", secret.expose().len());
            return Err(ConfigError::expected("", format!("a secret as long as the hash of {algorithm}"), found));
        }
        Ok(Self { key, algorithm })
    }

    /// A token with these claims (RFC 7519 section 7.1).
    #[must_use]
    pub fn sign(&self, claims: Object) -> String {
        let header = json!({"alg": self.algorithm.name(), "typ": "JWT"}).to_string();
        let mut token = base64url::encode(header);
        token.push('.');
        token.push_str(&base64url::encode(Value::Object(claims).to_string()));
        let signature = self.key.sign(self.algorithm, token.as_bytes()).unwrap_or_default();
        token.push('.');
        token.push_str(&base64url::encode(signature));
        token
    }
}

/// Without the secret.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
