//! Verification by kind of key. Each type is made of numbers that were checked, and never panics on a signature.

mod ecdsa;
mod eddsa;
mod hmac;
mod rsa;

use sluicegate_common::config::ConfigError;

pub(super) use ecdsa::EcdsaKey;
pub(super) use eddsa::EddsaKey;
pub(super) use hmac::HmacKey;
pub(super) use rsa::RsaKey;

/// A member of a key that is no number of its kind.
fn unfit(member: &str, expected: &'static str, found: impl Into<String>) -> ConfigError {
    ConfigError::expected(member, expected, found)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
