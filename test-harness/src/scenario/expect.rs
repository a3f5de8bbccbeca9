//! What a step demands of its outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bstr::ByteSlice;
use regex::bytes::Regex;
use serde_json::Value;

/// What must come of a request. Everything left out is free, except: no trap, no diagnostic, and no
/// 5xx that neither `status` nor the scripted upstream asks for.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The response's status.
    pub status: Option<u16>,
    /// Response headers: all lines of a field, in order.
    pub headers: Vec<(String, Vec<Pattern>)>,
    /// Response headers that must not be there.
    pub absent: Vec<String>,
    /// Response trailers: all lines of a field, in order.
    pub trailers: Vec<(String, Vec<Pattern>)>,
    /// The whole response body.
    pub body: Option<Pattern>,
    /// The response body is JSON and contains this ([`contains`]).
    pub json: Option<Value>,
    /// Whether the upstream saw the request.
    pub upstream: Option<Reached>,
    /// What the upstream saw.
    pub saw: Option<Saw>,
    /// Metrics since the scenario began: counters by growth, gauges by value.
    pub metrics: BTreeMap<String, u64>,
    /// Each is contained in a line logged during the step.
    pub logs: Vec<String>,
    /// None is contained in a line logged since the start.
    pub unlogged: Vec<String>,
    /// Each is contained in a diagnostic of the step, where the backend sees more than traps; others
    /// fail it.
    pub diagnostics: Vec<String>,
    /// The response begins, and breaks off before its end.
    pub cut: bool,
}

impl Expect {
    /// Whether it demands what only a request by itself can show.
    pub(super) fn looks_at_upstream(&self) -> bool {
        self.upstream.is_some()
            || self.saw.is_some()
            || !(self.metrics.is_empty()
                && self.logs.is_empty()
                && self.unlogged.is_empty()
                && self.diagnostics.is_empty())
    }
}

/// Whether a request got to the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It did.
    Reached,
    /// Somebody answered before.
    Untouched,
}

/// The request as the upstream received it, or a call-out as its cluster did.
#[derive(Clone, Debug, Default)]
pub struct Saw {
    /// `:method`.
    pub method: Option<Pattern>,
    /// `:path`, with the query.
    pub path: Option<Pattern>,
    /// `:authority`.
    pub authority: Option<Pattern>,
    /// Headers: all lines of a field, in order.
    pub headers: Vec<(String, Vec<Pattern>)>,
    /// Headers that must not be there.
    pub absent: Vec<String>,
    /// Trailers: all lines of a field, in order.
    pub trailers: Vec<(String, Vec<Pattern>)>,
    /// The whole body.
    pub body: Option<Pattern>,
    /// The body is JSON and contains this ([`contains`]).
    pub json: Option<Value>,
    /// How long the proxy waits for the answer, as it tells: `x-envoy-expected-rq-timeout-ms`, for gRPC
    /// `grpc-timeout`.
    pub timeout: Option<Duration>,
}

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// These bytes.
    Exactly(Vec<u8>),
    /// These bytes are in it.
    Contains(Vec<u8>),
    /// The whole of it matches.
    Matches(Regex),
}

impl Pattern {
    /// A pattern for the whole value.
    ///
    /// # Errors
    /// The expression is none.
    pub fn matching(expression: &str) -> Result<Self, regex::Error> {
        Regex::new(&format!("^(?s-u:{expression})$")).map(Pattern::Matches)
    }

    /// Whether a value fits.
    pub fn fits(&self, value: &[u8]) -> bool {
        match self {
            Pattern::Exactly(wanted) => value == wanted,
            Pattern::Contains(part) => value.contains_str(part),
            Pattern::Matches(expression) => expression.is_match(value),
        }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Pattern::Exactly(text.into())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Exactly(bytes) => write!(f, "\"{}\"", bytes.escape_bytes()),
            Pattern::Contains(bytes) => write!(f, "something with \"{}\"", bytes.escape_bytes()),
            Pattern::Matches(expression) => write!(f, "something like {expression}"),
        }
    }
}

/// Whether `found` contains `wanted`: objects may have more members, everything else is equal.
pub fn contains(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|member| contains(member, value)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(f, w)| contains(f, w))
        }
        _ => found == wanted,
    }
}
