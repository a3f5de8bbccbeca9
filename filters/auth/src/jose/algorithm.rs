//! Which algorithms are offered.

use std::fmt;

use sluicegate_common::config::{Text, quoted};

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519. `EdDSA` may name other curves too, of which none is offered, so `Ed25519` (RFC 9864 section 2.2) is the
    /// same algorithm.
    EdDsa,
}

impl Algorithm {
    /// All that are offered.
    pub const ALL: [Self; 11] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::EdDsa,
    ];

    /// The algorithm an `alg` names, if it is offered. Names are case-sensitive (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names that are registered or in use, so that a config that has them is told so.
const NOT_OFFERED: [&str; 5] = ["none", "ES384", "ES512", "ES256K", "Ed448"];

impl Text for Algorithm {
    const EXPECTED: &'static str = "one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, EdDSA";

    fn parse(text: &str) -> Option<Self> {
        Self::of_name(text)
    }

    fn found(text: &str) -> String {
        if NOT_OFFERED.contains(&text) { format!("{text:?}, which is not offered") } else { quoted(text) }
    }
}

sluicegate_common::deserr_text!(Algorithm);

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Algorithm {
    fn schema() -> serde_json::Value {
        let names: Vec<&str> = Self::ALL.map(Self::name).into_iter().chain(["Ed25519"]).collect();
        sluicegate_common::describe::words(&names)
    }

    fn kind() -> String {
        "algorithm".into()
    }

    fn shown(&self) -> serde_json::Value {
        self.name().into()
    }
}

#[cfg(test)]
mod tests;
