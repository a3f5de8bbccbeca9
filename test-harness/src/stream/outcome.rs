//! What Envoy answers in place of an upstream, and how filters can tell: `response.code_details` and `response.flags`.
//!
//! Source: Envoy, `source/common/router/router.cc` and `envoy/stream_info/stream_info.h`.

use crate::header_map::HeaderMap;
use crate::message::UpstreamFailure;
use crate::spec::RouteAction;
use crate::stream::LocalReply;

pub const FLAG_NO_HEALTHY_UPSTREAM: u64 = 0x2;
const FLAG_UPSTREAM_REQUEST_TIMEOUT: u64 = 0x4;
pub const FLAG_UPSTREAM_CONNECTION_FAILURE: u64 = 0x20;
const FLAG_UPSTREAM_CONNECTION_TERMINATION: u64 = 0x40;
const FLAG_NO_ROUTE_FOUND: u64 = 0x100;
pub const FLAG_UPSTREAM_PROTOCOL_ERROR: u64 = 0x80_0000;
const FLAG_NO_CLUSTER_FOUND: u64 = 0x100_0000;

/// The reply to a request that goes to no upstream, with its flag: by the route, or because it lost what the router
/// needs or no codec can send it. A request without a path has no route.
pub fn refusal(action: &RouteAction, map: &HeaderMap) -> Option<(LocalReply, u64)> {
    let pathless = map.get(b":path").is_none_or(<[u8]>::is_empty);
    match action {
        _ if pathless || *action == RouteAction::NoRoute => {
            Some((LocalReply::plain(404, "", "route_not_found"), FLAG_NO_ROUTE_FOUND))
        }
        RouteAction::DirectResponse { status, body } => {
            let reply = LocalReply { body: body.clone(), ..LocalReply::plain(*status, "", "direct_response") };
            Some((reply, 0))
        }
        RouteAction::UnknownCluster => Some((LocalReply::plain(503, "", "cluster_not_found"), FLAG_NO_CLUSTER_FOUND)),
        RouteAction::NoHealthyHost => {
            let reply = LocalReply::plain(503, "no healthy upstream", "no_healthy_upstream");
            Some((reply, FLAG_NO_HEALTHY_UPSTREAM))
        }
        RouteAction::Forward | RouteAction::NoRoute => Some((incomplete(map)?, 0)),
    }
}

fn incomplete(map: &HeaderMap) -> Option<LocalReply> {
    let problem = if map.get(b":method").is_none() {
        "missing required header: :method".to_owned()
    } else {
        map.invalid_field()?.to_string()
    };
    let details = format!("filter_removed_required_request_headers{{{}}}", problem.replace(' ', "_"));
    Some(LocalReply::plain(503, &problem, &details))
}

/// The reply in place of an answer, and its flag.
pub fn failure_reply(failure: UpstreamFailure) -> (LocalReply, u64) {
    const RESET: &str = "upstream connect error or disconnect/reset before headers. reset reason: ";
    let reset = |status, reason: &str, flag| {
        let details = format!("upstream_reset_before_response_started{{{}}}", reason.replace(' ', "_"));
        (LocalReply::plain(status, &format!("{RESET}{}", reason.replace('_', " ")), &details), flag)
    };
    match failure {
        UpstreamFailure::Refused => {
            let why = "delayed connect error: Connection refused";
            let text = format!("{RESET}remote connection failure, transport failure reason: {why}");
            let details = format!(
                "upstream_reset_before_response_started{{remote_connection_failure|{}}}",
                why.replace(' ', "_")
            );
            (LocalReply::plain(503, &text, &details), FLAG_UPSTREAM_CONNECTION_FAILURE)
        }
        UpstreamFailure::ResetBeforeHeaders => {
            reset(503, "connection termination", FLAG_UPSTREAM_CONNECTION_TERMINATION)
        }
        UpstreamFailure::BadProtocol => reset(502, "protocol error", FLAG_UPSTREAM_PROTOCOL_ERROR),
        UpstreamFailure::Timeout => {
            (LocalReply::plain(504, "upstream request timeout", "response_timeout"), FLAG_UPSTREAM_REQUEST_TIMEOUT)
        }
    }
}
