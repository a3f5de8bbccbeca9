//! What a refusal answers: status, challenges, words.
//!
//! 1. Who has not shown an acceptable credential gets 401 and may try another (RFC 9110 section 15.5.2); who is known
//!    and not allowed gets 403, and so does a consumer that is disabled: another try changes nothing. What cannot be
//!    checked now gets 503, too many passwords 429, both with `Retry-After`.
//! 2. A 401 carries one challenge for each scheme of `require`, in its order, a line each. Where nothing is asked for,
//!    there is no credential to show, and the answer is 403.
//! 3. `Bearer` tells more (RFC 6750 section 3): nothing where no credential was shown, `invalid_token` where its own was
//!    refused, `insufficient_scope` and the scopes that would do with a 403. `invalid_request` is never used: it would
//!    want a 400, and a malformed token is an invalid one.
//! 4. `Basic` asks for UTF-8 (RFC 7617 section 2.1). API keys have no registered scheme: theirs is called `ApiKey`.
//! 5. With `strip_failure_details` every 401 reads the same, and a disabled consumer is one that is not allowed. Metrics
//!    and the decision record still tell the reason.

use std::time::Duration;

use sluicegate_common::config::Text;
use sluicegate_common::filter::{Cx, Decision, Outcome};
use sluicegate_common::reply::LocalReply;

use crate::authorize;
use crate::reason::Reason;

/// The code of every 401 with `strip_failure_details`.
pub const UNAUTHORIZED: &str = "unauthorized";

/// `realm`, the name of what is protected: 1 to 255 bytes that stand in quotes as they are (RFC 9110 section 5.6.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm(String);

impl Default for Realm {
    fn default() -> Self {
        Self("api".to_owned())
    }
}

impl Text for Realm {
    const EXPECTED: &'static str = "1 to 255 characters of printable ASCII without quotes and backslashes";

    fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| (b == b' ' || b.is_ascii_graphic()) && b != b'"' && b != b'\\';
        ((1..=255).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Realm);
sluicegate_common::described_text!(Realm: "text" shown |realm| realm.0);

/// The scheme of an authenticator's challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Tokens (RFC 6750), wherever they stand.
    Bearer,
    /// User names and passwords (RFC 7617).
    Basic,
    /// API keys.
    ApiKey,
}

/// What there is against a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused<'a> {
    /// Why.
    pub reason: Reason,
    /// The authenticator whose credential was refused.
    pub by: Option<usize>,
    /// The scopes that would do, separated by spaces.
    pub scope: Option<&'a str>,
}

impl<'a> From<authorize::Refusal<'a>> for Refused<'a> {
    fn from(refusal: authorize::Refusal<'a>) -> Self {
        Self { reason: refusal.reason, by: None, scope: refusal.scope }
    }
}

/// How refusals are answered under one policy.
#[derive(Debug, Clone)]
pub struct Deny {
    /// The authenticators of `require`, in its order.
    asked: Vec<(usize, Scheme)>,
    /// The challenge of each of their schemes.
    challenges: Vec<(Scheme, String)>,
    strip_failure_details: bool,
}

impl Deny {
    /// Answers for the authenticators that `require` asks.
    #[must_use]
    pub fn new(realm: Realm, asked: Vec<(usize, Scheme)>, strip_failure_details: bool) -> Self {
        let mut challenges: Vec<(Scheme, String)> = Vec::new();
        for (_, scheme) in &asked {
            if !challenges.iter().any(|(known, _)| known == scheme) {
                challenges.push((*scheme, challenge(*scheme, &realm)));
            }
        }
        Self { asked, challenges, strip_failure_details }
    }

    /// Refuses the request; metrics are told the reason, whatever the answer says.
    pub fn refuse(&self, refused: Refused<'_>, cx: &mut Cx<'_>) -> Decision {
        cx.report(Outcome::Refused, self.effective(refused.reason).code());
        Decision::Respond(self.reply(refused))
    }

    /// The answer.
    #[must_use]
    pub fn reply(&self, refused: Refused<'_>) -> LocalReply {
        let reason = self.effective(refused.reason);
        let refused = Refused { reason, ..refused };
        match Answer::to(reason) {
            Answer::Unauthorized => self.unauthorized(refused),
            Answer::Forbidden if self.strip_failure_details && reason == Reason::ConsumerDisabled => {
                LocalReply::new(403, Reason::NotAllowed.code(), NOT_ALLOWED)
            }
            Answer::Forbidden => self.forbidden(refused),
            Answer::Unavailable(wait) => {
                LocalReply::new(503, reason.code(), "Credentials cannot be checked at the moment.").retry_after(wait)
            }
            Answer::TooMany(wait) => {
                LocalReply::new(429, reason.code(), "Too many attempts at the moment.").retry_after(wait)
            }
        }
    }

    /// Where nothing is asked for, nothing is missing.
    fn effective(&self, reason: Reason) -> Reason {
        match reason {
            Reason::MissingCredential if self.asked.is_empty() => Reason::NotAllowed,
            reason => reason,
        }
    }

    fn unauthorized(&self, Refused { reason, by, .. }: Refused<'_>) -> LocalReply {
        let strip = self.strip_failure_details;
        let code = if strip { UNAUTHORIZED } else { reason.code() };
        let message =
            if strip || reason == Reason::MissingCredential { REQUIRED } else { "The credential was refused." };
        let refused = self.asked.iter().find(|(asked, _)| by == Some(*asked) && !strip).map(|(_, scheme)| *scheme);
        let mut reply = LocalReply::new(401, code, message);
        for (scheme, challenge) in &self.challenges {
            let challenge = if refused == Some(Scheme::Bearer) && *scheme == Scheme::Bearer {
                [challenge, ", error=\"invalid_token\", error_description=\"", reason.code(), "\""].concat()
            } else {
                challenge.clone()
            };
            reply = reply.header(WWW_AUTHENTICATE, challenge);
        }
        reply
    }

    fn forbidden(&self, Refused { reason, scope, .. }: Refused<'_>) -> LocalReply {
        let reply = LocalReply::new(403, reason.code(), NOT_ALLOWED);
        let scope = scope.filter(|_| reason == Reason::InsufficientScope);
        let bearer = self.challenges.iter().find(|(scheme, _)| *scheme == Scheme::Bearer);
        match scope.zip(bearer) {
            Some((scope, (_, challenge))) => {
                reply.header(WWW_AUTHENTICATE, format!("{challenge}, error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            None => reply,
        }
    }
}

fn challenge(scheme: Scheme, Realm(realm): &Realm) -> String {
    match scheme {
        Scheme::Bearer => format!("Bearer realm=\"{realm}\""),
        Scheme::Basic => format!("Basic realm=\"{realm}\", charset=\"UTF-8\""),
        Scheme::ApiKey => format!("ApiKey realm=\"{realm}\""),
    }
}

const WWW_AUTHENTICATE: &str = "www-authenticate";
const REQUIRED: &str = "Authentication is required.";
const NOT_ALLOWED: &str = "This is not allowed.";

/// The kind of an answer.
enum Answer {
    Unauthorized,
    Forbidden,
    /// And how long it may last.
    Unavailable(Duration),
    /// And how long it may last.
    TooMany(Duration),
}

impl Answer {
    fn to(reason: Reason) -> Self {
        match reason {
            Reason::MissingCredential
            | Reason::Malformed
            | Reason::UnknownKey
            | Reason::InvalidSignature
            | Reason::Expired
            | Reason::NotYetValid
            | Reason::WrongIssuer
            | Reason::WrongAudience
            | Reason::AlgNotAllowed
            | Reason::UnknownKid
            | Reason::Revoked => Self::Unauthorized,
            Reason::ConsumerDisabled | Reason::NotAllowed | Reason::InsufficientScope => Self::Forbidden,
            Reason::JwksUnavailable => Self::Unavailable(Duration::from_secs(5)),
            Reason::RevocationUnavailable => Self::Unavailable(Duration::from_secs(1)),
            Reason::TooManyAttempts => Self::TooMany(Duration::from_secs(1)),
        }
    }
}

#[cfg(test)]
mod tests;
