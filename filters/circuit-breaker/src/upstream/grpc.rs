//! What a gRPC answer says of itself, in its head (trailers-only) or in its trailers.
//!
//! Source: gRPC over HTTP2, "Responses".

/// The number in a `grpc-status`. What is none counts as `UNKNOWN` (2), as it does for clients.
#[must_use]
pub fn status(value: &[u8]) -> u32 {
    const UNKNOWN: u32 = 2;
    std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(UNKNOWN)
}
