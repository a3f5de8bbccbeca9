//! The bodies of replies: the only place that writes them.

use serde::Serialize;

use super::phrase::reason_phrase;
use super::policy::{ErrorFormat, OverrideBody};
use super::render::Expand;

/// A body and its media type.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// What every format is written from.
pub(super) struct Facts<'a> {
    pub(super) status: u16,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    /// Already known to be valid.
    pub(super) correlation_id: Option<&'a str>,
}

/// RFC 9457 section 3.1, and the extension members `code` and `correlation_id`.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

/// The short model: a code for programs, a message for people.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShortError<'a> {
    error: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

/// The body of a refusal in the configured format.
pub(super) fn formatted(format: ErrorFormat, facts: &Facts<'_>) -> Body {
    match format {
        ErrorFormat::ProblemJson => json(
            PROBLEM_JSON,
            &Problem {
                r#type: "about:blank",
                title: reason_phrase(facts.status),
                status: facts.status,
                detail: facts.message,
                code: facts.code,
                correlation_id: facts.correlation_id,
            },
        ),
        ErrorFormat::Json => {
            json(JSON, &ShortError { error: facts.code, message: facts.message, correlation_id: facts.correlation_id })
        }
        ErrorFormat::Text => text(facts.message),
    }
}

impl OverrideBody {
    /// Media type and bytes.
    pub fn fill(&self, expand: Expand<'_>) -> (&'static str, Vec<u8>) {
        let Body { content_type, bytes } = overridden(self, expand);
        (content_type, bytes)
    }
}

/// The body an entry of `errors` asks for.
pub(super) fn overridden(body: &OverrideBody, expand: Expand<'_>) -> Body {
    match body {
        OverrideBody::Text(words) => text(&expand(words)),
        OverrideBody::Json(value) => json(JSON, &value.fill(expand)),
    }
}

/// `message` alone.
pub(super) fn text(message: &str) -> Body {
    Body { content_type: TEXT, bytes: message.as_bytes().to_vec() }
}

fn json(content_type: &'static str, value: &impl Serialize) -> Body {
    // String keys and finite numbers always serialise: the default is never taken.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    Body { content_type, bytes }
}

/// A correlation id as it may stand in a body, `None` for anything but a valid one.
pub(super) fn correlation_id(id: Option<&[u8]>) -> Option<&str> {
    id.filter(|id| crate::request_id::is_valid(id)).and_then(|id| std::str::from_utf8(id).ok())
}

#[cfg(test)]
mod tests;
