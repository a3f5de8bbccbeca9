//! What config says, and what it becomes.
//!
//! The registry exists once: the config of a rule takes over that of the top, and says nothing about it itself.

use std::collections::BTreeMap;
use std::rc::Rc;

use deserr::Deserr;
use sluicegate_common::config::{ConfigError, ConfigErrors, Env, Name, Object, Table, read};
use sluicegate_common::filter::Setup;
use sluicegate_common::identity::Identity;

use crate::authenticator::{Authenticator, Kind, RawAuthenticator};
use crate::authorize::{Authorize, RawEntry};
use crate::consumers::{Consumers, RawConsumer};
use crate::deny::{Deny, Realm, Scheme};
use crate::forward::{Forward, RawIdentityHeaders};
use crate::jwt::Jwt;
use crate::jwt::cache::TokenCache;
use crate::jwt::remote::Remotes;
use crate::registry::Registry;
use crate::require::{RawRequire, Require};
use crate::revocation::RawRevocation;

/// The fields that exist once, at the top of the config.
pub const REGISTRIES: &[&str] = &["authenticators", "consumers", "revocation", "identity_headers", "token_cache"];

#[derive(Deserr)]
#[deserr(error = ConfigErrors, deny_unknown_fields)]
struct RawConfig {
    #[deserr(default)]
    authenticators: Table<Name, RawAuthenticator>,
    #[deserr(default)]
    consumers: Vec<RawConsumer>,
    #[deserr(default)]
    revocation: Option<RawRevocation>,
    #[deserr(default)]
    identity_headers: RawIdentityHeaders,
    #[deserr(default = true)]
    token_cache: bool,

    #[deserr(default)]
    realm: Realm,
    #[deserr(default)]
    require: Option<RawRequire>,
    #[deserr(default)]
    authorize: Vec<RawEntry>,
    #[deserr(default = true)]
    hide_credentials: bool,
    #[deserr(default = true)]
    bypass_cors_preflight: bool,
    #[deserr(default)]
    strip_failure_details: bool,
    #[deserr(default = true)]
    publish_identity: bool,
    #[deserr(default)]
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
            None => raw.authenticators.0.keys().map(|name| name.as_str().to_owned()).collect(),
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let require = errors.take(Require::compile(raw.require, &names));
        let authorize = errors.take(Authorize::compile(raw.authorize, setup.paths));
        let registry = match top {
            Some(top) => Some(Rc::clone(&top.registry)),
            None => {
                let raw = RawRegistry {
                    authenticators: raw.authenticators.0,
                    consumers: raw.consumers,
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
            publish_identity: raw.publish_identity,
            publish_claims: raw.publish_claims,
        })
    }
}

/// An issuer's name tells its tokens from all others: by it consumers are called and tokens revoked.
fn check_issuers(authenticators: &[Authenticator]) -> ConfigErrors {
    let mut errors = ConfigErrors::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for Authenticator { name, kind, .. } in authenticators {
        let Kind::Jwt(jwt) = kind else { continue };
        for (index, issuer) in jwt.issuers().iter().enumerate() {
            match taken.insert(issuer.name(), name) {
                Some(other) if other != name => {
                    let message = format!("the name is taken by an issuer of authenticators.{other}");
                    errors.push(ConfigError::invalid(format!("authenticators.{name}.issuers[{index}].name"), message));
                }
                // Within one authenticator it was told.
                _ => {}
            }
        }
    }
    errors
}

/// A logout shows a token, whichever authenticator takes it.
fn tokens_of(registry: &Registry) -> Require {
    let tokens = registry.authenticators.iter().enumerate().filter(|(_, authenticator)| authenticator.jwt().is_some());
    Require::Any(tokens.map(|(at, _)| Require::Use(at)).collect())
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

/// The fields of the registry as written.
struct RawRegistry {
    authenticators: BTreeMap<Name, RawAuthenticator>,
    consumers: Vec<RawConsumer>,
    revocation: Option<RawRevocation>,
    identity_headers: RawIdentityHeaders,
    token_cache: bool,
}

impl RawRegistry {
    fn compile(self, env: &Env) -> Result<Registry, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut remotes = Remotes::default();
        let mut authenticators = Vec::with_capacity(self.authenticators.len());
        for (name, raw) in self.authenticators {
            let mut register = |remote, issuer: &str| remotes.add(remote, issuer);
            authenticators.extend(errors.take(raw.compile(name.as_str(), env, &mut register)));
        }
        errors.extend(check_issuers(&authenticators));
        let consumers = errors.take(Consumers::compile(self.consumers));
        let jwts = || authenticators.iter().filter_map(Authenticator::jwt);
        let clock_skew = jwts().map(Jwt::clock_skew).max().unwrap_or_default();
        let revocation =
            self.revocation.map(|raw| raw.compile(clock_skew).map_err(|errors| errors.under("revocation")));
        let revocation = revocation.and_then(|revocation| errors.take(revocation));
        let of_tokens = jwts().flat_map(Jwt::header_names).map(|name| name.to_string());
        let forward = Forward::new(self.identity_headers, of_tokens);
        let tokens = self.token_cache.then(TokenCache::default);
        match consumers {
            Some(consumers) if errors.is_empty() => {
                Ok(Registry { authenticators, consumers, forward, revocation, remotes: Rc::new(remotes), tokens })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests;
