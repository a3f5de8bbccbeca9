//! Requests and answers in a scenario file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bstr::ByteVec;
use serde::Deserialize;
use serde_json::Value;

use super::text::{Fields, Span, Text};
use crate::{CalloutAnswer, Request, UpstreamAnswer, UpstreamFailure, UpstreamResponse};

/// The client's port is not the scenario's business.
const CLIENT_PORT: u16 = 40_000;

/// `request:`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestYaml {
    method: Option<Text>,
    path: Option<Text>,
    authority: Option<Text>,
    scheme: Option<Text>,
    headers: Fields<Text>,
    body: Option<BodyYaml>,
    trailers: Fields<Text>,
    from: Option<IpAddr>,
    leaves_after: Option<Span>,
    pub worker: u32,
    pub raw: Option<Text>,
}

impl RequestYaml {
    /// Anything beside `raw`, `from` and `worker`?
    pub fn describes(&self) -> bool {
        self.method.is_some()
            || self.path.is_some()
            || self.authority.is_some()
            || self.scheme.is_some()
            || !self.headers.0.is_empty()
            || self.body.is_some()
            || !self.trailers.0.is_empty()
    }

    pub fn into_request(self) -> Request {
        let default = Request::default();
        let or = |text: Option<Text>, default: Vec<u8>| text.map_or(default, |Text(bytes)| bytes);
        Request {
            method: or(self.method, default.method),
            path: or(self.path, default.path),
            authority: or(self.authority, default.authority),
            scheme: or(self.scheme, default.scheme),
            headers: self.headers.into_headers(),
            body: self.body.map_or_else(Vec::new, BodyYaml::into_chunks),
            trailers: self.trailers.into_headers(),
            peer: SocketAddr::new(self.from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), CLIENT_PORT),
            leaves_after: self.leaves_after.map(|Span(wait)| wait),
        }
    }
}

/// `body:` of what is sent: text, `{bytes: ..}`, `{json: ..}` or `{chunks: [..]}`.
#[derive(Clone, Debug)]
pub struct BodyYaml(Vec<Vec<u8>>);

impl BodyYaml {
    fn into_chunks(self) -> Vec<Vec<u8>> {
        self.0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyParts {
    bytes: Option<String>,
    json: Option<Value>,
    chunks: Option<Vec<Text>>,
}

impl<'de> Deserialize<'de> for BodyYaml {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> serde::de::Visitor<'de> for BodyVisitor {
    type Value = BodyYaml;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text, {bytes: ..}, {json: ..} or {chunks: [..]}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<BodyYaml, E> {
        Ok(BodyYaml(vec![text.into()]))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<BodyYaml, A::Error> {
        let parts = BodyParts::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        match (parts.bytes, parts.json, parts.chunks) {
            (Some(text), None, None) => Ok(BodyYaml(vec![<Vec<u8>>::unescape_bytes(text)])),
            (None, Some(value), None) => Ok(BodyYaml(vec![value.to_string().into_bytes()])),
            (None, None, Some(chunks)) => Ok(BodyYaml(chunks.into_iter().map(|Text(bytes)| bytes).collect())),
            _ => Err(serde::de::Error::custom("expected exactly one of bytes, json, chunks")),
        }
    }
}

/// `upstream:`, and what a cluster answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerYaml {
    status: Option<u16>,
    headers: Fields<Text>,
    body: Option<BodyYaml>,
    trailers: Fields<Text>,
    after: Option<Span>,
    pub fails: Option<Failure>,
}

/// How an answer fails to come.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    Refused,
    Reset,
    ResetAfterHeaders,
    BadProtocol,
    Timeout,
    NoHealthyHost,
    Oversized,
    Lost,
}

impl Failure {
    /// What a call-out meets.
    pub fn into_callout(self) -> Result<CalloutAnswer, String> {
        Ok(match self {
            Failure::Refused => CalloutAnswer::Refused,
            Failure::Reset => CalloutAnswer::Reset,
            Failure::ResetAfterHeaders => CalloutAnswer::ResetAfterHeaders,
            Failure::Timeout => CalloutAnswer::Silent,
            Failure::Oversized => CalloutAnswer::Oversized,
            Failure::Lost => CalloutAnswer::Lost,
            Failure::BadProtocol | Failure::NoHealthyHost => {
                return Err(format!("call-outs have no such `fails`: {self:?}"));
            }
        })
    }
}

impl AnswerYaml {
    /// What an upstream answers to a request.
    pub fn into_upstream(self) -> Result<UpstreamAnswer, String> {
        let after = self.after();
        let failure = match self.fails {
            None => return Ok(UpstreamAnswer::Response(self.into_response())),
            Some(Failure::ResetAfterHeaders) => return Ok(UpstreamAnswer::ResetAfterHeaders(self.into_response())),
            Some(Failure::Refused) => UpstreamFailure::Refused,
            Some(Failure::Reset) => UpstreamFailure::ResetBeforeHeaders,
            Some(Failure::BadProtocol) => UpstreamFailure::BadProtocol,
            Some(Failure::Timeout) => UpstreamFailure::Timeout,
            Some(Failure::NoHealthyHost) => {
                return Err(
                    "fails: no_healthy_host is the route's: expected `route: {fails: no_healthy_host}`".to_owned()
                );
            }
            Some(Failure::Oversized | Failure::Lost) => {
                return Err("fails: oversized and lost are for clusters".to_owned());
            }
        };
        self.bare()?;
        Ok(UpstreamAnswer::Failure(failure, after))
    }

    /// What a cluster answers to a call-out.
    pub fn into_callout(self) -> Result<CalloutAnswer, String> {
        let Some(failure) = self.fails else { return Ok(CalloutAnswer::Response(self.into_response())) };
        self.bare()?;
        failure.into_callout()
    }

    fn after(&self) -> Duration {
        self.after.map_or(Duration::ZERO, |Span(after)| after)
    }

    /// A failure has no response.
    fn bare(&self) -> Result<(), String> {
        match self.status.is_some() || !self.headers.0.is_empty() || self.body.is_some() {
            true => Err("expected `fails` or a response, found both".to_owned()),
            false => Ok(()),
        }
    }

    fn into_response(self) -> UpstreamResponse {
        let after = self.after();
        let status = self.status.unwrap_or(200);
        let default = match status {
            204 | 304 => UpstreamResponse::default(),
            _ => crate::scenario::RequestStep::answer(),
        };
        let plain = self.body.is_none() && self.headers.0.is_empty();
        UpstreamResponse {
            status,
            headers: if plain { default.headers } else { self.headers.into_headers() },
            body: self.body.map_or(default.body, BodyYaml::into_chunks),
            trailers: self.trailers.into_headers(),
            after,
        }
    }
}
