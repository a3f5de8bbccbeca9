//! What a gRPC answer says of itself, in its head (trailers-only) or in its trailers.
//!
//! Source: gRPC over HTTP2, "Responses".

use sluicegate_common::head::RequestHead;

/// The number in a `grpc-status`. What is none counts as `UNKNOWN` (2), as it does for clients.
#[must_use]
pub fn status(value: &[u8]) -> u32 {
    const UNKNOWN: u32 = 2;
    std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(UNKNOWN)
}

/// Whether the request is gRPC: its `content-type` says so, of which most requests without a body have none.
#[must_use]
pub fn is_request(head: &RequestHead<'_>) -> bool {
    if head.is_read() {
        return head.get("content-type").is_some_and(is_content_type);
    }
    head.probe("content-type").as_deref().is_some_and(is_content_type)
}

/// Whether a `content-type` is that of gRPC: `application/grpc`, and whatever stands behind (gRPC over HTTP2,
/// "Requests").
#[must_use]
pub fn is_content_type(value: &[u8]) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    value.get(..GRPC.len()).is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
}
