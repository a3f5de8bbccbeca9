//! Who may come in: JSON Web Tokens, API keys, user names and passwords; what they may do; tokens revoked.
//!
//! 1. Headers that only this filter writes are taken out of every request, whatever its mode (`forward`).
//! 2. Preflights pass, unless config wants them judged: a browser sends them without credentials.
//! 3. A POST to `login.path` needs no credential; of the service's answer 200 a token is made (`login`). A POST to `logout_path`
//!    revokes the token it shows (`logout`).
//! 4. The request must satisfy `require`: of several authenticators the first whose credential is present decides.
//!    Where each looks says [`source`]; how it judges say [`jwt`], `api_key` and `basic`.
//! 5. A token whose keys are being fetched waits for them, a bounded time and not with too many others
//!    ([`jwt::remote`]).
//! 6. Every entry of `authorize` that concerns the request is judged: it can only refuse.
//! 7. The filters behind and the upstream are told who calls, and the credentials of all authenticators are taken out.
//! 8. A refusal says how to be let in, and gives nothing else away (`deny`).
//!
//! ```
//! # use serde_json::json;
//! # use sluicegate_common::{config::Env, filter::{Filter, Setup}};
//! let config = json!({
//!     "authenticators": {
//!         "users": {
//!             "type": "jwt",
//!             "issuers": [{
//!                 "name": "idp",
//!                 "issuer": "https://idp.example/",
//!                 "audiences": ["gateway"],
//!                 "algorithms": ["RS256"],
//!                 "keys": {"remote": {"uri": "https://idp.example/jwks.json", "cluster": "idp"}},
//!                 "groups_claim": "/groups"
//!             }]
//!         },
//!         "partners": {
//!             "type": "api_key",
//!             "from": [{"header": "x-api-key"}],
//!             "credentials": [{
//!                 "id": "gold-2026",
//!                 "consumer": "partner-gold",
//!                 "key": {"sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}
//!             }]
//!         }
//!     },
//!     "require": {"any": [{"use": "users"}, {"use": "partners"}]},
//!     "authorize": [
//!         {"name": "admin", "match": {"paths": [{"prefix": "/admin"}]}, "allow": {"groups": ["admin"]}}
//!     ],
//!     "revocation": {"logout_path": "/auth/logout"}
//! });
//! # let serde_json::Value::Object(config) = config else { unreachable!() };
//! # let configured = sluicegate_auth::Auth::configure(config, &Setup::new(&Env::default()), None);
//! # assert!(configured.is_ok(), "{configured:?}");
//! ```
//!
//! **Deployment**: let the plugin fail closed (Envoy: `FAIL_RELOAD` or `FAIL_CLOSED`), and put it before all filters that
//! ask who calls. The proxy forwards the path as the client wrote it, so let it normalise paths as this filter reads them.
//! Revocations are known to one proxy process and forgotten when it restarts; other replicas do not hear of them.
//! Publish keys over TLS: whoever can answer for their cluster can make tokens.
//!
//! **Not supported**: encrypted tokens (RFC 7516), ES384, ES512 and Ed448; keys found by OpenID Connect discovery; tokens
//! without meaning of their own (RFC 7662); tokens bound to a certificate or key (RFC 8705, RFC 9449); signing tokens with a private key.
//!
//! Specifications: RFC 7515, RFC 7517, RFC 7518 sections 3 and 6, RFC 7519 sections 4 and 7, RFC 8037 (tokens), RFC 8725
//! (their best practices), RFC 6750 sections 2.1 and 3 (Bearer), RFC 7617 (Basic), RFC 9110 sections 11 and 15.5
//! (challenges), RFC 6901 (places of claims).

mod api_key;
mod authenticator;
mod authorize;
mod basic;
mod config;
mod consumers;
mod deny;
mod forward;
pub mod jose;
mod judgement;
pub mod jwt;
mod login;
mod logout;
mod own_path;
mod principal;
pub mod reason;
mod registry;
mod require;
mod revocation;
pub mod source;

use std::rc::Rc;

use sluicegate_common::config::{ConfigErrors, InternalError, Object};
use sluicegate_common::filter::{
    Background, BodyError, Cx, Decision, Filter, Needs, Outcome, Setup, TakeBody, Wait, Wake,
};
use sluicegate_common::head::{EditError, RequestHead, ResponseHead};
use sluicegate_common::identity;
use sluicegate_common::reply::LocalReply;

use crate::authorize::Subject;
use crate::config::{Config, Gate, REGISTRIES};
#[cfg(not(target_family = "wasm"))]
pub use crate::config::{schema, tables};
use crate::deny::Refused;
use crate::judgement::{Found, Judgement};
use crate::jwt::remote::{Refusal, Waiting, Want, Woken};
use crate::login::{Login, Said, Unusable};
use crate::principal::Principal;
use crate::reason::Reason;
use crate::require::Verdict;

/// The filter.
#[derive(Debug)]
pub struct Auth {
    config: Config,
}

/// What is kept of a request.
#[derive(Debug, Default)]
pub enum Kept {
    /// Nothing.
    #[default]
    Nothing,
    /// It waits for keys.
    Waits(Waits),
    /// It is a login, whose answer is to come.
    Login,
    /// It is a login, and this was said.
    Answered {
        /// By whom.
        said: Said,
        /// What the head says against a token.
        unusable: Option<Unusable>,
    },
}

/// A request that waits for keys.
#[derive(Debug)]
pub struct Waits {
    waiting: Waiting,
    /// The authenticator that needs them.
    by: usize,
}

impl Filter for Auth {
    const NAME: &'static str = "auth";
    const REGISTRIES: &'static [&'static str] = REGISTRIES;
    const CASE_SENSITIVE: bool = false;
    const CODES: &'static [&'static str] = Reason::CODES;
    const ON_INTERNAL_ERROR: InternalError = InternalError::Deny;
    const TAKES_BODIES: bool = true;
    type Stream = Kept;

    fn configure(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        Config::parse(config, setup, top.map(|top| &top.config)).map(|config| Self { config })
    }

    fn cleanse(&self, head: &mut RequestHead<'_>) {
        if let Err(error) = self.config.registry.forward.cleanse(head) {
            log::error!("auth: {error}");
        }
    }

    fn needs(&self) -> Needs {
        let own_paths = self.config.registry.logout().is_some() || self.config.registry.login.is_some();
        Needs { headers: true, paths: own_paths || self.config.authorize.uses_paths(), ..Needs::default() }
    }

    fn on_request(&self, stream: &mut Kept, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        if self.config.bypass_cors_preflight && head.is_preflight() {
            // Browsers send none along; whatever else does must not find a way past `hide_credentials`.
            return match self.edit(None, head) {
                Ok(()) => Decision::Continue,
                Err(reason) => self.refuse(reason, cx),
            };
        }
        if let Some(login) = self.config.registry.login.as_ref().filter(|login| login.is_for(head, cx.facts)) {
            return match login.is_spelled(head) {
                true => self.log_in(stream, head, cx),
                false => Decision::Respond(login::misspelled()),
            };
        }
        self.decide(stream, head, cx)
    }

    fn on_wake(&self, stream: &mut Kept, why: &Wake<'_>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let Kept::Waits(mut waits) = std::mem::take(stream) else { return self.decide(stream, head, cx) };
        match self.config.registry.remotes.woken(&mut waits.waiting, why, cx.now, cx.proxy) {
            Woken::Again => self.decide(stream, head, cx),
            Woken::TooSoon => {
                let wait = waits.waiting.wait();
                *stream = Kept::Waits(waits);
                Decision::Wait(wait)
            }
            Woken::Ask(callout) => {
                *stream = Kept::Waits(waits);
                Decision::Wait(Wait::Callouts(vec![callout]))
            }
            Woken::Refused(why) => self.without_keys(why, waits.by, head, cx),
        }
    }

    fn observe(&self, stream: &mut Kept, head: &ResponseHead<'_>, cx: &mut Cx<'_>) {
        if matches!(stream, Kept::Login | Kept::Answered { .. }) {
            *stream = Kept::Answered { said: login::said(cx.proxy, head.status()), unusable: None };
        }
    }

    fn on_response(&self, stream: &mut Kept, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        let (Kept::Answered { said, unusable }, Some(login)) = (stream, &self.config.registry.login) else { return };
        match login.take(*said, head) {
            None => {}
            Some(Ok(how)) => cx.take_body(how),
            Some(Err(why)) => {
                *unusable = Some(why);
                cx.take_body(TakeBody::Unread);
            }
        }
    }

    fn on_body(
        &self,
        stream: &mut Kept,
        body: Result<&[u8], BodyError>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Box<LocalReply>> {
        let (Kept::Answered { unusable, .. }, Some(login)) = (stream, &self.config.registry.login) else {
            return Ok(Vec::new());
        };
        let body = unusable.map_or(body.map_err(Unusable::Body), Err);
        body.and_then(|body| login.answer(body, cx.now, cx.proxy)).map_err(|why| Box::new(login::failed(why)))
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        let remotes = &self.config.registry.remotes;
        (!remotes.is_empty()).then(|| Rc::clone(remotes) as Rc<dyn Background>)
    }
}

impl Auth {
    /// Judges what the request shows, with the keys that are there.
    fn decide(&self, stream: &mut Kept, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let registry = &self.config.registry;
        let gate = self.gate(head, cx);
        loop {
            let mut judgement = Judgement::new(registry);
            match gate.require.evaluate(&mut |at| judgement.ask(at, head, cx)) {
                Verdict::Passed(found) if gate.logs_out => return self.log_out(found, head, cx),
                Verdict::Passed(found) => return self.admit(found, head, cx),
                Verdict::Refused { reason, by } => return gate.deny.refuse(Refused { reason, by, scope: None }, cx),
                Verdict::Pending => {}
            }
            let Some(lacking) = judgement.lacking() else { return self.refuse(Reason::JwksUnavailable, cx) };
            match registry.remotes.want(lacking.source, lacking.kid.as_deref(), cx.now, cx.proxy) {
                // Other keys came in since: they are looked at now.
                Want::Again => {}
                Want::Wait(waiting) => {
                    let wait = waiting.wait();
                    *stream = Kept::Waits(Waits { waiting, by: lacking.by });
                    return Decision::Wait(wait);
                }
                Want::Refused(why) => return self.without_keys(why, lacking.by, head, cx),
            }
        }
    }

    /// A login: it shows its credentials to the service, and none to the gateway.
    fn log_in(&self, stream: &mut Kept, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        if let Err(reason) = self.edit(None, head) {
            return self.refuse(reason, cx);
        }
        if let Err(error) = Login::prepare(head) {
            log::error!("auth: login: {error}");
        }
        if cx.enforces() {
            self.publish(None, cx);
        }
        *stream = Kept::Login;
        Decision::Continue
    }

    /// What the request must show, and how it is told.
    fn gate(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> &Gate {
        let logs_out = self.config.registry.logout().is_some_and(|logout| logout.is_for(head, cx.facts));
        if logs_out { &self.config.logout } else { &self.config.gate }
    }

    /// What the request shows is good.
    fn admit(&self, found: Option<Found>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let principal = found.map(|found| found.principal);
        let subject = Subject {
            identity: principal.as_ref().map(|principal| &*principal.identity),
            claims: principal.as_ref().and_then(|principal| principal.claims()),
        };
        if let Err(refusal) = self.config.authorize.judge(subject, head, cx) {
            return self.config.gate.deny.refuse(refusal.into(), cx);
        }
        if let Err(reason) = self.edit(principal.as_deref(), head) {
            return self.refuse(reason, cx);
        }
        if cx.enforces() {
            self.publish(principal.as_deref(), cx);
        }
        Decision::Continue
    }

    /// What the upstream sees: who calls, and no credential.
    fn edit(&self, principal: Option<&Principal>, head: &mut RequestHead<'_>) -> Result<(), Reason> {
        self.try_edit(principal, head).map_err(|error| {
            log::debug!("auth: {error}");
            Reason::Malformed
        })
    }

    fn try_edit(&self, principal: Option<&Principal>, head: &mut RequestHead<'_>) -> Result<(), EditError> {
        let registry = &self.config.registry;
        if self.config.hide_credentials {
            registry.authenticators.iter().try_for_each(|authenticator| authenticator.sources.hide(head))?;
        }
        principal.map_or(Ok(()), |principal| registry.forward.tell(principal, head))
    }

    /// What the filters behind are told.
    fn publish(&self, principal: Option<&Principal>, cx: &mut Cx<'_>) {
        let identity = principal.map(|principal| &principal.identity).or(self.config.anonymous.as_ref());
        let Some(identity) = identity else { return };
        let claims = principal.and_then(|principal| principal.token.as_ref()).map(|token| &token.claims);
        cx.facts.set_identity(Some(Rc::clone(identity)), claims.map(Rc::clone));
        let mut told = Ok(());
        if self.config.publish_identity {
            told = identity::publish(identity, cx.proxy);
        }
        if let (true, Some(claims)) = (self.config.publish_claims, claims) {
            told = told.and(identity::publish_claims(claims.to_string().as_bytes(), cx.proxy));
        }
        if let Err(status) = told {
            log::debug!("auth: other modules are not told who calls: {status}");
        }
    }

    fn log_out(&self, found: Option<Found>, head: &RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let registry = &self.config.registry;
        let done = found.ok_or(Reason::MissingCredential).and_then(|found| found.log_out(registry, head, cx));
        match done {
            Ok(()) => {
                cx.report(Outcome::Answered, logout::CODE);
                Decision::Respond(logout::reply())
            }
            Err(reason) => self.config.logout.deny.refuse(Refused { reason, by: None, scope: None }, cx),
        }
    }

    fn without_keys(&self, why: Refusal, by: usize, head: &RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let deny = &self.gate(head, cx).deny;
        match why {
            Refusal::UnknownKid => deny.refuse(Refused { reason: Reason::UnknownKid, by: Some(by), scope: None }, cx),
            Refusal::Unavailable { retry_after } => {
                let refused = Refused { reason: Reason::JwksUnavailable, by: Some(by), scope: None };
                Decision::Respond(deny.reply(refused).retry_after(retry_after))
            }
        }
    }

    fn refuse(&self, reason: Reason, cx: &mut Cx<'_>) -> Decision {
        self.config.gate.deny.refuse(Refused { reason, by: None, scope: None }, cx)
    }
}
