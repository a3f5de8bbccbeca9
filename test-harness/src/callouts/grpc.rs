//! Unary gRPC call-outs: whom they go to, and what their guest sees of a scripted answer. Source:
//! Envoy, `source/common/grpc/async_client_impl.cc`, `source/extensions/common/wasm/context.cc`.

use std::time::Duration;

use crate::callouts::{http, limit};
use crate::cluster::{CalloutAnswer, GrpcResponse};
use crate::message::UpstreamResponse;
use crate::stream::grpc_status_of;

const UNAVAILABLE: u32 = 14;
const INTERNAL: u32 = 13;
const UNKNOWN: u32 = 2;

/// How a call ended that brought no message: what `proxy_get_status` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcFailure {
    pub status: u32,
    pub message: String,
}

impl GrpcFailure {
    /// With Envoy's details behind the message.
    fn new(status: u32, message: &str, details: &str) -> Self {
        let message = if message.is_empty() { details.to_owned() } else { format!("{message}{{{details}}}") };
        GrpcFailure { status, message }
    }

    /// Of a call that did not leave the proxy: the cluster has no healthy host, or is not known.
    pub(super) fn undelivered(known: bool) -> Self {
        match known {
            true => GrpcFailure::new(UNAVAILABLE, "no healthy upstream", "no_healthy_upstream"),
            false => GrpcFailure { status: UNAVAILABLE, message: "Cluster not available".to_owned() },
        }
    }
}

/// Whom the upstream argument of a call names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A cluster by its name.
    Cluster(String),
    /// An `envoy.config.core.v3.GrpcService` with an `envoy_grpc`.
    Service { cluster: String, authority: String },
    /// A `GrpcService` that names no cluster.
    Nobody,
}

/// Reads the upstream argument. Like Envoy it takes for a `GrpcService` whatever parses as one, an
/// empty argument included.
pub fn target(upstream: &[u8]) -> Target {
    let Some(service) = fields(upstream) else {
        return Target::Cluster(String::from_utf8_lossy(upstream).into_owned());
    };
    let last =
        |fields: &[(u64, &[u8])], number| fields.iter().rev().find(|(n, _)| *n == number).map(|(_, b)| b.to_vec());
    let Some(envoy_grpc) = last(&service, 1) else { return Target::Nobody };
    let envoy_grpc = fields(&envoy_grpc).unwrap_or_default();
    let text = |number| last(&envoy_grpc, number).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    match text(1).filter(|cluster| !cluster.is_empty()) {
        Some(cluster) => Target::Service { authority: text(2).unwrap_or_default(), cluster },
        None => Target::Nobody,
    }
}

/// The length-delimited fields of a Protocol Buffers message by number; None: it is none.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let (number, wire_type) = (key >> 3, key & 7);
        let skipped = match wire_type {
            0 => varint(&mut bytes).map(|_| 0)?,
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = bytes.split_at_checked(skipped).filter(|_| number != 0)?;
        bytes = rest;
        if wire_type == 2 {
            fields.push((number, content));
        }
    }
    Some(fields)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// When an answer arrives (None: never), and what it is.
pub(super) fn answer(answer: CalloutAnswer, timeout: Duration) -> (Option<Duration>, Result<Vec<u8>, GrpcFailure>) {
    let reset = |text, reason| {
        let details = format!("upstream_reset_before_response_started{{{reason}}}");
        Err(GrpcFailure::new(UNAVAILABLE, text, &details))
    };
    let timed_out = || Err(GrpcFailure::new(UNAVAILABLE, http::TIMEOUT, "response_timeout"));
    let cut = "upstream_reset_after_response_started{connection_termination}";
    let within = |after: Duration, result| match limit(timeout).filter(|timeout| after > *timeout) {
        Some(timeout) => (Some(timeout), timed_out()),
        None => (Some(after), result),
    };
    let at_once = Some(Duration::ZERO);
    match answer {
        CalloutAnswer::Grpc(GrpcResponse { status: 0, message, after, .. }) => within(after, Ok(message)),
        CalloutAnswer::Grpc(GrpcResponse { status, status_message, after, .. }) => {
            within(after, Err(GrpcFailure::new(status, &status_message, "via_upstream")))
        }
        CalloutAnswer::Response(response) => within(response.after, Err(no_grpc(&response))),
        CalloutAnswer::Refused => {
            (at_once, reset(http::REFUSED, "remote_connection_failure|delayed_connect_error:_Connection_refused"))
        }
        CalloutAnswer::Reset => (at_once, reset(http::RESET, "connection_termination")),
        CalloutAnswer::ResetAfterHeaders | CalloutAnswer::Oversized => {
            (at_once, Err(GrpcFailure::new(INTERNAL, "", cut)))
        }
        CalloutAnswer::Silent => (limit(timeout), timed_out()),
        CalloutAnswer::Lost => (None, timed_out()),
    }
}

/// What a plain HTTP response is to a gRPC client.
fn no_grpc(response: &UpstreamResponse) -> GrpcFailure {
    let status = match response.status {
        200 if response.body.is_empty() => UNKNOWN,
        200 => INTERNAL,
        status => grpc_status_of(status),
    };
    GrpcFailure::new(status, "", "via_upstream")
}

/// A gRPC answer as HTTP.
pub fn response(grpc: &GrpcResponse) -> UpstreamResponse {
    let mut trailers = vec![(b"grpc-status".to_vec(), grpc.status.to_string().into_bytes())];
    if !grpc.status_message.is_empty() {
        trailers.push((b"grpc-message".to_vec(), grpc.status_message.clone().into_bytes()));
    }
    UpstreamResponse {
        status: 200,
        headers: vec![(b"content-type".to_vec(), b"application/grpc".to_vec())],
        body: if grpc.status == 0 { vec![frame(&grpc.message)] } else { Vec::new() },
        trailers,
        after: grpc.after,
    }
}

/// A message with gRPC's prefix: uncompressed, and how long it is.
fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], &length.to_be_bytes()[..], message].concat()
}

/// The message of a frame that holds one, whole and uncompressed.
pub fn unframe(frame: &[u8]) -> Option<&[u8]> {
    let (prefix, message) = frame.split_at_checked(5)?;
    let [0, length @ ..] = prefix else { return None };
    let length = u32::from_be_bytes(length.try_into().ok()?);
    (u32::try_from(message.len()) == Ok(length)).then_some(message)
}

#[cfg(test)]
mod tests;
