//! What the configuration says about replies: `error_format` and `errors`.

use std::collections::BTreeMap;

use super::fields::may_set;
use super::local_reply::{LocalReply, ReplyBody};
use crate::config::{ConfigError, ConfigErrors, HeaderName, HeaderValue, Table};
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

impl OverrideBody {
    /// The body that a config's `json` or `text` asks for.
    ///
    /// # Errors
    /// Both are given. Or what a template puts in would be read as another media type than the body is escaped for:
    /// `headers` name a `content-type` of their own.
    pub fn of(
        json: Option<Json>,
        text: Option<Template>,
        headers: &Table<HeaderName, HeaderValue>,
    ) -> Result<Option<Self>, ConfigError> {
        let body = match (json, text) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::invalid("", "a reply has one body: \"json\" or \"text\""));
            }
            (Some(json), None) => Some(Self::Json(json)),
            (None, text) => text.map(Self::Text),
        };
        let has_values = body.as_ref().is_some_and(|body| body.templates().iter().any(|it| it.literal().is_none()));
        if has_values && headers.names().any(|name| name.as_str() == "content-type") {
            let message = "values of the request are escaped for the body's own type: a literal body may have another";
            return Err(ConfigError::invalid("headers.content-type", message));
        }
        Ok(body)
    }

    /// All templates in it.
    #[must_use]
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Json(json) => json.templates(),
            Self::Text(text) => vec![text],
        }
    }
}

/// Checks the headers that a config gives a reply.
///
/// # Errors
/// One for each that the proxy writes itself.
pub fn check_headers(headers: &Table<HeaderName, HeaderValue>) -> Result<(), ConfigErrors> {
    let taken = headers.names().map(HeaderName::as_str).filter(|name| !may_set(name.as_bytes()));
    let error = |name: &str| ConfigError::invalid(format!("headers.{name}"), "the proxy writes this header itself");
    taken.map(error).collect::<ConfigErrors>().into_result(())
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

impl ReplyPolicy {
    /// Whether the body of this reply tells the id of the request, unless a template of the body does.
    #[must_use]
    pub fn shows_id(&self, reply: &LocalReply) -> bool {
        self.format != ErrorFormat::Text
            && *reply.reply_body() == ReplyBody::Formatted
            && self.overrides.get(reply.code()).is_none_or(|entry| entry.body.is_none())
    }
}
