//! HMAC with SHA-2 (RFC 7518 section 3.2).

use jwt_compact::AlgorithmSignature;
use jwt_compact::alg::{Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key};
use sluicegate_common::config::ConfigError;

use super::unfit;
use crate::jose::Algorithm;

/// A shared secret.
#[derive(Clone)]
pub struct HmacKey {
    length: usize,
    hs256: Hs256Key,
    hs384: Hs384Key,
    hs512: Hs512Key,
}

impl HmacKey {
    /// A secret of at least 32 bytes, the shortest that an algorithm takes.
    pub fn new(secret: &[u8]) -> Result<Self, ConfigError> {
        if secret.len() < 32 {
            let found = format!("{} bytes", secret.len());
            return Err(unfit("k", "a secret of at least 32 bytes", found));
        }
        Ok(Self {
            length: secret.len(),
            hs256: Hs256Key::new(secret),
            hs384: Hs384Key::new(secret),
            hs512: Hs512Key::new(secret),
        })
    }

    /// Whether the secret is as long as the hash (RFC 7518 section 3.2).
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        digest_length(algorithm).is_some_and(|digest| self.length >= digest)
    }

    /// Takes constant time for signatures of the right length.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        // Checked here: jwt-compact panics on another length.
        if digest_length(algorithm) != Some(signature.len()) {
            return false;
        }
        match algorithm {
            Algorithm::Hs256 => verifies(Hs256, &self.hs256, message, signature),
            Algorithm::Hs384 => verifies(Hs384, &self.hs384, message, signature),
            Algorithm::Hs512 => verifies(Hs512, &self.hs512, message, signature),
            _ => false,
        }
    }
}

fn verifies<A: jwt_compact::Algorithm>(algorithm: A, key: &A::VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    A::Signature::try_from_slice(signature).is_ok_and(|signature| algorithm.verify_signature(&signature, key, message))
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
