//! Requests to other services while a request waits, and what comes of them.

use std::fmt;
use std::time::Duration;

use crate::head::HeaderMap;
use crate::proxy::Status;

/// A request to another service. What must outlive the stream belongs to
/// [`Background`](crate::filter::Background).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// The filter's own number for it, given back with the answer.
    pub id: u32,
    /// Envoy: a cluster's name; Kong's engine: `host:port`.
    pub upstream: String,
    /// What is sent.
    pub request: CalloutRequest,
    /// Whole milliseconds, at least 1.
    pub timeout: Duration,
}

/// What a call-out sends, by protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalloutRequest {
    /// An HTTP request.
    Http {
        /// Pseudo headers `:method`, `:path`, `:authority` included.
        headers: Vec<(String, String)>,
        /// Empty for none.
        body: Vec<u8>,
    },
    /// A unary gRPC call. Envoy alone can: elsewhere, and in background work before the VM has seen a request, it is
    /// answered by `NotSent(Status::Unimplemented)`.
    Grpc {
        /// What the service calls itself (`:authority`); empty for the cluster's name. Cluster and authority must make
        /// a [`grpc_target`].
        authority: String,
        /// Its full name: `package.Service`.
        service: &'static str,
        /// The method's name.
        method: &'static str,
        /// The message, serialized.
        message: Vec<u8>,
    },
}

/// What became of a call-out.
#[derive(Debug)]
pub struct CalloutAnswer {
    /// The call-out's own number.
    pub id: u32,
    /// The answer, or why there is none.
    pub outcome: Result<Answer, CalloutError>,
}

/// The answer to a call-out. In Envoy a refused or timed-out HTTP call is an answer with status 503 or 504.
#[derive(Debug)]
pub struct Answer {
    /// The status code; 200 of a gRPC call that succeeded.
    pub status: u16,
    /// All headers, pseudo headers included; none of a gRPC call.
    pub headers: HeaderMap,
    /// The whole body, or the message, serialized.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalloutError {
    /// The host would not send it (unknown or unhealthy upstream).
    NotSent(Status),
    /// It failed on the way, or the answer could not be read.
    Failed,
    /// A gRPC call that did not succeed, with its status: what the service said, or the host of a failure on the way
    /// (Envoy mostly 14, unavailable; also of a timeout).
    Grpc(u32),
}

impl fmt::Display for CalloutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(status) => write!(f, "the host would not send the call-out: {status}"),
            Self::Failed => f.write_str("no answer, or one that could not be read"),
            Self::Grpc(status) => write!(f, "gRPC status {status}"),
        }
    }
}

impl std::error::Error for CalloutError {}

/// The longest cluster and authority of a gRPC call-out, together, in bytes.
pub const MAX_GRPC_TARGET: usize = 123;

/// Whom a gRPC call-out goes to, as Envoy reads it: a serialized `envoy.config.core.v3.GrpcService` with `envoy_grpc`
/// alone. `None` where there is no cluster, or both together are longer than [`MAX_GRPC_TARGET`]: each
/// length is one byte then, which is text as well.
///
/// A bare cluster name would do, but Envoy takes for a `GrpcService` whatever parses as one, and crashes where that
/// names no target: on the cluster `pa`, for one.
#[must_use]
pub fn grpc_target(cluster: &str, authority: &str) -> Option<String> {
    const ENVOY_GRPC: char = '\u{0a}';
    const CLUSTER_NAME: char = '\u{0a}';
    const AUTHORITY: char = '\u{12}';
    if cluster.is_empty() || cluster.len().saturating_add(authority.len()) > MAX_GRPC_TARGET {
        return None;
    }
    let length = |text: &str| u8::try_from(text.len()).ok().map(char::from);
    let mut envoy_grpc = format!("{CLUSTER_NAME}{}{cluster}", length(cluster)?);
    if !authority.is_empty() {
        envoy_grpc.extend([AUTHORITY, length(authority)?]);
        envoy_grpc.push_str(authority);
    }
    Some(format!("{ENVOY_GRPC}{}{envoy_grpc}", length(&envoy_grpc)?))
}

#[cfg(test)]
mod tests;
