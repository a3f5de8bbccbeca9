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
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawConfig {
    /// How credentials are judged, by the names of authenticators, see below.
    #[config(default, shown = "{}")]
    authenticators: Table<Name, RawAuthenticator>,
    /// Who is known by name, see below.
    #[config(default)]
    consumers: Vec<RawConsumer>,
    /// Where the gateway makes tokens, of what a credential service answers, see below.
    #[config(default)]
    login: Option<RawLogin>,
    /// Which tokens are refused although they are good, see below.
    #[config(default)]
    revocation: Option<RawRevocation>,
    /// The headers that tell the service who calls: `consumer_id` (`x-consumer-id`), `consumer_groups`
    /// (`x-consumer-groups`, joined by commas), `credential_id` (`x-credential-id`). Neither these nor those of claims
    /// may be a header in which credentials are shown, or `cookie`, `host`, `origin`.
    #[config(default, shown = "{}")]
    identity_headers: RawIdentityHeaders,
    /// Whether verified tokens are remembered: 256 in each VM, for 5 minutes or until `exp`, of at most 2 KiB.
    #[config(default = true)]
    token_cache: bool,

    /// The realm of challenges: 1 to 255 printable ASCII characters without quotes and backslashes.
    #[config(default)]
    realm: Realm,
    /// What a request must show, see below. Absent: the one authenticator there is. With several authenticators, or
    /// none, it has to be written.
    #[config(default)]
    require: Option<RawRequire>,
    /// What those who showed it may do, see below.
    #[config(default)]
    authorize: Vec<RawEntry>,
    /// Takes the credentials of all authenticators out of the request.
    #[config(default = true)]
    hide_credentials: bool,
    /// Lets preflights pass: browsers send them without credentials. Those of other clients are hidden.
    #[config(default = true)]
    bypass_cors_preflight: bool,
    /// Every 401 reads the same (`unauthorized`), and a disabled consumer is `not_allowed`. Metrics still tell the
    /// reason.
    #[config(default)]
    strip_failure_details: bool,
    /// Tells other modules who calls, by a property. Absent: `true`; in the gateway `false`.
    #[config(default)]
    publish_identity: Option<bool>,
    /// Tells them the claims as well, up to 8 KiB.
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

#[cfg(not(target_family = "wasm"))]
mod described;
#[cfg(not(target_family = "wasm"))]
pub use described::{authenticator_fields, schema, tables};

#[cfg(test)]
mod tests;
