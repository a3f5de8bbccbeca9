//! What Envoy's connection manager does to a request before the first filter sees it, with
//! `use_remote_address: true`.

use crate::header_map::{HeaderMap, MapKind};
use crate::message::Request;
use crate::random::Random;
use crate::stream::LocalReply;

/// Limits of a client's request head (`max_headers_count`, `max_request_headers_kb`).
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 60 << 10;

/// Headers that concern one connection only, or that only Envoy may set.
const REMOVED: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "x-envoy-internal",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-retry-on",
    "x-envoy-max-retries",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
];

/// The request headers as the first filter sees them.
pub fn request_headers(request: &Request, random: &mut Random) -> HeaderMap {
    let mut map = HeaderMap::new(MapKind::Request);
    map.add(b":authority", &request.authority);
    map.add(b":path", &request.path);
    map.add(b":method", &request.method);
    map.add(b":scheme", &request.scheme);
    for (name, value) in &request.headers {
        map.receive(name, value);
    }
    let size: usize = request.body.iter().map(Vec::len).sum();
    if size > 0
        && request.trailers.is_empty()
        && map.get(b"content-length").is_none()
        && map.get(b"transfer-encoding").is_none()
    {
        map.add(b"content-length", size.to_string().as_bytes());
    }
    for name in REMOVED {
        map.remove(name.as_bytes());
    }
    if map.get(b"te").is_some_and(|value| value != b"trailers") {
        map.remove(b"te");
    }
    map.add(b"x-forwarded-for", request.peer.ip().to_string().as_bytes());
    map.set(b"x-forwarded-proto", &request.scheme);
    map.set(b"x-envoy-external-address", request.peer.ip().to_string().as_bytes());
    map.set(b"x-request-id", random.uuid().as_bytes());
    map
}

/// What the codec refuses before any filter.
pub fn refuse(request: &Request) -> Option<LocalReply> {
    let named = |wanted: &[u8]| request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).count();
    let bytes: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let bytes = bytes + request.path.len() + request.authority.len();
    if request.headers.len() + 1 > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Some(LocalReply::plain(431, "Request Header Fields Too Large", "http1.headers_too_large"));
    }
    if named(b"content-length") > 1 {
        return Some(LocalReply::plain(400, "Bad Request", "http1.codec_error"));
    }
    if request.authority.is_empty() {
        return Some(LocalReply::plain(400, "", "missing_host_header"));
    }
    None
}

/// Envoy treats these as gRPC: `application/grpc` and `application/grpc+anything`.
pub fn is_grpc(map: &HeaderMap) -> bool {
    let Some(content_type) = map.get(b"content-type") else { return false };
    content_type.strip_prefix(b"application/grpc").is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+"))
}
