//! Who a request was found to come from.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use sluicegate_common::config::Object;
use sluicegate_common::head::Name;
use sluicegate_common::identity::Identity;

use crate::consumers::Consumer;
use crate::jose::token::signing_input;
use crate::jwt::Times;
use crate::reason::Reason;
use crate::revocation::TokenId;

/// Whom a valid credential names. A token's is made once and kept in the cache, so that a request with a token seen before
/// copies nothing.
#[derive(Debug)]
pub struct Principal {
    /// As other filters and the upstream are told.
    pub identity: Rc<Identity>,
    /// The entry in the registry, whose state is judged at every request.
    pub consumer: Option<Rc<Consumer>>,
    /// What the token says besides; none where the credential is no token.
    pub token: Option<VerifiedToken>,
}

/// What a verified token says besides whose it is.
#[derive(Debug)]
pub struct VerifiedToken {
    /// The name of the issuer entry.
    pub issuer: Rc<str>,
    /// Which one of the published sets of keys had its key, if any.
    pub remote: Option<usize>,
    /// The consumer's id, if a claim that config names tells bearers apart.
    pub bearer: Option<String>,
    /// The claims: an object.
    pub claims: Rc<Value>,
    /// `exp`, `nbf`, `iat`.
    pub times: Times,
    /// The most that was accepted between `iat` and `exp`.
    pub max_lifetime: Option<Duration>,
    /// What the upstream is told.
    pub headers: Vec<(Name, String)>,
}

/// Whom a credential of the config names: made when it is shown first, and kept.
#[derive(Debug, Clone, Default)]
pub struct Ready(OnceCell<Rc<Principal>>);

impl Ready {
    /// What was kept, or what `make` makes.
    ///
    /// # Errors
    /// That of `make`. It is asked again then.
    pub fn get(&self, make: impl FnOnce() -> Result<Principal, Reason>) -> Result<Rc<Principal>, Reason> {
        match self.0.get() {
            Some(principal) => Ok(Rc::clone(principal)),
            None => make().map(|made| Rc::clone(self.0.get_or_init(|| Rc::new(made)))),
        }
    }
}

/// What it holds follows from the credential that it is of.
impl PartialEq for Ready {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Ready {}

impl Principal {
    /// The claims of the token, if it is one.
    #[must_use]
    pub fn claims(&self) -> Option<&Object> {
        self.token.as_ref()?.claims.as_object()
    }
}

impl VerifiedToken {
    /// What revokes it; `bytes` are the token.
    #[must_use]
    pub fn id<'a>(&'a self, bytes: &'a [u8]) -> TokenId<'a> {
        let text = |name: &str| self.claims.get(name).and_then(Value::as_str);
        TokenId {
            issuer: &self.issuer,
            jti: text("jti"),
            sub: text("sub"),
            consumer: self.bearer.as_deref(),
            iat: self.times.issued,
            exp: self.times.expires,
            max_lifetime: self.max_lifetime,
            signing_input: signing_input(bytes),
        }
    }
}
