//! The registry as the config says it.

use std::collections::BTreeMap;
use std::rc::Rc;

use sluicegate_common::config::{ConfigError, ConfigErrors, Env, Name, Table};
use sluicegate_common::identity::spells;

use super::Registry;
use crate::authenticator::{Authenticator, Kind, RawAuthenticator};
use crate::consumers::{Consumers, RawConsumer};
use crate::forward::{Forward, RawIdentityHeaders};
use crate::jwt::Jwt;
use crate::jwt::cache::TokenCache;
use crate::jwt::remote::Remotes;
use crate::login::RawLogin;
use crate::logout::Logout;
use crate::revocation::RawRevocation;

/// The fields of the registry as written.
pub struct RawRegistry {
    /// By their names.
    pub authenticators: Table<Name, RawAuthenticator>,
    /// Those that are listed.
    pub consumers: Vec<RawConsumer>,
    /// Where one logs in.
    pub login: Option<RawLogin>,
    /// Which tokens are refused before their time.
    pub revocation: Option<RawRevocation>,
    /// What the upstream is told.
    pub identity_headers: RawIdentityHeaders,
    /// Whether verified tokens are kept.
    pub token_cache: bool,
}

impl RawRegistry {
    /// Compiles it.
    ///
    /// # Errors
    /// Everything that is wrong in any field, and across them.
    pub fn compile(self, env: &Env) -> Result<Registry, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut remotes = Remotes::default();
        let mut judges_tokens = false;
        let mut authenticators = Vec::with_capacity(self.authenticators.len());
        for (name, raw) in self.authenticators {
            judges_tokens |= raw.judges_tokens();
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
        if revocation.as_ref().is_some_and(|revocation| revocation.logout().is_some()) && !judges_tokens {
            let message = "needs an authenticator of type \"jwt\": only tokens are revoked";
            errors.push(ConfigError::invalid("revocation.logout_path", message));
        }
        let login_path = self.login.as_ref().map(|login| login.path().clone());
        let logout_path = revocation.as_ref().and_then(|revocation| revocation.logout()).map(Logout::path);
        if login_path.is_some() && login_path.as_ref() == logout_path {
            errors.push(ConfigError::invalid("login.path", "it is revocation.logout_path"));
        }
        let login = self.login.and_then(|raw| errors.take(raw.compile(env)));
        let of_tokens = jwts().flat_map(Jwt::header_names).map(|name| name.to_string());
        let forward = Forward::new(self.identity_headers, of_tokens);
        errors.extend(check_headers(&authenticators, &forward));
        let tokens = self.token_cache.then(TokenCache::default);
        match consumers {
            Some(consumers) if errors.is_empty() => Ok(Registry {
                authenticators,
                consumers,
                forward,
                login,
                revocation,
                remotes: Rc::new(remotes),
                tokens,
            }),
            _ => Err(errors),
        }
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

/// Headers that say more than who calls: without them no request would be what it was.
const NOT_FOR_IDENTITY: [&str; 3] = ["cookie", "host", "origin"];

/// A header that only this filter writes is taken out of every request before anything is looked at.
fn check_headers(authenticators: &[Authenticator], forward: &Forward) -> ConfigErrors {
    let mut errors = ConfigErrors::new();
    let of_identity = forward.identity_headers().map(|(field, header)| (format!("identity_headers.{field}"), header));
    let of_tokens = authenticators.iter().flat_map(|authenticator| {
        let place = format!("authenticators.{}", authenticator.name);
        authenticator.jwt().into_iter().flat_map(Jwt::header_names).map(move |header| (place.clone(), &**header))
    });
    for (place, header) in of_identity.iter().cloned().chain(of_tokens) {
        let is_it = |other: &str| spells(other.as_bytes(), header);
        let shown = authenticators.iter().find(|other| other.sources.headers().any(is_it));
        let other = of_identity.iter().find(|(field, other)| *field != place && is_it(other));
        let why = match (shown, other) {
            _ if NOT_FOR_IDENTITY.contains(&header) => "requests need it as it is".to_owned(),
            (Some(shown), _) => {
                format!("credentials of authenticators.{} stand there: none could be shown", shown.name)
            }
            (None, Some((field, _))) => format!("it is {field}"),
            (None, None) => continue,
        };
        errors.push(ConfigError::invalid(place, format!("{header:?} cannot be a header for the upstream: {why}")));
    }
    errors
}
