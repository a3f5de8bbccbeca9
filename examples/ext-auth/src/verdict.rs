//! What an answer means.

use std::fmt;

use sluicegate_common::config::HeaderName;
use sluicegate_common::filter::{Answer, CalloutAnswer, CalloutError};
use sluicegate_common::head::RequestHead;
use sluicegate_common::identity::{self, Identity};
use sluicegate_common::proxy::Proxy;
use sluicegate_common::reply::LocalReply;

use crate::config::Config;

/// What one service says of a request.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// It may pass.
    Allowed(&'a Answer),
    /// It may not.
    Refused(LocalReply),
    /// Neither: the service did not do its work.
    Failed(Failure),
}

/// How a service failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another status than 200, 401 and 403. Envoy says 503 and 504 where a service is down or slow.
    Status(u16),
    /// There is no answer.
    Callout(CalloutError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "expected 200, 401 or 403, found {status}"),
            Self::Callout(error) => error.fmt(f),
        }
    }
}

impl<'a> Verdict<'a> {
    /// Judges an answer.
    #[must_use]
    pub fn of(answer: &'a CalloutAnswer) -> Self {
        let answer = match &answer.outcome {
            Ok(answer) => answer,
            Err(error) => return Self::Failed(Failure::Callout(*error)),
        };
        match answer.status {
            200 => Self::Allowed(answer),
            401 => {
                let reply = LocalReply::new(401, "unauthenticated", "The request lacks valid credentials.");
                let challenges = answer.headers.values(b"www-authenticate");
                Self::Refused(challenges.fold(reply, |reply, value| reply.header("www-authenticate", value)))
            }
            403 => Self::Refused(LocalReply::new(403, "denied", "The request is not allowed.")),
            other => Self::Failed(Failure::Status(other)),
        }
    }
}

/// Lets the upstream see these headers of the answer.
pub fn copy(answer: &Answer, names: &[HeaderName], head: &mut RequestHead<'_>) {
    for name in names {
        for value in answer.headers.values(name.as_str().as_bytes()) {
            if let Err(error) = head.append(name.as_str().to_owned(), value) {
                log::warn!("ext_auth: {error}");
            }
        }
    }
}

/// Makes known to the filters behind who the service says is calling. What cannot be told is logged and left out: then
/// nobody is.
pub fn publish(answer: &Answer, config: &Config, proxy: &dyn Proxy) {
    let consumer = config.consumer_header.as_ref().and_then(|name| answer.headers.first(name.as_str().as_bytes()));
    if let Some(consumer) = consumer {
        match std::str::from_utf8(consumer).map(|id| Identity::new(id, "", &[], false)) {
            Ok(Ok(consumer)) => {
                if let Err(status) = identity::publish(&consumer, proxy) {
                    log::error!("ext_auth: the consumer cannot be published: {status}");
                }
            }
            Ok(Err(error)) => log::warn!("ext_auth: {error}"),
            Err(_) => log::warn!("ext_auth: the consumer is not UTF-8"),
        }
    }
    if config.publish_claims
        && let Err(status) = identity::publish_claims(&answer.body, proxy)
    {
        log::warn!("ext_auth: the claims cannot be published: {status}");
    }
}
