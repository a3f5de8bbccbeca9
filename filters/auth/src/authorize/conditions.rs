//! What `allow` and `deny` hold.

use std::collections::BTreeSet;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig};
use sluicegate_common::identity::Identity;

use super::Subject;
use super::claim::{Claim, RawClaim};
use super::scope::{Scope, Scopes};
use crate::consumers::ConsumerName;

/// Conditions as written.
#[derive(Debug, Clone, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawConditions {
    /// Ids of consumers: one is enough.
    #[config(default)]
    consumers: Option<Vec<ConsumerName>>,
    /// Groups: one is enough.
    #[config(default)]
    groups: Option<Vec<ConsumerName>>,
    /// Scopes of the claims `scope` (a string with blanks) or `scp` (such a string or an array): one is enough.
    #[config(default)]
    scopes: Option<Vec<Scope>>,
    /// Conditions on claims: one is enough.
    #[config(default)]
    claims: Option<Vec<RawClaim>>,
}

/// Conditions on who asks. A field that is not given always holds; one of them is given at least.
#[derive(Debug, Clone)]
pub struct Conditions {
    consumers: Option<BTreeSet<String>>,
    groups: Option<BTreeSet<String>>,
    scopes: Option<Scopes>,
    claims: Option<Vec<Claim>>,
}

/// Whether conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// They do.
    Yes,
    /// They would with another scope.
    AllButScopes,
    /// They do not.
    No,
}

impl RawConditions {
    /// Compiles every field.
    ///
    /// # Errors
    /// No field, a list without elements, or what is wrong with a claim; places are those in the object.
    pub fn compile(self) -> Result<Conditions, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let given = [
            ("consumers", self.consumers.as_ref().map(Vec::is_empty)),
            ("groups", self.groups.as_ref().map(Vec::is_empty)),
            ("scopes", self.scopes.as_ref().map(Vec::is_empty)),
            ("claims", self.claims.as_ref().map(Vec::is_empty)),
        ];
        if given.iter().all(|(_, empty)| empty.is_none()) {
            errors.push(ConfigError::expected("", "at least one of consumers, groups, scopes, claims", "none of them"));
        }
        for (field, _) in given.iter().filter(|(_, empty)| *empty == Some(true)) {
            errors.push(ConfigError::expected(*field, "at least one element", "none"));
        }
        let claims = self.claims.map(|claims| {
            let claims = claims.into_iter().enumerate();
            let compiled =
                claims.map(|(index, claim)| claim.compile().map_err(|wrong| wrong.under(&format!("claims[{index}]"))));
            compiled.filter_map(|claim| errors.take(claim)).collect()
        });
        errors.into_result(Conditions {
            consumers: self.consumers.map(set),
            groups: self.groups.map(set),
            scopes: self.scopes.map(Scopes::new),
            claims,
        })
    }
}

fn set(names: Vec<ConsumerName>) -> BTreeSet<String> {
    names.into_iter().map(ConsumerName::into_string).collect()
}

impl Conditions {
    /// Whether they hold. Allocates nothing.
    #[must_use]
    pub fn met(&self, subject: Subject<'_>) -> Met {
        let Subject { identity, claims } = subject;
        let id = identity.map(Identity::id).unwrap_or_default();
        // No name is empty: nobody's id and the one group of an empty list are none of them.
        let mut groups = identity.map(Identity::group_list).unwrap_or_default().split(',');
        let others = holds(&self.consumers, |consumers| consumers.contains(id))
            && holds(&self.groups, |wanted| groups.any(|group| wanted.contains(group)))
            && holds(&self.claims, |wanted| wanted.iter().any(|claim| claim.holds(claims)));
        match (others, holds(&self.scopes, |scopes| claims.is_some_and(|claims| scopes.meet(claims)))) {
            (true, true) => Met::Yes,
            (true, false) => Met::AllButScopes,
            (false, _) => Met::No,
        }
    }

    /// The scopes of which one is wanted, separated by spaces.
    #[must_use]
    pub fn scopes(&self) -> &str {
        self.scopes.as_ref().map(Scopes::list).unwrap_or_default()
    }
}

fn holds<T>(field: &Option<T>, test: impl FnOnce(&T) -> bool) -> bool {
    field.as_ref().is_none_or(test)
}
