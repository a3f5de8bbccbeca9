//! The block `revocation`.

use std::collections::BTreeSet;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Text};
use sluicegate_common::seldom::Seldom;
use sluicegate_common::time::Nanos;

use super::epoch::Epoch;
use super::{Inline, Revocation};
use crate::logout::{Logout, Origin};
use crate::own_path::OwnPath;

/// `revocation` as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawRevocation {
    /// POST there with a valid token of any `jwt` authenticator revokes the token, on all workers of the process.
    #[config(default)]
    logout_path: Option<OwnPath>,
    /// Pages that may log out by a cookie, besides those of the gateway's own origin.
    #[config(default)]
    allow_origins: Vec<Origin>,
    /// Tokens refused by their `jti`, of all issuers.
    #[config(default)]
    jti: Vec<Claim>,
    /// Tokens refused by their `sub`, of all issuers.
    #[config(default)]
    sub: Vec<Claim>,
    /// Tokens issued before, and those that do not say when, are refused.
    #[config(default)]
    issued_before: Option<Nanos>,
}

/// The value of a claim; an empty one names nothing.
#[derive(Debug)]
struct Claim(String);

impl Text for Claim {
    const EXPECTED: &'static str = "a claim's value, not empty";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Claim);
sluicegate_common::described_text!(Claim: "text");

fn set(claims: Vec<Claim>) -> BTreeSet<String> {
    // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
    let mut set = BTreeSet::new();
    set.extend(claims.into_iter().map(|claim| claim.0));
    set
}

impl RawRevocation {
    /// Compiles it. `clock_skew` is the greatest of all authenticators: what one of them still lets in must still be
    /// known as revoked.
    ///
    /// # Errors
    /// `allow_origins` without `logout_path`.
    pub fn compile(self, clock_skew: Duration) -> Result<Revocation, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.logout_path.is_none() && !self.allow_origins.is_empty() {
            errors.push(ConfigError::invalid("allow_origins", "needs a \"logout_path\": they may log out there"));
        }
        errors.into_result(Revocation {
            inline: Inline { jti: set(self.jti), sub: set(self.sub), issued_before: self.issued_before },
            logout: self.logout_path.map(|path| Logout::new(path, self.allow_origins)),
            clock_skew,
            epoch: Epoch::default(),
            seldom: Seldom::default(),
        })
    }
}

#[cfg(test)]
mod tests;
