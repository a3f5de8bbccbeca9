//! What the configuration says about replies: `error_format` and `errors`.

use std::collections::BTreeMap;

use crate::template::{Json, Template};

/// `error_format`: how the body of a refusal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorFormat {
    /// `problem_json`: `application/problem+json` (RFC 9457) with `code` and `correlation_id`.
    #[default]
    ProblemJson,
    /// `json`: `application/json`, `{"error": <code>, "message", "correlationId"}`.
    Json,
    /// `text`: `text/plain`, the message alone.
    Text,
}

/// The body an entry of `errors` puts in place of the filter's own.
#[derive(Debug, Clone, PartialEq)]
pub enum OverrideBody {
    /// `json`: sent as `application/json`.
    Json(Json),
    /// `text`: sent as `text/plain`, and the message of a gRPC status.
    Text(Template),
}

/// One entry of `errors`: what replaces the reply of one reason code.
///
/// The fields are plain: whoever parses the configuration reports a bad status (200..=599), a bad
/// name ([`super::may_set`]) or a bad value ([`super::is_field_value`]) where it stands. What
/// slips through is left out of the reply, never sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorOverride {
    /// Replaces the status; the gRPC status then follows from this one.
    pub status: Option<u16>,
    /// Added to the filter's own headers, replacing those of the same name.
    pub headers: Vec<(String, String)>,
    /// Replaces the body.
    pub body: Option<OverrideBody>,
}

/// How replies look: `error_format` and `errors` of one policy. A filter without either uses the
/// default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplyPolicy {
    /// The format of bodies that no override replaces.
    pub format: ErrorFormat,
    /// By reason code, such as `rate_limited`.
    pub overrides: BTreeMap<String, ErrorOverride>,
}
