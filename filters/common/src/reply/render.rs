//! From what a filter said to what the host is given.

use std::borrow::Cow;

use super::body::{self, Body, Facts};
use super::fields::{is_field_value, may_set};
use super::grpc::{Grpc, grpc_message, grpc_status};
use super::local_reply::{LocalReply, ReplyBody, final_status};
use super::policy::{ErrorOverride, OverrideBody, ReplyPolicy};
use crate::template::Template;

/// Fills a template in the body of an override. The result is escaped afterwards, so that a value cannot leave its
/// string.
pub type Expand<'a> = &'a dyn Fn(&Template) -> String;

/// What the request says about the reply to it.
#[derive(Clone, Copy)]
pub struct ReplyContext<'a> {
    /// The dialect of the caller.
    pub grpc: Grpc,
    /// The id of the request. Only a valid one ([`crate::request_id::is_valid`]) is written into a
    /// body.
    pub correlation_id: Option<&'a [u8]>,
    /// Fills `${...}` in override bodies.
    pub expand: Expand<'a>,
}

/// Of a request that is not known: templates stay as they are written.
impl Default for ReplyContext<'_> {
    fn default() -> Self {
        Self { grpc: Grpc::No, correlation_id: None, expand: &|template| template.as_written().to_owned() }
    }
}

/// Name and value of a header. Most are the same in every reply of their kind, and not copied.
pub type Line = (Cow<'static, [u8]>, Cow<'static, [u8]>);

/// A reply as the host takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// 200..=599.
    pub status: u16,
    /// Lower-case names; no pseudo header, nothing that frames the message.
    pub headers: Vec<Line>,
    /// For a native gRPC caller the bare message, which the host turns into `grpc-message`.
    pub body: Vec<u8>,
    /// For a native gRPC caller the status to hand to the host call.
    pub grpc_status: Option<u32>,
    /// The reason code, for the host's `response.code_details`. Kong's engine puts it on the wire
    /// as the reason phrase: pass it nothing.
    pub details: &'static str,
}

/// Renders `reply`; see the [module's documentation](super) for the order of the rules.
#[must_use]
pub fn render(mut reply: LocalReply, policy: &ReplyPolicy, context: &ReplyContext<'_>) -> Rendered {
    let replaced = policy.overrides.get(reply.code());
    let status = replaced.and_then(|entry| entry.status).map_or(reply.status(), final_status);
    let body = body_of(&mut reply, replaced, status, policy, context);
    let mut headers = headers_of(&mut reply, replaced, status, &body);
    let mut native_status = None;
    match context.grpc {
        Grpc::No => {}
        Grpc::Native => native_status = Some(grpc_status_of(&reply, replaced, status)),
        Grpc::Web => {
            let code = grpc_status_of(&reply, replaced, status).to_string();
            headers.replace("grpc-status", code.into_bytes());
            let message = grpc_message(&message_of(&reply, replaced, context.expand));
            headers.replace("grpc-message", message.into_bytes());
        }
    }
    Rendered { status, headers: headers.0, body: body.bytes, grpc_status: native_status, details: reply.code() }
}

fn body_of(
    reply: &mut LocalReply,
    replaced: Option<&ErrorOverride>,
    status: u16,
    policy: &ReplyPolicy,
    context: &ReplyContext<'_>,
) -> Body {
    if matches!(status, 204 | 205 | 304) {
        return Body::default();
    }
    if context.grpc == Grpc::Native {
        return body::text(&message_of(reply, replaced, context.expand));
    }
    if let Some(body) = replaced.and_then(|entry| entry.body.as_ref()) {
        return body::overridden(body, context.expand);
    }
    match reply.take_body() {
        ReplyBody::Empty => Body::default(),
        ReplyBody::Explicit { content_type, bytes } => Body { content_type, bytes },
        ReplyBody::Formatted => {
            let correlation_id = body::correlation_id(context.correlation_id);
            let facts = Facts { status, code: reply.code(), message: reply.message(), correlation_id };
            body::formatted(policy.format, &facts)
        }
    }
}

/// The sentence a gRPC caller gets: the override's text, else the filter's message. A JSON
/// override has no sentence to offer.
fn message_of<'a>(reply: &'a LocalReply, replaced: Option<&'a ErrorOverride>, expand: Expand<'_>) -> Cow<'a, str> {
    match replaced.and_then(|entry| entry.body.as_ref()) {
        Some(OverrideBody::Text(words)) => Cow::Owned(expand(words)),
        Some(OverrideBody::Json(_)) | None => Cow::Borrowed(reply.message()),
    }
}

/// A status set by the operator outranks the gRPC status the filter had in mind for its own.
fn grpc_status_of(reply: &LocalReply, replaced: Option<&ErrorOverride>, status: u16) -> u32 {
    let explicit = reply.explicit_grpc_status();
    match replaced.and_then(|entry| entry.status) {
        Some(_) => grpc_status(status),
        None => explicit.unwrap_or_else(|| grpc_status(status)),
    }
}

/// A header section in the making.
struct Headers(Vec<Line>);

impl Headers {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known.as_ref() == name.as_bytes())
    }

    fn append(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, [u8]>>) {
        let name = match name.into() {
            Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
            Cow::Owned(name) => Cow::Owned(name.into_bytes()),
        };
        self.0.push((name, value.into()));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known.as_ref() != name.as_bytes());
    }

    fn replace(&mut self, name: &'static str, value: Vec<u8>) {
        self.remove(name);
        self.append(name, value);
    }
}

fn headers_of(reply: &mut LocalReply, replaced: Option<&ErrorOverride>, status: u16, body: &Body) -> Headers {
    let mut headers = Headers(Vec::with_capacity(reply.headers().len().saturating_add(4)));
    for (name, value) in reply.take_headers() {
        headers.append(name, value);
    }
    if let Some(seconds) = reply.retry_after_secs() {
        headers.replace("retry-after", seconds.to_string().into_bytes());
    }
    if let Some(entry) = replaced {
        override_headers(&mut headers, &entry.headers);
    }
    if body.content_type.is_empty() {
        headers.remove("content-type");
    } else if !headers.has("content-type") {
        headers.append("content-type", body.content_type.as_bytes());
    }
    if matches!(status, 401 | 403 | 429 | 503) && !headers.has("cache-control") {
        headers.append("cache-control", b"no-store".as_slice());
    }
    headers
}

/// Replaces lines of the same names; several values for one name are all kept.
fn override_headers(headers: &mut Headers, overrides: &[(String, String)]) {
    let sendable: Vec<(String, &String)> = overrides
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, value)| may_set(name.as_bytes()) && is_field_value(value.as_bytes()))
        .collect();
    for (name, _) in &sendable {
        headers.remove(name);
    }
    for (name, value) in sendable {
        headers.append(name, value.as_bytes().to_vec());
    }
}

#[cfg(test)]
mod tests;
