//! Envoy: `response.code_details` and `response.flags`.
//!
//! Source: Envoy, `envoy/stream_info/stream_info.h` (`CoreResponseFlag`: the flag is `1 << value`) and
//! `source/common/router/router.cc` (`streamResetReasonToResponseFlag`, `onUpstreamAbort`).

use sluicegate_common::proxy::Proxy;

use super::{Ending, UNHINDERED_BODY, integer, property};

/// The details of an answer of the application.
const VIA_UPSTREAM: &[u8] = b"via_upstream";

/// The client left (`DownstreamConnectionTermination`), reset its stream (`DownstreamRemoteReset`), or broke the protocol
/// (`DownstreamProtocolError`). The upstream's request is reset then, which says nothing about the upstream.
const CLIENT: u64 = 0x4000 | 0x1000_0000 | 0x4_0000;

/// `UpstreamRequestTimeout`: of the route, or of the last try. Both begin when the request has come whole.
const TIMEOUT: u64 = 0x4;

/// Envoy's limits on streams: no byte moved for too long (`StreamIdleTimeout`), or the stream to the upstream is too old
/// (`UpstreamMaxStreamDurationReached`). Before an answer they say 504 if the request had come whole, else 408. A route's
/// `max_stream_duration` has no flag, only the details `max_duration_timeout`: it may be what a client wrote in
/// `grpc-timeout`, and blames nobody.
const IDLE: u64 = 0x1_0000;
const MAX_DURATION: u64 = 0x8_0000;

/// - `NoHealthyUpstream` (0x2): no host to ask;
/// - `LocalReset` (0x8): Envoy's codec gave up on the answer, as when the upstream half-closes before it;
/// - `UpstreamRemoteReset` (0x10): the upstream reset the stream;
/// - `UpstreamConnectionFailure` (0x20): no connection, refused or not in time;
/// - `UpstreamConnectionTermination` (0x40): the connection broke;
/// - `UpstreamProtocolError` (0x800000): what came is no HTTP.
///
/// Not among them: `UpstreamOverflow` (0x80), a limit that the proxy has been given; it and
/// `UpstreamRetryLimitExceeded` (0x8000) may also stand beside the flag of the last try. `NoClusterFound` (0x1000000) and
/// `DnsResolutionFailed` (0x4000000, of names that requests bring): there is no upstream. `OverloadManager` (0x2000000) and
/// `DropOverLoad` (0x8000000, 0x20000000): the proxy sheds load. All others are of filters.
const RESET: u64 = 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80_0000;

pub(super) fn of_response(proxy: &dyn Proxy, status: Option<u16>) -> Ending {
    let Some(flags) = unless_answered(proxy) else { return Ending::Answered };
    let by_flags = blame(flags);
    let limit = by_flags == Ending::NotUpstream && flags & CLIENT == 0 && flags & (IDLE | MAX_DURATION) != 0;
    // Of an idle stream it is asked whether it had come as far as an upstream: a filter may have held it.
    if limit && status == Some(504) && (flags & MAX_DURATION != 0 || has_upstream(proxy)) {
        return Ending::Timeout;
    }
    by_flags
}

pub(super) fn of_stream(proxy: &dyn Proxy) -> Ending {
    let Some(flags) = unless_answered(proxy) else { return Ending::Answered };
    let by_flags = blame(flags);
    if by_flags == Ending::NotUpstream {
        // A client that leaves amid an answer leaves the answer as it was; of streams without an end (server-sent events)
        // all would be lost otherwise, and failures alone be counted.
        let had_answer = flags & CLIENT != 0 && has_upstream(proxy);
        return if had_answer { Ending::Answered } else { by_flags };
    }
    match integer(proxy, &["response", "size"]) {
        None => Ending::NotUpstream,
        Some(size) if size >= UNHINDERED_BODY || is_tunnel(proxy) => Ending::Answered,
        Some(_) => by_flags,
    }
}

/// Whether the stream was switched to another protocol (WebSocket): that ends when one side closes it, which Envoy calls
/// `upstream_reset_after_response_started{connection_termination}` even after a farewell.
fn is_tunnel(proxy: &dyn Proxy) -> bool {
    integer(proxy, &["response", "code"]) == Some(101)
        || property(proxy, &["request", "method"]).is_some_and(|method| method == b"CONNECT")
}

/// The flags of a response that is not the application's; 0 if they cannot be read.
fn unless_answered(proxy: &dyn Proxy) -> Option<u64> {
    match property(proxy, &["response", "code_details"]) {
        Some(details) if details == VIA_UPSTREAM => None,
        // Nobody says who answered.
        None => Some(0),
        Some(_) => Some(integer(proxy, &["response", "flags"]).unwrap_or_default()),
    }
}

fn blame(flags: u64) -> Ending {
    if flags & CLIENT != 0 {
        Ending::NotUpstream
    } else if flags & TIMEOUT != 0 {
        Ending::Timeout
    } else if flags & RESET != 0 {
        Ending::Reset
    } else {
        Ending::NotUpstream
    }
}

fn has_upstream(proxy: &dyn Proxy) -> bool {
    property(proxy, &["upstream", "address"]).is_some_and(|address| !address.is_empty())
}
