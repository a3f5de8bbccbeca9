//! ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sluicegate_common::config::ConfigError;

use super::unfit;

/// A public key on P-256.
#[derive(Clone)]
pub struct EcdsaKey(VerifyingKey);

impl EcdsaKey {
    /// A point by its coordinates, of 32 bytes each (RFC 7518 section 6.2.1.2).
    ///
    /// # Errors
    /// Another length, or no point on the curve.
    pub fn new(x: &[u8], y: &[u8]) -> Result<Self, ConfigError> {
        for (member, coordinate) in [("x", x), ("y", y)] {
            if coordinate.len() != 32 {
                return Err(unfit(member, "a coordinate of 32 bytes", format!("{} bytes", coordinate.len())));
            }
        }
        Self::from_sec1(&[&[UNCOMPRESSED], x, y].concat())
            .ok_or_else(|| unfit("x", "a point on P-256 (`x` and `y`)", "another one"))
    }

    /// A point as SEC 1 encodes it (section 2.3.3), compressed or not.
    pub fn from_sec1(point: &[u8]) -> Option<Self> {
        VerifyingKey::from_sec1_bytes(point).ok().map(Self)
    }

    /// The signature is `r` and `s`, 32 bytes each, neither of them zero or beyond the order of the curve.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

const UNCOMPRESSED: u8 = 4;
