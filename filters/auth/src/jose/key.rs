//! A key and what it is for.

use std::fmt;

use sluicegate_common::config::ConfigError;

use super::Algorithm;
use super::signature::{EcdsaKey, EddsaKey, HmacKey, RsaKey};

/// A key that verifies signatures. Made by [`Key::from_secret`], [`Key::from_jwk`] and [`Key::from_pem`].
#[derive(Clone)]
pub struct Key {
    kid: Option<String>,
    /// The one algorithm it is for, if its maker said so.
    alg: Option<Algorithm>,
    material: Material,
}

/// The key itself, by its type (`kty`, `crv`).
#[derive(Clone)]
pub(super) enum Material {
    Hmac(Box<HmacKey>),
    Rsa(Box<RsaKey>),
    Ecdsa(Box<EcdsaKey>),
    Eddsa(Box<EddsaKey>),
}

impl Key {
    /// A shared secret, for HS256 and, where it is long enough, HS384 and HS512 (RFC 7518 section 3.2).
    ///
    /// # Errors
    /// Fewer than 32 bytes, or a PEM.
    pub fn from_secret(secret: &[u8]) -> Result<Self, ConfigError> {
        let key = HmacKey::new(secret).map_err(|error| ConfigError::new("", error.kind().clone()))?;
        Ok(Self::new(None, None, Material::Hmac(Box::new(key))))
    }

    pub(super) fn new(kid: Option<String>, alg: Option<Algorithm>, material: Material) -> Self {
        Self { kid, alg, material }
    }

    /// Its name in the set (RFC 7517 section 4.5).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the key is one for this algorithm: by its type, curve and length, and by its `alg`.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.alg.is_none_or(|only| only == algorithm) && self.material.fits(algorithm)
    }

    /// Whether the signature is one of this key over these bytes. A key does not verify algorithms that it does not fit.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, signing_input: &[u8], signature: &[u8]) -> bool {
        self.fits(algorithm) && self.material.verifies(algorithm, signing_input, signature)
    }
}

impl Material {
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Hmac(key) => key.fits(algorithm),
            Self::Rsa(_) => RsaKey::fits(algorithm),
            Self::Ecdsa(_) => algorithm == Algorithm::Es256,
            Self::Eddsa(_) => algorithm == Algorithm::EdDsa,
        }
    }

    fn verifies(&self, algorithm: Algorithm, signing_input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => key.verifies(algorithm, signing_input, signature),
            Self::Rsa(key) => key.verifies(algorithm, signing_input, signature),
            Self::Ecdsa(key) => key.verifies(signing_input, signature),
            Self::Eddsa(key) => key.verifies(signing_input, signature),
        }
    }

    /// Its `kty`.
    fn kty(&self) -> &'static str {
        match self {
            Self::Hmac(_) => "oct",
            Self::Rsa(_) => "RSA",
            Self::Ecdsa(_) => "EC",
            Self::Eddsa(_) => "OKP",
        }
    }
}

/// Without the key itself.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = f.debug_struct("Key");
        key.field("kty", &self.material.kty()).field("kid", &self.kid).field("alg", &self.alg).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
