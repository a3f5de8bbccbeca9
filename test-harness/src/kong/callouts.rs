//! HTTP call-outs in Kong's engine. Source: `ngx_proxy_wasm_hfuncs_dispatch_http_call`,
//! `ngx_http_proxy_wasm_dispatch.c`, and the tests `130-proxy_dispatch_http.t` and
//! `contexts/130-proxy_dispatch_http.t` beside them.

use std::time::Duration;

use crate::abi::Refusal;
use crate::callouts::{Message, grpc_response, limit};
use crate::cluster::CalloutAnswer;
use crate::header_map::{HeaderMap, MapKind};
use crate::host::Host;
use crate::message::{Headers, UpstreamResponse};
use crate::profile::Profile;
use crate::status::Status;

/// The callbacks that may send one.
const SENDERS: [&str; 4] =
    ["proxy_on_request_headers", "proxy_on_request_body", "proxy_on_tick", "proxy_on_http_call_response"];

/// `wasm_socket_{connect,send,read}_timeout`, their default: for a call without a timeout.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a call failed whose connection was tried.
const STATUS: &[u8] = b":dispatch_status";
const BROKEN: &str = "broken connection";
const TIMEOUT: &str = "timeout";
const UNRESOLVED: &str = "resolver failure";
const UNREADABLE: &str = "reader failure";

/// Whether a call may be sent.
///
/// # Errors
/// A trap: in other callbacks, and where it names no host, `:method` or `:path`. On behalf of the root
/// context the latter answer [`Status::InternalFailure`].
pub fn check(host: &Host, upstream: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    if !SENDERS.contains(&host.callback) {
        return Err(Refusal::trap(
            r#"can only send HTTP dispatch during "on_request_headers", "on_request_body", "on_dispatch_response", "on_tick""#,
        ));
    }
    let lacks = |name: &str| headers.get(name.as_bytes()).is_none_or(<[u8]>::is_empty);
    let failure = match () {
        () if lacks(":method") => "dispatch failed: no :method",
        () if lacks(":path") => "dispatch failed: no :path",
        () if upstream.is_empty() => "dispatch failed: tcp socket - no host",
        () => return Ok(()),
    };
    Err(if host.http().is_some() { Refusal::trap(failure) } else { Status::InternalFailure.into() })
}

/// The fields of a call as it is sent: names as written, and always a length.
pub fn request_headers(upstream: &str, headers: &Headers, body: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::of(Profile::Kong, MapKind::Request);
    for (name, value) in headers {
        map.add(name, value);
    }
    map.set_if_absent(":authority", upstream.as_bytes());
    map.set_if_absent("Content-Length", body.len().to_string().as_bytes());
    map
}

/// How long a call waits.
pub fn timeout(asked: Duration) -> Duration {
    limit(asked).unwrap_or(DEFAULT_TIMEOUT)
}

/// When an answer arrives (None: never), and what the guest sees of it. `None` answers where no host is
/// there by that name.
pub fn answer(answer: Option<CalloutAnswer>, timeout: Duration) -> (Option<Duration>, Message) {
    let at_once = Some(Duration::ZERO);
    match answer {
        None => (at_once, failure(UNRESOLVED)),
        Some(CalloutAnswer::Response(response)) => within(timeout, response.after, response),
        Some(CalloutAnswer::Grpc(response)) => within(timeout, response.after, grpc_response(&response)),
        Some(CalloutAnswer::Refused | CalloutAnswer::Reset | CalloutAnswer::ResetAfterHeaders) => {
            (at_once, failure(BROKEN))
        }
        Some(CalloutAnswer::Oversized) => (at_once, failure(UNREADABLE)),
        Some(CalloutAnswer::Silent) => (Some(timeout), failure(TIMEOUT)),
        Some(CalloutAnswer::Lost) => (None, failure(TIMEOUT)),
    }
}

fn within(timeout: Duration, after: Duration, response: UpstreamResponse) -> (Option<Duration>, Message) {
    if after > timeout { (Some(timeout), failure(TIMEOUT)) } else { (Some(after), message(response)) }
}

/// What is left to read of a call that failed.
fn failure(status: &str) -> Message {
    let mut headers = HeaderMap::of(Profile::Kong, MapKind::Response);
    headers.add(STATUS, status.as_bytes());
    Message { headers, body: Vec::new(), trailers: None }
}

/// A response; trailers are dropped.
fn message(response: UpstreamResponse) -> Message {
    let mut headers = HeaderMap::of(Profile::Kong, MapKind::Response);
    headers.add(b":status", response.status.to_string().as_bytes());
    for (name, value) in &response.headers {
        headers.add(name, value);
    }
    let body = response.body.concat();
    if headers.get(b"transfer-encoding").is_none() {
        headers.set_if_absent("Content-Length", body.len().to_string().as_bytes());
    }
    Message { headers, body, trailers: None }
}

/// How many headers the callback is told of: those of the response, not what the engine adds.
pub fn header_count(message: &Message) -> usize {
    message.headers.pairs().iter().filter(|(name, _)| !name.starts_with(b":")).count()
}
