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
pub struct RawRevocation {
    #[config(default)]
    logout_path: Option<OwnPath>,
    #[config(default)]
    allow_origins: Vec<Origin>,
    #[config(default)]
    jti: Vec<Claim>,
    #[config(default)]
    sub: Vec<Claim>,
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
