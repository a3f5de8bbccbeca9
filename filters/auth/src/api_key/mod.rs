//! API keys: secrets that clients show as they are.
//!
//! 1. Keys are compared by their SHA-256 digests, and only digests are kept.
//! 2. What a wrong key costs depends on its length alone: the digest is looked for in a fixed number of steps without
//!    branches ([`DigestMap`]).
//! 3. That a key has expired, or is not valid yet, is told to who holds it alone.
//!
//! Not supported: keys above [`MAX_KEY`] bytes; keys in the clear that cannot be shown in every place, because of a
//! comma, a control character, or blanks around them.

mod digests;
mod raw;

use sha2::{Digest as _, Sha256};
use sluicegate_common::time::Nanos;

pub use digests::DigestMap;
pub use raw::RawApiKeys;

use crate::principal::Ready;
use crate::reason::Reason;

/// The longest key, in bytes: what an unknown one costs stays below 0.1 ms.
pub const MAX_KEY: usize = 8 * 1024;

/// The keys of an authenticator.
#[derive(Debug)]
pub struct ApiKeys {
    credentials: DigestMap<Credential>,
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The id of the credential, which is no secret.
    pub id: String,
    /// The id of the consumer who holds it.
    pub consumer: String,
    /// The time at which it becomes valid.
    pub not_before: Option<Nanos>,
    /// The time at which it is no longer valid.
    pub expires_at: Option<Nanos>,
    /// Whom it names.
    pub principal: Ready,
}

impl ApiKeys {
    /// What `key` stands for at the time `now`.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: it is empty, or above [`MAX_KEY`]. [`Reason::UnknownKey`]: it is nobody's.
    /// [`Reason::NotYetValid`], [`Reason::Expired`]: it is another time's.
    pub fn verify(&self, key: &[u8], now: Nanos) -> Result<&Credential, Reason> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(Reason::Malformed);
        }
        let credential = self.credentials.get(&digest(key)).ok_or(Reason::UnknownKey)?;
        if credential.not_before.is_some_and(|from| now < from) {
            return Err(Reason::NotYetValid);
        }
        if credential.expires_at.is_some_and(|end| now >= end) {
            return Err(Reason::Expired);
        }
        Ok(credential)
    }
}

/// The SHA-256 digest (FIPS 180-4) of a secret.
pub(crate) fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
