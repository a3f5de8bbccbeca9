//! What travels through the proxy: requests, responses and the upstream that answers them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Header fields in order, names and values as bytes.
pub type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// A request as the client sends it. Pseudo headers are fields of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `:method`.
    pub method: Vec<u8>,
    /// `:path`, with the query.
    pub path: Vec<u8>,
    /// `:authority` (HTTP/1.1: `Host`).
    pub authority: Vec<u8>,
    /// `:scheme`.
    pub scheme: Vec<u8>,
    /// The other fields, in any letter case.
    pub headers: Headers,
    /// The body, as the chunks in which it arrives. Empty: no body.
    pub body: Vec<Vec<u8>>,
    /// Trailers; empty: none.
    pub trailers: Headers,
    /// The client's address.
    pub peer: SocketAddr,
    /// How long the client waits before it closes its connection; None: until it has the response.
    pub leaves_after: Option<Duration>,
}

impl Default for Request {
    /// `GET / HTTP/1.1`, `Host: example.com`, from 10.0.0.1:40000.
    fn default() -> Self {
        Request {
            method: b"GET".to_vec(),
            path: b"/".to_vec(),
            authority: b"example.com".to_vec(),
            scheme: b"http".to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
            trailers: Vec::new(),
            peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 40_000),
            leaves_after: None,
        }
    }
}

/// A request as the router sends it to the upstream, after all filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamRequest {
    /// All fields in order, pseudo headers first.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
    /// Trailers; empty: none.
    pub trailers: Headers,
    /// The cluster the route leads to.
    pub cluster: String,
}

impl UpstreamRequest {
    /// The first value of a field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }
}

/// What an upstream application answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamResponse {
    /// `:status`, 200..=599.
    pub status: u16,
    /// The other fields.
    pub headers: Headers,
    /// The body, as the chunks in which it arrives. Empty: no body.
    pub body: Vec<Vec<u8>>,
    /// Trailers; empty: none.
    pub trailers: Headers,
    /// Virtual time between the request and the response headers.
    pub after: Duration,
}

impl Default for UpstreamResponse {
    /// 200 without a body, at once.
    fn default() -> Self {
        UpstreamResponse {
            status: 200,
            headers: Vec::new(),
            body: Vec::new(),
            trailers: Vec::new(),
            after: Duration::ZERO,
        }
    }
}

/// How an upstream fails without an answer of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFailure {
    /// The connection was refused: 503.
    Refused,
    /// The connection was reset before the response headers: 503.
    ResetBeforeHeaders,
    /// The upstream spoke no valid HTTP: 502.
    BadProtocol,
    /// The route's timeout passed: 504.
    Timeout,
}

/// The outcome of a request at the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAnswer {
    /// The application answered.
    Response(UpstreamResponse),
    /// The application answered and the connection broke after its headers and body chunks.
    ResetAfterHeaders(UpstreamResponse),
    /// No response; the virtual time until the router knows it.
    Failure(UpstreamFailure, Duration),
}

impl UpstreamAnswer {
    /// The status of the application's answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            UpstreamAnswer::Response(response) | UpstreamAnswer::ResetAfterHeaders(response) => Some(response.status),
            UpstreamAnswer::Failure(..) => None,
        }
    }
}

impl From<UpstreamResponse> for UpstreamAnswer {
    fn from(response: UpstreamResponse) -> Self {
        UpstreamAnswer::Response(response)
    }
}

impl From<UpstreamFailure> for UpstreamAnswer {
    fn from(failure: UpstreamFailure) -> Self {
        UpstreamAnswer::Failure(failure, Duration::ZERO)
    }
}

/// The application behind the proxy. It sees exactly what the router sends.
pub trait Upstream {
    /// Answers one request.
    fn answer(&mut self, seen: &UpstreamRequest) -> UpstreamAnswer;
}

impl<F, A> Upstream for F
where
    F: FnMut(&UpstreamRequest) -> A,
    A: Into<UpstreamAnswer>,
{
    fn answer(&mut self, seen: &UpstreamRequest) -> UpstreamAnswer {
        self(seen).into()
    }
}

/// What the client receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// `:status`; 0 when the stream was reset before response headers.
    pub status: u16,
    /// The other fields, in order.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
    /// Trailers; empty: none.
    pub trailers: Headers,
    /// False when the stream was reset before its end.
    pub complete: bool,
    /// Envoy's `response.code_details`: `via_upstream`, or who replied instead and why.
    pub code_details: String,
}

impl Response {
    /// The first value of a field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }
}

fn first<'a>(headers: &'a Headers, name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|(field, _)| field == name.as_bytes()).map(|(_, value)| value.as_slice())
}
