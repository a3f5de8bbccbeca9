//! Whose tokens are taken, with which keys, and who their bearers are.

use std::rc::Rc;

use sluicegate_common::config::{Object, Pointer};

use super::consumer::{Named, Naming, groups};
use super::{RemoteKeys, Unverified};
use crate::jose::{Algorithm, KeySet, Token};
use crate::reason::Reason;

/// An entry of `issuers`.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub(super) name: Rc<str>,
    /// The `iss` of its tokens; without one it takes those of any issuer that has no entry.
    pub(super) issuer: Option<String>,
    pub(super) audiences: Vec<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) keys: Keys,
    pub(super) naming: Naming,
    pub(super) groups_claim: Option<Pointer>,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone)]
pub enum Keys {
    /// In config.
    Fixed(KeySet),
    /// With the issuer, who publishes them: which one of the published sets.
    Remote(usize),
}

impl Issuer {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Rc<str> {
        &self.name
    }

    /// Which one of the published sets has its keys.
    #[must_use]
    pub fn remote(&self) -> Option<usize> {
        match self.keys {
            Keys::Fixed(_) => None,
            Keys::Remote(source) => Some(source),
        }
    }

    pub(super) fn consumer(&self, claims: &Object) -> Result<Named, Reason> {
        self.naming.name(&self.name, claims)
    }

    pub(super) fn groups(&self, claims: &Object) -> Result<Vec<String>, Reason> {
        self.groups_claim.as_ref().map_or(Ok(Vec::new()), |claim| groups(claim, claims))
    }

    /// Checks the signature, with one of the keys that the token's `alg` and `kid` leave.
    pub(super) fn check_signature(&self, token: &Token<'_>, remote: RemoteKeys<'_>) -> Result<(), Unverified> {
        let algorithm = Algorithm::of_name(token.algorithm()).filter(|algorithm| self.algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or(Reason::AlgNotAllowed)?;
        match &self.keys {
            Keys::Fixed(keys) => Ok(check(keys, algorithm, token)?),
            Keys::Remote(source) => {
                let keys = remote(*source).ok_or(Unverified::NoKeys { source: *source })?;
                check(&keys, algorithm, token).map_err(|reason| match (reason, token.key_id()) {
                    (Reason::UnknownKid, Some(kid)) => Unverified::UnknownKid { source: *source, kid: kid.to_owned() },
                    (reason, _) => Unverified::Refused(reason),
                })
            }
        }
    }
}

fn check(keys: &KeySet, algorithm: Algorithm, token: &Token<'_>) -> Result<(), Reason> {
    let mut candidates = keys.candidates(algorithm, token.key_id())?;
    if candidates.any(|key| key.verifies(algorithm, token.signing_input(), token.signature())) {
        Ok(())
    } else {
        Err(Reason::InvalidSignature)
    }
}
