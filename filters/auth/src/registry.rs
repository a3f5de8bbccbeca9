//! What exists once in a VM, whatever the rules: authenticators, consumers, revocation, and what was learnt of keys and
//! tokens.

mod raw;

use std::rc::Rc;

use serde_json::Value;
use sluicegate_common::head::Name;

pub use raw::RawRegistry;

use crate::authenticator::Authenticator;
use crate::consumers::{Consumers, identity};
use crate::forward::Forward;
use crate::jwt::cache::TokenCache;
use crate::jwt::remote::Remotes;
use crate::jwt::{Jwt, Verified};
use crate::login::Login;
use crate::logout::Logout;
use crate::principal::{Principal, VerifiedToken};
use crate::reason::Reason;
use crate::revocation::Revocation;

/// What the top of the config says once for all rules.
#[derive(Debug)]
pub struct Registry {
    /// Sorted by their names.
    pub authenticators: Vec<Authenticator>,
    /// Those that are listed.
    pub consumers: Consumers,
    /// What the upstream is told.
    pub forward: Forward,
    /// Where one logs in, if anywhere.
    pub login: Option<Login>,
    /// Which tokens are refused before their time, if any are.
    pub revocation: Option<Revocation>,
    /// The keys that issuers publish.
    pub remotes: Rc<Remotes>,
    /// Tokens verified before, if they are kept.
    pub tokens: Option<TokenCache<Principal>>,
}

impl Registry {
    /// Where one logs out, if anywhere.
    #[must_use]
    pub fn logout(&self) -> Option<&Logout> {
        self.revocation.as_ref()?.logout()
    }

    /// Whom a verified token names.
    ///
    /// # Errors
    /// [`Reason::NotAllowed`]: its consumer must be listed, and is not, or is another issuer's. [`Reason::Malformed`]: no identity can be made of
    /// what it says.
    pub fn of_token(&self, jwt: &Jwt, verified: Verified) -> Result<Principal, Reason> {
        let consumer = self.consumers.get(&verified.consumer.id).map(Rc::clone);
        let named = &verified.consumer;
        if named.must_be_listed && (consumer.is_none() || self.is_of_an_issuer(&named.id)) {
            return Err(Reason::NotAllowed);
        }
        let groups: Vec<&str> = verified.groups.iter().map(String::as_str).collect();
        let identity = identity(&verified.consumer.id, "", consumer.as_deref(), &groups)?;
        let written = verified
            .headers
            .into_iter()
            .filter_map(|header| Some((Name::Owned(header.name.to_string()), header.value?)));
        let token = VerifiedToken {
            issuer: verified.issuer,
            remote: verified.remote,
            bearer: verified.consumer.by_claim.then_some(verified.consumer.id),
            claims: Rc::new(Value::Object(verified.claims)),
            times: verified.times,
            max_lifetime: jwt.max_lifetime(),
            headers: written.collect(),
        };
        Ok(Principal { identity: Rc::new(identity), consumer, token: Some(token) })
    }

    /// Whether the id is one that an issuer's name in front makes: listed or not, it is for that issuer's own tokens.
    fn is_of_an_issuer(&self, id: &str) -> bool {
        let issuers = self.authenticators.iter().filter_map(Authenticator::jwt).flat_map(Jwt::issuers);
        id.split_once(':').is_some_and(|(prefix, _)| issuers.into_iter().any(|issuer| **issuer.name() == *prefix))
    }

    /// Whom a credential names that is no token.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: no identity can be made of it.
    pub fn of_credential(&self, consumer: &str, credential: &str) -> Result<Principal, Reason> {
        let listed = self.consumers.get(consumer).map(Rc::clone);
        let identity = identity(consumer, credential, listed.as_deref(), &[])?;
        Ok(Principal { identity: Rc::new(identity), consumer: listed, token: None })
    }
}
