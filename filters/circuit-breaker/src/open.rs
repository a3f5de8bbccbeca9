//! How a request is rejected, and with what.

use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, HeaderValue, StatusCode, Table};
use sluicegate_common::filter::{Cx, Decision};
use sluicegate_common::head::RequestHead;
use sluicegate_common::reply::{LocalReply, OverrideBody, check_headers};
use sluicegate_common::template::{Json, Scope, Template};

use crate::rules::State;

/// The breaker is open.
const OPEN: &str = "circuit_open";
/// The breaker is half-open, and all permits are taken.
const HALF_OPEN: &str = "circuit_half_open";
/// The config says that it is open.
pub const FORCED_OPEN: &str = "circuit_forced_open";
/// The record cannot be read or written.
pub const STORE_ERROR: &str = "store_error";
/// The status page.
pub const STATUS: &str = "status";

/// The reason codes of all replies.
pub const CODES: &[&str] = &[OPEN, HALF_OPEN, FORCED_OPEN, STORE_ERROR, STATUS];

/// `open` as written.
#[derive(Debug, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawOpen {
    /// Status of the reply.
    #[config(default, shown = "503")]
    status: Option<StatusCode>,
    /// Besides `Retry-After`.
    #[config(default)]
    headers: Table<HeaderName, HeaderValue>,
    /// The body. Its strings are [templates](../header-transform/README.md#what-it-does), `${breaker}` is the breaker's
    /// name. Absent, and `text` as well: as `error_format` says.
    #[config(default)]
    json: Option<Json>,
    /// The body as `text/plain`, in place of `json`.
    #[config(default)]
    text: Option<Template>,
}

/// What those are told who are rejected.
#[derive(Debug)]
pub struct Open {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<OverrideBody>,
}

impl RawOpen {
    /// Compiles it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(self) -> Result<Open, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.take(check_headers(&self.headers));
        let body = errors.take(OverrideBody::of(self.json, self.text, &self.headers)).flatten();
        let status = self.status.map_or(503, StatusCode::code);
        if body.is_some() && matches!(status, 204 | 205 | 304) {
            errors.push(ConfigError::invalid("status", format!("{status} has no body (RFC 9110 section 6.4.1)")));
        }
        let header = |(name, value): (HeaderName, HeaderValue)| (name.into_string(), value.into_string());
        let headers = self.headers.into_iter().map(header).collect();
        errors.into_result(Open { status, headers, body })
    }
}

impl Open {
    /// Rejects a request. `wait`: how long it is no use to ask again; none where nobody knows.
    pub fn reject(&self, code: &'static str, wait: Option<Duration>, head: &RequestHead<'_>, cx: &Cx<'_>) -> Decision {
        let mut reply = LocalReply::new(self.status, code, "The service is temporarily unavailable.");
        for (name, value) in &self.headers {
            reply = reply.header(name.clone(), value.as_bytes());
        }
        if let Some(wait) = wait {
            reply = reply.retry_after(wait);
        }
        if let Some(body) = &self.body {
            let scope = Scope::new(head, cx);
            let (content_type, bytes) = body.fill(&|template| template.to_text(&scope));
            reply = reply.body(content_type, bytes);
        }
        Decision::Respond(reply)
    }
}

/// The reason code for a state that lets nobody pass.
pub fn code(state: State) -> &'static str {
    match state {
        State::HalfOpen => HALF_OPEN,
        State::Open | State::Closed => OPEN,
    }
}
