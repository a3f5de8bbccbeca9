//! JSON Web Signature, Key and Token: from bytes to a verdict. No policy.
//!
//! A key decides which algorithms it verifies, a token only names one of them (RFC 8725 section 3.1). What a token
//! brings along (`jwk`, `jku`, `x5u`, `x5c`) is never a key.

mod algorithm;
pub mod base64url;
#[cfg(test)]
mod fixture;
mod jwk;
pub mod jwks;
mod key;
mod pem;
mod signature;
pub mod signer;
pub mod token;

pub use algorithm::Algorithm;
pub use jwks::{JwksError, KeySet, SkippedKey};
pub use key::Key;
pub use signer::Signer;
pub use token::Token;
