//! What config says, and what it becomes.
//!
//! The registry exists once: the config of a rule takes over that of the top, and says nothing about it itself.

use std::rc::Rc;

use sluicegate_common::config::{ConfigErrors, FromConfig, Name, Object, Table, read};
use sluicegate_common::filter::Setup;
use sluicegate_common::identity::Identity;

use crate::authenticator::RawAuthenticator;
use crate::authorize::{Authorize, RawEntry};
use crate::consumers::RawConsumer;
use crate::deny::{Deny, Realm, Scheme};
use crate::forward::RawIdentityHeaders;
use crate::login::RawLogin;
use crate::registry::{RawRegistry, Registry};
use crate::require::{RawRequire, Require};
use crate::revocation::RawRevocation;

/// The fields that exist once, at the top of the config.
pub const REGISTRIES: &[&str] =
    &["authenticators", "consumers", "login", "revocation", "identity_headers", "token_cache"];

#[derive(FromConfig)]
struct RawConfig {
    #[config(default)]
    authenticators: Table<Name, RawAuthenticator>,
    #[config(default)]
    consumers: Vec<RawConsumer>,
    #[config(default)]
    login: Option<RawLogin>,
    #[config(default)]
    revocation: Option<RawRevocation>,
    #[config(default)]
    identity_headers: RawIdentityHeaders,
    #[config(default = true)]
    token_cache: bool,

    #[config(default)]
    realm: Realm,
    #[config(default)]
    require: Option<RawRequire>,
    #[config(default)]
    authorize: Vec<RawEntry>,
    #[config(default = true)]
    hide_credentials: bool,
    #[config(default = true)]
    bypass_cors_preflight: bool,
    #[config(default)]
    strip_failure_details: bool,
    #[config(default)]
    publish_identity: Option<bool>,
    #[config(default)]
    publish_claims: bool,
}

/// A compiled policy, and the registry it shares with all others.
#[derive(Debug)]
pub struct Config {
    /// What exists once.
    pub registry: Rc<Registry>,
    /// What a request must show.
    pub gate: Gate,
    /// What a request must show that logs out.
    pub logout: Gate,
    /// What whoever satisfies them may do.
    pub authorize: Authorize,
    /// Who those are that need not say who they are, and did not.
    pub anonymous: Option<Rc<Identity>>,
    /// Whether credentials are taken out of the request.
    pub hide_credentials: bool,
    /// Whether preflights pass, which browsers send without credentials.
    pub bypass_cors_preflight: bool,
    /// Whether other modules are told the identity.
    pub publish_identity: bool,
    /// Whether they are told the claims.
    pub publish_claims: bool,
}

/// What a request must show, and how it is told.
#[derive(Debug)]
pub struct Gate {
    /// Which authenticators it must satisfy.
    pub require: Require,
    /// How it is refused.
    pub deny: Deny,
    /// Whether it logs out then.
    pub logs_out: bool,
}

impl Config {
    /// Reads the filter's own fields. A rule is given the config of the top.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(object: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let raw: RawConfig = read(object)?;
        let mut errors = ConfigErrors::new();
        let names: Vec<String> = match top {
            Some(top) => top.registry.authenticators.iter().map(|known| known.name.clone()).collect(),
            None => raw.authenticators.names().map(|name| name.as_str().to_owned()).collect(),
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let require = errors.take(Require::compile(raw.require, &names));
        let authorize = errors.take(Authorize::compile(raw.authorize, setup.paths));
        let registry = match top {
            Some(top) => Some(Rc::clone(&top.registry)),
            None => {
                let raw = RawRegistry {
                    authenticators: raw.authenticators,
                    consumers: raw.consumers,
                    login: raw.login,
                    revocation: raw.revocation,
                    identity_headers: raw.identity_headers,
                    token_cache: raw.token_cache,
                };
                errors.take(raw.compile(setup.env)).map(Rc::new)
            }
        };
        let (Some(registry), Some(require), Some(authorize)) = (registry, require, authorize) else {
            return Err(errors);
        };
        let gate = |require: Require, logs_out| {
            let deny = Deny::new(raw.realm.clone(), schemes(&registry, &require), raw.strip_failure_details);
            Gate { require, deny, logs_out }
        };
        errors.into_result(Self {
            anonymous: anonymous(&require),
            logout: gate(tokens_of(&registry), true),
            gate: gate(require, false),
            registry,
            authorize,
            hide_credentials: raw.hide_credentials,
            bypass_cors_preflight: raw.bypass_cors_preflight,
            publish_identity: raw.publish_identity.unwrap_or(setup.alone),
            publish_claims: raw.publish_claims,
        })
    }
}

/// A logout shows a token, whichever authenticator takes it.
fn tokens_of(registry: &Registry) -> Require {
    let tokens = registry.authenticators.iter().enumerate().filter(|(_, authenticator)| authenticator.jwt().is_some());
    Require::FirstValid(tokens.map(|(at, _)| Require::Use(at)).collect())
}

/// The schemes that satisfy what is required.
fn schemes(registry: &Registry, require: &Require) -> Vec<(usize, Scheme)> {
    let scheme = |at: usize| registry.authenticators.get(at).map(|authenticator| (at, authenticator.scheme()));
    require.schemes().into_iter().filter_map(scheme).collect()
}

/// Nobody is anonymous where nobody is asked.
fn anonymous(require: &Require) -> Option<Rc<Identity>> {
    if *require == Require::Public {
        return None;
    }
    Identity::new("", "", &[], true).ok().map(Rc::new)
}

#[cfg(test)]
mod tests;
