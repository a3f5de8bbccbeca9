//! HMAC with SHA-2 (RFC 7518 section 3.2).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use sluicegate_common::config::ConfigError;

use super::unfit;
use crate::jose::Algorithm;

/// A shared secret, as the state that each hash begins with.
#[derive(Clone)]
pub struct HmacKey {
    length: usize,
    hs256: Hmac<Sha256>,
    hs384: Hmac<Sha384>,
    hs512: Hmac<Sha512>,
}

impl HmacKey {
    /// A secret of at least 32 bytes, the shortest that an algorithm takes. A PEM is none (RFC 8725 section 2.1).
    pub fn new(secret: &[u8]) -> Result<Self, ConfigError> {
        const SECRET: &str = "a secret of at least 32 bytes";
        let found = || unfit("k", SECRET, format!("{} bytes", secret.len()));
        if secret.len() < 32 {
            return Err(found());
        }
        if secret.trim_ascii_start().starts_with(b"-----BEGIN ") {
            return Err(unfit("k", SECRET, "a PEM: whoever has a public key would make tokens"));
        }
        Ok(Self {
            length: secret.len(),
            hs256: Hmac::new_from_slice(secret).map_err(|_| found())?,
            hs384: Hmac::new_from_slice(secret).map_err(|_| found())?,
            hs512: Hmac::new_from_slice(secret).map_err(|_| found())?,
        })
    }

    /// Whether the secret is as long as the hash (RFC 7518 section 3.2).
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        digest_length(algorithm).is_some_and(|digest| self.length >= digest)
    }

    /// The signature; `None` for an algorithm that is not this key's.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        match algorithm {
            Algorithm::Hs256 => Some(sign(self.hs256.clone(), message)),
            Algorithm::Hs384 => Some(sign(self.hs384.clone(), message)),
            Algorithm::Hs512 => Some(sign(self.hs512.clone(), message)),
            _ => None,
        }
    }

    /// Takes constant time for signatures of the right length.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match algorithm {
            Algorithm::Hs256 => verifies(self.hs256.clone(), message, signature),
            Algorithm::Hs384 => verifies(self.hs384.clone(), message, signature),
            Algorithm::Hs512 => verifies(self.hs512.clone(), message, signature),
            _ => false,
        }
    }
}

fn sign(mut mac: impl Mac, message: &[u8]) -> Vec<u8> {
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn verifies(mut mac: impl Mac, message: &[u8], signature: &[u8]) -> bool {
    mac.update(message);
    mac.verify_slice(signature).is_ok()
}

/// Bytes of the hash.
fn digest_length(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::Hs256 => Some(32),
        Algorithm::Hs384 => Some(48),
        Algorithm::Hs512 => Some(64),
        _ => None,
    }
}
