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

/// The body of a refusal in the configured format.
pub(super) fn formatted(format: ErrorFormat, facts: &Facts<'_>) -> Body {
    match format {
        ErrorFormat::ProblemJson => Body { content_type: PROBLEM_JSON, bytes: problem(facts) },
        ErrorFormat::Json => Body { content_type: JSON, bytes: short_error(facts) },
        ErrorFormat::Text => text(facts.message),
    }
}

/// RFC 9457 section 3.1, and the extension members `code` and `correlation_id`.
fn problem(facts: &Facts<'_>) -> Vec<u8> {
    let mut object = Object::beginning_with(r#"{"type":"about:blank","title":"#, facts);
    object.value(reason_phrase(facts.status));
    object.name(r#","status":"#);
    object.value(&facts.status);
    if !facts.message.is_empty() {
        object.name(r#","detail":"#);
        object.value(facts.message);
    }
    object.name(r#","code":"#);
    object.value(facts.code);
    object.end(r#","correlation_id":"#, facts.correlation_id)
}

/// The short model: a code for programs, a message for people.
fn short_error(facts: &Facts<'_>) -> Vec<u8> {
    let mut object = Object::beginning_with(r#"{"error":"#, facts);
    object.value(facts.code);
    object.name(r#","message":"#);
    object.value(facts.message);
    object.end(r#","correlationId":"#, facts.correlation_id)
}

/// A JSON object in the making, of members whose names are known.
struct Object(Vec<u8>);

impl Object {
    fn beginning_with(start: &str, facts: &Facts<'_>) -> Self {
        // What a problem has besides: names, status, the longest title and the longest id.
        const ROOM: usize = 288;
        let mut object = Self(Vec::with_capacity(facts.message.len().saturating_add(ROOM)));
        object.name(start);
        object
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(name.as_bytes());
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Texts and integers always serialise, and memory takes all that is written.
        _ = serde_json::to_writer(&mut self.0, value);
    }

    fn end(mut self, name: &str, correlation_id: Option<&str>) -> Vec<u8> {
        if let Some(id) = correlation_id {
            self.name(name);
            self.value(id);
        }
        self.0.push(b'}');
        self.0
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
