//! Logging in: a service checks the credentials, the gateway makes the token.
//!
//! 1. A login is a POST to `path`, spelled as config spells it, on one of `hosts`. It needs no credential for the
//!    gateway, and goes to the credential service by whatever route leads there. By another spelling a request might
//!    take another route, and not the credential service say whose the token is; or the same route, and the answer
//!    pass. Such POSTs are refused. On other hosts the path means nothing.
//! 2. The service's answer 200 never reaches the client. In its place the client gets a token with the claims that config
//!    picks out of it. Every other status of its passes as it is, and so does what anybody else says.
//! 3. What the gateway says in a token (`iat`, `exp`, `jti`, `iss`, `aud`) comes from it alone.
//! 4. The first of `claims` names the user: without it there is no token.
//! 5. An answer that no token can be made of becomes a 502. Nothing of it is shown: it may hold what only the service
//!    should know.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_common::config::{Object, Pointer, parse_json};
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{BodyError, TakeBody};
use sluicegate_common::head::{EditError, RequestHead, ResponseHead};
use sluicegate_common::matcher::{HostPattern, host_name};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::reply::LocalReply;
use sluicegate_common::time::Nanos;

use crate::jose::{Signer, base64url};
use crate::jwt::claim_header::holds_exact_numbers;
use crate::own_path::OwnPath;

mod config;
mod service;

pub use config::RawLogin;
pub use service::{Said, said};

/// The reason code of the reply where no token can be made.
pub const CODE: &str = "login_failed";

/// Where one logs in, and what one gets.
#[derive(Debug)]
pub struct Login {
    path: OwnPath,
    /// `None`: on any host.
    hosts: Option<Vec<HostPattern>>,
    /// What a token holds of the service's answer, by the last names of the pointers. The first names the user.
    claims: Vec<Pointer>,
    ttl: Ttl,
    issuer: Option<String>,
    audience: Option<String>,
    signer: Signer,
    max_body: usize,
    hold_head: bool,
}

/// How long a token is good.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ttl {
    /// As config writes it, and clients read it.
    text: String,
    /// Whole seconds.
    period: Duration,
}

/// Why no token can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is no JSON, by its `content-type`.
    NotJson,
    /// Its bytes are encoded.
    Encoded,
    /// It has no body.
    Empty,
    /// The body could not be had.
    Body(BodyError),
    /// It is no JSON object, or not one in which every name stands once.
    NoObject,
    /// It does not say whose token it would be: no text and no whole number where the first of `claims` points.
    NoUser,
    /// A number in it is beyond what JSON readers agree about.
    Inexact,
    /// The host gave no random bytes.
    Random(Status),
    /// The host does not tell whether it is the service's.
    Unattributed,
}

impl Login {
    /// Whether the request is a login, by whatever spelling of the path, on one of the hosts.
    #[must_use]
    pub fn is_for(&self, head: &RequestHead<'_>, facts: &Facts) -> bool {
        self.path.is_for(head, facts)
            && self.hosts.as_ref().is_none_or(|hosts| {
                let host = host_name(head.host());
                hosts.iter().any(|pattern| pattern.matches(host))
            })
    }

    /// Whether its path is spelled as config spells it.
    #[must_use]
    pub fn is_spelled(&self, head: &RequestHead<'_>) -> bool {
        self.path.is_spelled(head)
    }

    /// Asks the credential service for an answer that can be read, and for the whole of it.
    ///
    /// # Errors
    /// None: the names can be removed.
    pub fn prepare(head: &mut RequestHead<'_>) -> Result<(), EditError> {
        head.remove("accept-encoding")?;
        head.remove("range")
    }

    /// What is to be done with the body of what was [`said`]; `None`: it passes. The head becomes that of the token's
    /// answer.
    ///
    /// # Errors
    /// What the head says against it.
    #[must_use]
    pub fn take(&self, said: Said, head: &mut ResponseHead<'_>) -> Option<Result<TakeBody, Unusable>> {
        match said {
            Said::Status(200) => {}
            Said::Unknown if head.status() == Some(200) => return Some(Err(Unusable::Unattributed)),
            Said::Status(_) | Said::Nothing | Said::Unknown => return None,
        }
        if let Err(unusable) = self.check_head(head) {
            return Some(Err(unusable));
        }
        for (name, value) in [("content-type", "application/json"), ("cache-control", "no-store")] {
            if let Err(error) = head.set(name, value) {
                log::error!("auth: login: {error}");
            }
        }
        Some(Ok(TakeBody::Whole { limit: self.max_body, hold_head: self.hold_head }))
    }

    fn check_head(&self, head: &ResponseHead<'_>) -> Result<(), Unusable> {
        if head.get("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
            return Err(Unusable::Encoded);
        }
        if head.get("content-type").is_some_and(|media_type| !is_json(media_type)) {
            return Err(Unusable::NotJson);
        }
        let length = head.get("content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        match length {
            Some(0_usize) => Err(Unusable::Empty),
            Some(length) if length > self.max_body => Err(Unusable::Body(BodyError::TooLarge)),
            _ => Ok(()),
        }
    }

    /// What the client gets: `{"token", "user", "expiresIn"}`.
    ///
    /// # Errors
    /// There can be no token.
    pub fn answer(&self, body: &[u8], now: Nanos, proxy: &dyn Proxy) -> Result<Vec<u8>, Unusable> {
        let Ok(Value::Object(answer)) = parse_json(body) else { return Err(Unusable::NoObject) };
        let user = self.user(&answer)?;
        let mut id = [0; 16];
        proxy.random(&mut id).map_err(Unusable::Random)?;
        let token = self.signer.sign(self.claims(user.clone(), now, &base64url::encode(id)));
        let answer = json!({"token": token, "user": user, "expiresIn": self.ttl.text});
        Ok(answer.to_string().into_bytes())
    }

    /// What config picks out of the service's answer. What is absent or null is left out.
    fn user(&self, answer: &Object) -> Result<Object, Unusable> {
        let mut user = Object::new();
        for (index, pointer) in self.claims.iter().enumerate() {
            let found = pointer.find(answer).filter(|value| !value.is_null());
            if index == 0 && !found.is_some_and(names_someone) {
                return Err(Unusable::NoUser);
            }
            let Some(value) = found else { continue };
            if !holds_exact_numbers(value) {
                return Err(Unusable::Inexact);
            }
            if pointer.name() == "sub" && !names_someone(value) {
                return Err(Unusable::NoUser);
            }
            user.insert(pointer.name().to_owned(), value.clone());
        }
        Ok(user)
    }

    fn claims(&self, mut claims: Object, now: Nanos, id: &str) -> Object {
        let seconds = |time: Nanos| Value::from(time.since(Nanos::default()).as_secs());
        if let Some(subject @ Value::Number(_)) = claims.get_mut("sub") {
            *subject = subject.to_string().into(); // RFC 7519 section 4.1.2
        }
        claims.insert("iat".into(), seconds(now));
        claims.insert("exp".into(), seconds(now.plus(self.ttl.period)));
        claims.insert("jti".into(), id.into());
        let said = [("iss", &self.issuer), ("aud", &self.audience)];
        for (name, value) in said {
            if let Some(value) = value {
                claims.insert(name.into(), value.as_str().into());
            }
        }
        claims
    }
}

/// A text that is not empty, or a whole number: what consumers are called by.
fn names_someone(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => !number.is_f64(),
        _ => false,
    }
}

/// Whether a `content-type` is one of JSON (RFC 6839 section 3.1).
fn is_json(media_type: &[u8]) -> bool {
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let essence = essence.to_ascii_lowercase();
    essence == b"application/json" || essence == b"text/json" || essence.ends_with(b"+json")
}

/// What the client gets that spells the path in a way of its own.
#[must_use]
pub fn misspelled() -> LocalReply {
    LocalReply::new(400, "ambiguous_path", "Logging in has a path of one spelling, and this is another.")
}

/// What the client gets where no token can be made; the log says why.
#[must_use]
pub fn failed(unusable: Unusable) -> LocalReply {
    log::warn!("auth: login: the answer of the credential service cannot be used: {unusable:?}");
    LocalReply::new(502, CODE, "Logging in is not possible at the moment.").header("cache-control", "no-store")
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
