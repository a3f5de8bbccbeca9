//! Ed25519 (RFC 8037 section 3.1, RFC 8032 section 5.1).

use ed25519_dalek::{Signature, VerifyingKey};
use sluicegate_common::config::ConfigError;

use super::unfit;

/// A public key.
#[derive(Clone)]
pub struct EddsaKey(VerifyingKey);

impl EddsaKey {
    /// A point, in the only encoding it has.
    ///
    /// # Errors
    /// No point, one in another encoding (RFC 8032 section 5.1.3), or one of small order, for which signatures can be
    /// made that fit many messages.
    pub fn new(x: &[u8]) -> Result<Self, ConfigError> {
        let Ok(bytes) = <&[u8; 32]>::try_from(x) else {
            return Err(unfit("x", "a point of 32 bytes", format!("{} bytes", x.len())));
        };
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) if key.to_edwards().compress().as_bytes() != bytes => {
                Err(unfit("x", POINT, "another encoding of one"))
            }
            Ok(key) if key.is_weak() => Err(unfit("x", POINT, "one of small order")),
            Ok(key) => Ok(Self(key)),
            Err(_) => Err(unfit("x", POINT, "none")),
        }
    }

    /// The signature is `R` and `S`, both in their only encoding and `R` not of small order.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

const POINT: &str = "a point on edwards25519";
