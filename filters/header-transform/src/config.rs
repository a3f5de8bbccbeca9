//! What config says, and what it becomes.

use deserr::Deserr;
use sluicegate_common::config::{ConfigErrors, Object, check_unique, read};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(error = ConfigErrors, rename_all = lowercase)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(error = ConfigErrors, rename_all = lowercase)]
pub enum Forwarded {
    /// Nothing.
    #[default]
    Off,
    /// An element about this request is added.
    Append,
    /// An element about this request is all there is.
    Replace,
}

#[derive(Deserr)]
#[deserr(error = ConfigErrors, deny_unknown_fields)]
struct RawConfig {
    #[deserr(default)]
    traceparent: Traceparent,
    #[deserr(default)]
    forwarded: Forwarded,
    #[deserr(default)]
    security_headers: Option<SecurityHeaders>,
    #[deserr(default)]
    request: Vec<RawOp>,
    #[deserr(default)]
    response: Vec<RawOp>,
    #[deserr(default)]
    reply: Vec<RawReply>,
}

impl Config {
    /// Reads the filter's own fields; `paths` says how matches read paths.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(object: Object, paths: MatchOptions) -> Result<Self, ConfigErrors> {
        let raw: RawConfig = read(object)?;
        let mut errors = ConfigErrors::new();
        errors.take(check_unique("reply", "name", raw.reply.iter().map(RawReply::name)));
        let config = Self {
            traceparent: raw.traceparent,
            forwarded: raw.forwarded,
            security_headers: raw.security_headers,
            request: entries("request", raw.request, &mut errors, |op, at| op.for_request(at, paths)),
            response: entries("response", raw.response, &mut errors, |op, at| op.for_response(at, paths)),
            reply: entries("reply", raw.reply, &mut errors, |reply, at| reply.compile(at, paths)),
        };
        errors.into_result(config)
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

/// Compiles the entries of a list, each of which is told its place.
fn entries<R, T>(
    list: &str,
    raw: Vec<R>,
    errors: &mut ConfigErrors,
    compile: impl Fn(R, &str) -> Result<T, ConfigErrors>,
) -> Vec<T> {
    let entries = raw.into_iter().enumerate();
    entries.filter_map(|(index, entry)| errors.take(compile(entry, &format!("{list}[{index}]")))).collect()
}

#[cfg(test)]
mod tests;
