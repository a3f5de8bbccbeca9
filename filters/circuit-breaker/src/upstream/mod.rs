//! Who ended a request: the application, a failing upstream, or somebody else.
//!
//! A breaker that counts what others answered opens against a healthy upstream, and whoever can make it count may take
//! the upstream from everybody. So nobody is blamed without evidence: what the host does not tell, or tells of the proxy,
//! of another filter or of the client, is [`Ending::NotUpstream`].

mod envoy;
mod failure;
pub mod grpc;
mod kong;
mod slow;

pub use failure::{Failure, Ignore, Judgement, RawFailure, RawIgnore};
pub use slow::Slowness;

use sluicegate_common::proxy::Proxy;

/// Who ended a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The application answered, whatever it said.
    Answered,
    /// The upstream could not be talked to: refused, reset, no HTTP, no healthy host.
    Reset,
    /// The upstream did not answer in time.
    Timeout,
    /// The upstream has no part in it, or it cannot be told: a reply of another filter or of the route, an unknown
    /// cluster, a limit of the proxy itself, a client that left.
    NotUpstream,
}

/// The status of an upstream's answer as Envoy's router notes it (`source/common/router/router.cc`,
/// `onUpstreamHeaders`), asked when the head is there; `None` of what the proxy itself has answered. It costs as much as
/// the head's `:status` alone, and nothing is read of the head.
#[must_use]
pub fn status_of_answer(proxy: &dyn Proxy) -> Option<u16> {
    integer(proxy, &["response", "code"]).and_then(|code| code.try_into().ok())
}

/// Who made this response, asked when its head is there. `status` is what the host has for `:status`.
///
/// One or two host calls.
#[must_use]
pub fn ending_of_response(proxy: &dyn Proxy, status: Option<u16>) -> Ending {
    if proxy.is_envoy() { envoy::of_response(proxy, status) } else { kong::of_response(proxy, status) }
}

/// How the stream ended, asked when it is over: [`Ending::Reset`] or [`Ending::Timeout`] if the upstream failed amid an
/// answer, [`Ending::Answered`] if there is nothing against it since the head (if there was one), else
/// [`Ending::NotUpstream`], which takes nothing back of what the head said.
///
/// A failure counts only while so little of the body had come that the client cannot be its cause
/// ([`UNHINDERED_BODY`]), and not after a switch to another protocol. Kong's engine does not tell of late failures.
///
/// One host call after a good answer, five at most.
#[must_use]
pub fn ending_of_stream(proxy: &dyn Proxy) -> Ending {
    if proxy.is_envoy() { envoy::of_stream(proxy) } else { kong::of_stream(proxy) }
}

/// Bytes of a body that any proxy buffers: the smallest limit in wide use (Istio; Envoy's default is 1 MiB).
///
/// A client that does not read holds the upstream up once the buffer is full, until the route's timeout or the upstream's
/// own write timeout. Such a failure is not the upstream's, and must not be a client's way to open a breaker: Envoy calls
/// it `response_timeout` with the flag of an upstream's timeout (measured, after 5 MB of a longer body).
pub const UNHINDERED_BODY: u64 = 32 * 1024;

/// A property's bytes; `None` where there is none or it cannot be read.
fn property(proxy: &dyn Proxy, path: &[&str]) -> Option<Vec<u8>> {
    proxy.property(path).unwrap_or_else(|status| {
        log::debug!("property {}: {status}", path.join("."));
        None
    })
}

/// An integer as Envoy gives it.
fn integer(proxy: &dyn Proxy, path: &[&str]) -> Option<u64> {
    property(proxy, path)?.try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests;
