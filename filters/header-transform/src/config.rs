//! What config says, and what it becomes.

use deserr::Deserr;
use serde_json::Value;
use sluicegate_common::config::{ConfigErrors, FromConfig, Object, check_unique, read};
use sluicegate_common::matcher::{Match, MatchOptions};
use sluicegate_common::template::{Source, Template};

use crate::direct_reply::{DirectReply, RawReply};
use crate::op::{RawOp, RequestOp, ResponseOp};
use crate::security_headers::SecurityHeaders;

/// A compiled policy.
#[derive(Debug)]
pub struct Config {
    /// What becomes of `traceparent`.
    pub traceparent: Traceparent,
    /// What becomes of `Forwarded`.
    pub forwarded: Forwarded,
    /// The preset for responses.
    pub security_headers: Option<SecurityHeaders>,
    /// What is done to requests.
    pub request: Vec<RequestOp>,
    /// What is done to responses.
    pub response: Vec<ResponseOp>,
    /// What is answered here.
    pub reply: Vec<DirectReply>,
}

/// `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum Traceparent {
    /// Nothing.
    #[default]
    Off,
    /// One that is invalid goes.
    Pass,
    /// Where no valid one is left, a trace begins here.
    Create,
}

/// `forwarded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum Forwarded {
    /// Nothing.
    #[default]
    Off,
    /// An element about this request is added.
    Append,
    /// An element about this request is all there is.
    Replace,
}

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
#[expect(dead_code, reason = "the entries of the lists are read one by one")]
struct RawConfig {
    /// [Trace Context](https://www.w3.org/TR/trace-context-1/): `pass` lets one valid `traceparent` through and removes
    /// others, with their `tracestate`; `create` also begins a sampled trace where none is left.
    #[config(default)]
    traceparent: Traceparent,
    /// An element about this request, `for=192.0.2.7;host=api.example.com;proto=https`, in `Forwarded` (RFC 7239):
    /// behind the client's own, or in their place. `append` replaces lines whose quotes do not close.
    #[config(default)]
    forwarded: Forwarded,
    /// Headers that tell browsers to be careful, see below.
    #[config(default)]
    security_headers: Option<SecurityHeaders>,
    /// What is done to requests.
    #[config(default, described = Vec<crate::op::OnRequest>)]
    request: Vec<Value>,
    /// What is done to responses, local replies included.
    #[config(default, described = Vec<crate::op::OnResponse>)]
    response: Vec<Value>,
    /// What is answered here.
    #[config(default, described = Vec<crate::direct_reply::Entry>)]
    reply: Vec<Value>,
}

/// The JSON Schema of a configuration.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn schema() -> serde_json::Value {
    sluicegate_common::describe::filter::<RawConfig>("header-transform", &[])
}

/// The README with its tables anew; `None`: it lacks a marker.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn tables(readme: &str) -> Option<String> {
    use sluicegate_common::describe::{Described, Field, table};
    use sluicegate_common::request_id::RequestId;

    let doc = "Gives every request an id, see below. Absent: none is made, and the client's is used where a template asks \
               for it. At the top alone.";
    let mut fields = vec![Field::of::<Option<RequestId>>("request_id", doc, Some(None))];
    fields.extend(RawConfig::fields());
    let readme = table(readme, "header-transform", &fields)?;
    let readme = table(&readme, "request_id", &RequestId::fields())?;
    let readme = table(&readme, "op", &crate::op::OnRequest::fields())?;
    table(&readme, "reply", &crate::direct_reply::Entry::fields())
}

impl Config {
    /// Reads the filter's own fields; `paths` says how matches read paths.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(mut object: Object, paths: MatchOptions) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let raw = errors.take(read::<RawConfig>(object.clone()));
        let request = entries("request", &mut object, &mut errors, |op: RawOp| op.for_request(paths));
        let response = entries("response", &mut object, &mut errors, |op: RawOp| op.for_response(paths));
        let mut names = Vec::new();
        let reply = entries("reply", &mut object, &mut errors, |reply: RawReply| {
            names.push(reply.name().to_owned());
            reply.compile(paths)
        });
        if raw.as_ref().is_some_and(|raw| raw.reply.len() == names.len()) {
            errors.take(check_unique("reply", "name", names.iter().map(String::as_str)));
        }
        match raw {
            Some(RawConfig { traceparent, forwarded, security_headers, .. }) if errors.is_empty() => {
                Ok(Self { traceparent, forwarded, security_headers, request, response, reply })
            }
            _ => Err(errors),
        }
    }

    /// Whether anything here looks at the path of a request.
    pub fn uses_paths(&self) -> bool {
        let whens = self.request.iter().map(|op| &op.when).chain(self.response.iter().map(|op| &op.when));
        whens.flatten().any(Match::uses_paths)
            || self.reply.iter().any(DirectReply::uses_paths)
            || self
                .templates()
                .any(|template| template.sources().any(|source| matches!(source, Source::PathSegment(_))))
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let request = self.request.iter().filter_map(|op| op.does.value());
        let response = self.response.iter().filter_map(|op| op.does.value());
        let values = request.chain(response).map(|value| &value.template);
        values.chain(self.reply.iter().flat_map(DirectReply::templates))
    }
}

/// Reads and compiles the entries of a list, each by itself, so that one's errors do not hide another's.
fn entries<R: Deserr<ConfigErrors>, T>(
    list: &str,
    object: &mut Object,
    errors: &mut ConfigErrors,
    mut compile: impl FnMut(R) -> Result<T, ConfigErrors>,
) -> Vec<T> {
    let Some(Value::Array(entries)) = object.remove(list) else { return Vec::new() };
    let compiled = entries.into_iter().enumerate().map(|(index, entry)| {
        let compiled = deserr::deserialize::<R, _, ConfigErrors>(entry).and_then(&mut compile);
        compiled.map_err(|errors| errors.under(&format!("{list}[{index}]")))
    });
    compiled.filter_map(|entry| errors.take(entry)).collect()
}

#[cfg(test)]
mod tests;
