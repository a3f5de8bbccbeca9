//! What a filter says when it answers a request itself.

use std::borrow::Cow;
use std::time::Duration;

use super::fields::{is_field_value, may_set};

/// The body a filter asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBody {
    /// Written from code and message in the configured format.
    Formatted,
    /// None, such as a preflight's.
    Empty,
    /// These bytes, whatever the format. An entry of `errors` still replaces them.
    Explicit {
        /// The value of `content-type`.
        content_type: &'static str,
        /// The body.
        bytes: Vec<u8>,
    },
}

/// An answer from the gateway itself: a refusal, a preflight, a direct response. It carries the
/// filter's own headers only.
///
/// ```
/// use std::time::Duration;
/// use sluicegate_common::reply::LocalReply;
///
/// let reply = LocalReply::new(429, "rate_limited", "Too many requests.")
///     .header("ratelimit-policy", "\"per-user\";q=100;w=900")
///     .retry_after(Duration::from_millis(1500));
/// assert_eq!(reply.status(), 429);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalReply {
    status: u16,
    code: &'static str,
    message: Cow<'static, str>,
    headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    body: ReplyBody,
    retry_after: Option<u64>,
    grpc_status: Option<u32>,
}

impl LocalReply {
    /// A reply with that status, a reason code (`snake_case`: the key in `errors`, the host's
    /// `response.code_details`, a metric label) and one sentence for people, which may be empty.
    ///
    /// A status that cannot end a response (below 200 or above 599) becomes 500, which is what a
    /// client has to take it for (RFC 9110 section 15).
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: final_status(status),
            code,
            message: message.into(),
            headers: Vec::new(),
            body: ReplyBody::Formatted,
            retry_after: None,
            grpc_status: None,
        }
    }

    /// Adds a header line. One that could not be sent is dropped: a name that is not lower-case or
    /// frames the message ([`super::may_set`]), a value with a control byte.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) -> Self {
        self.add_header(name, value);
        self
    }

    /// As [`LocalReply::header`], to a reply that stays where it is.
    pub fn add_header(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let (name, value) = (name.into(), value.into());
        if may_set(name.as_bytes()) && is_field_value(&value) {
            self.headers.push((name, value));
        }
    }

    /// `Retry-After` in seconds (RFC 9110 section 10.2.3): `wait` rounded up, at least 1.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let begun = u64::from(wait.subsec_nanos() > 0);
        self.retry_after = Some(wait.as_secs().saturating_add(begun).max(1));
        self
    }

    /// Sends these bytes instead of a formatted body.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = ReplyBody::Explicit { content_type, bytes: bytes.into() };
        self
    }

    /// Sends no body and no content type.
    #[must_use]
    pub fn no_body(mut self) -> Self {
        self.body = ReplyBody::Empty;
        self
    }

    /// The gRPC status for gRPC callers, where the one that follows from the HTTP status
    /// ([`super::grpc_status`]) would mislead.
    #[must_use]
    pub fn grpc(mut self, status: u32) -> Self {
        self.grpc_status = Some(status);
        self
    }

    /// The HTTP status, 200..=599.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The filter's own header lines, in order; `Retry-After` is not among them.
    #[must_use]
    pub fn headers(&self) -> &[(Cow<'static, str>, Vec<u8>)] {
        &self.headers
    }

    pub(super) fn take_headers(&mut self) -> Vec<(Cow<'static, str>, Vec<u8>)> {
        std::mem::take(&mut self.headers)
    }

    pub(super) fn take_body(&mut self) -> ReplyBody {
        std::mem::replace(&mut self.body, ReplyBody::Empty)
    }

    /// The seconds of `Retry-After`.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after
    }

    /// The body asked for.
    #[must_use]
    pub fn reply_body(&self) -> &ReplyBody {
        &self.body
    }

    /// The gRPC status given by [`LocalReply::grpc`].
    #[must_use]
    pub fn explicit_grpc_status(&self) -> Option<u32> {
        self.grpc_status
    }
}

/// `status` when it can end a response, else 500.
pub(super) fn final_status(status: u16) -> u16 {
    if (200..=599).contains(&status) { status } else { 500 }
}

#[cfg(test)]
mod tests;
