//! The credentials of one request under judgement.
//!
//! Whatever else is decided by the credential is kept with it in the cache; what may change from one request to the next
//! is judged anew: whether the token was revoked, and whether its consumer may come in now.

use std::rc::Rc;

use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;

use crate::authenticator::{Authenticator, Kind};
use crate::basic::User;
use crate::jwt::cache::{CacheKey, Hit, NewEntry, TokenCache};
use crate::jwt::{Jwt, Unverified};
use crate::principal::Principal;
use crate::reason::Reason;
use crate::registry::Registry;
use crate::require::Outcome;
use crate::source::Shown;

/// Judges what a request shows.
pub struct Judgement<'a> {
    registry: &'a Registry,
    lacking: Option<Lacking>,
}

/// Whom a request's credential names.
#[derive(Debug)]
pub struct Found {
    /// Whom.
    pub principal: Rc<Principal>,
    /// The authenticator whose credential it is.
    pub by: usize,
}

impl Found {
    /// Revokes the token that the request shows; in shadow mode it is left as it is.
    ///
    /// # Errors
    /// [`Reason::NotAllowed`]: it came by a cookie, from a page that may not use it. [`Reason::RevocationUnavailable`]:
    /// it may still be good.
    pub fn log_out(&self, registry: &Registry, head: &RequestHead<'_>, cx: &Cx<'_>) -> Result<(), Reason> {
        let authenticator = registry.authenticators.get(self.by).ok_or(Reason::MissingCredential)?;
        let shown = authenticator.sources.find(head, cx.facts)?.ok_or(Reason::MissingCredential)?;
        let (Some(revocation), Some(token)) = (&registry.revocation, &self.principal.token) else {
            return Err(Reason::MissingCredential);
        };
        if shown.by_cookie && !revocation.logout().is_some_and(|logout| logout.allows_cookie(head)) {
            return Err(Reason::NotAllowed);
        }
        if !cx.enforces() {
            return Ok(());
        }
        let id = token.id(shown.credential);
        revocation.revoke(cx.proxy, &id, cx.now).map_err(|_| Reason::RevocationUnavailable)
    }
}

/// Keys that a token needs and that are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The authenticator.
    pub by: usize,
    /// Which one of the published sets.
    pub source: usize,
    /// The key's name; `None` where no set is there at all.
    pub kid: Option<String>,
}

/// What became of a token.
enum Refused {
    For(Reason),
    Lacking(Lacking),
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::For(reason)
    }
}

impl<'a> Judgement<'a> {
    /// By these authenticators.
    #[must_use]
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, lacking: None }
    }

    /// What is on its way, where an outcome was [`Outcome::Pending`].
    #[must_use]
    pub fn lacking(self) -> Option<Lacking> {
        self.lacking
    }

    /// What the authenticator of this number finds.
    pub fn ask(&mut self, at: usize, head: &RequestHead<'_>, cx: &Cx<'_>) -> Outcome<Found> {
        let Some(authenticator) = self.registry.authenticators.get(at) else { return Outcome::Absent };
        match authenticator.sources.find(head, cx.facts) {
            Ok(None) => Outcome::Absent,
            Err(reason) => Outcome::Refused(reason),
            Ok(Some(shown)) => self.judge(at, authenticator, shown, cx),
        }
    }

    fn judge(&mut self, at: usize, authenticator: &Authenticator, shown: Shown<'_>, cx: &Cx<'_>) -> Outcome<Found> {
        let found = match &authenticator.kind {
            Kind::Jwt(jwt) => self.token(at, jwt, shown.credential, cx),
            Kind::ApiKey(keys) => {
                let key = keys.verify(shown.credential, cx.now);
                let named =
                    key.and_then(|key| key.principal.get(|| self.registry.of_credential(&key.consumer, &key.id)));
                named.map_err(Refused::For)
            }
            Kind::Basic(basic) => {
                let user = basic.verify(shown.credential, cx.now, cx.proxy);
                let make = |user: &User| self.registry.of_credential(&user.consumer, &user.username);
                user.and_then(|user| user.principal.get(|| make(user))).map_err(Refused::For)
            }
        };
        match found {
            Ok(principal) => match principal.consumer.as_ref().map_or(Ok(()), |consumer| consumer.state(cx.now)) {
                Ok(()) => Outcome::Valid(Found { principal, by: at }),
                Err(reason) => Outcome::Refused(reason),
            },
            Err(Refused::For(reason)) => Outcome::Refused(reason),
            Err(Refused::Lacking(lacking)) => {
                self.lacking = Some(lacking);
                Outcome::Pending
            }
        }
    }

    fn token(&self, authenticator: usize, jwt: &Jwt, token: &[u8], cx: &Cx<'_>) -> Result<Rc<Principal>, Refused> {
        let key = CacheKey { authenticator, token };
        if let Some(tokens) = &self.registry.tokens
            && let Some(hit) = tokens.get(key, |principal| self.generation(principal, cx), cx.now, cx.proxy)
        {
            self.check_again(tokens, &hit, token, cx)?;
            return Ok(hit.value);
        }
        // Read before the table: whoever is revoked meanwhile moves it.
        let mark = self.registry.revocation.as_ref().map(|revocation| revocation.mark(cx.proxy));
        let keys = |source: usize| Some(self.registry.remotes.current(source, cx.now)?.keys);
        let verified = jwt.verify(token, cx.now, &keys).map_err(|unverified| match unverified {
            Unverified::Refused(reason) => Refused::For(reason),
            Unverified::NoKeys { source } => Refused::Lacking(Lacking { by: authenticator, source, kid: None }),
            Unverified::UnknownKid { source, kid } => {
                Refused::Lacking(Lacking { by: authenticator, source, kid: Some(kid) })
            }
        })?;
        let principal = Rc::new(self.registry.of_token(jwt, verified)?);
        self.check_revoked(&principal, token, cx)?;
        if let (Some(tokens), Some(found)) = (&self.registry.tokens, &principal.token) {
            let entry = NewEntry {
                value: Rc::clone(&principal),
                generation: self.generation(&principal, cx),
                mark: mark.unwrap_or_default(),
                expires: found.times.expires,
            };
            tokens.put(key, entry, cx.now, cx.proxy);
        }
        Ok(principal)
    }

    /// The generation of the keys that verified the token.
    fn generation(&self, principal: &Principal, cx: &Cx<'_>) -> u64 {
        let source = principal.token.as_ref().and_then(|token| token.remote);
        let current = source.and_then(|source| self.registry.remotes.current(source, cx.now));
        current.map_or(0, |current| current.generation)
    }

    /// A token from the cache may have been revoked since.
    fn check_again(
        &self,
        tokens: &TokenCache<Principal>,
        hit: &Hit<Principal>,
        token: &[u8],
        cx: &Cx<'_>,
    ) -> Result<(), Reason> {
        let Some(revocation) = &self.registry.revocation else { return Ok(()) };
        let mark = revocation.mark(cx.proxy);
        if !mark.has_moved_since(hit.mark) {
            return Ok(());
        }
        match self.check_revoked(&hit.value, token, cx) {
            Ok(()) => tokens.not_revoked(hit, mark),
            Err(Reason::Revoked) => {
                tokens.forget(hit);
                return Err(Reason::Revoked);
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }

    fn check_revoked(&self, principal: &Principal, token: &[u8], cx: &Cx<'_>) -> Result<(), Reason> {
        let (Some(revocation), Some(found)) = (&self.registry.revocation, &principal.token) else { return Ok(()) };
        match revocation.is_revoked(cx.proxy, &found.id(token), cx.now) {
            Ok(false) => Ok(()),
            Ok(true) => Err(Reason::Revoked),
            Err(_) => Err(Reason::RevocationUnavailable),
        }
    }
}
