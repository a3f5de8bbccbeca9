//! What a gRPC answer says of itself, in its head (trailers-only) or in its trailers.
//!
//! Source: gRPC over HTTP2, "Responses".

/// Whether a `content-type` is gRPC's: then the outcome may stand in the trailers.
#[must_use]
pub fn is_grpc(content_type: &[u8]) -> bool {
    let rest = content_type.get(..16).filter(|start| start.eq_ignore_ascii_case(b"application/grpc"));
    rest.is_some() && content_type.get(16).is_none_or(|next| b"+; ".contains(next))
}

/// The number in a `grpc-status`. What is none counts as `UNKNOWN` (2), as it does for clients.
#[must_use]
pub fn status(value: &[u8]) -> u32 {
    const UNKNOWN: u32 = 2;
    std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(UNKNOWN)
}
