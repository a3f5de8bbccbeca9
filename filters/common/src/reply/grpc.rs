//! Replies to gRPC callers.

use std::fmt::Write as _;

/// Which gRPC dialect the request speaks, told by its `content-type`.
///
/// **Native**: Envoy turns a local reply to `application/grpc` or `application/grpc+x` into a
/// gRPC response by itself (HTTP 200, `grpc-status`, the reply's body percent-encoded as
/// `grpc-message`) and leaves the reply's other headers alone. So the body of such a reply is the
/// bare message and the status is handed to the host call; left to Envoy, 429 would become 14
/// (unavailable). Kong's engine does no such thing: there the caller sees HTTP status and text.
///
/// **Web**: no host translates. The reply stays HTTP, with `grpc-status` and `grpc-message` as
/// headers, a trailers-only response in the sense of `PROTOCOL-WEB.md` of the grpc project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grpc {
    /// Not gRPC.
    #[default]
    No,
    /// `application/grpc`, `application/grpc+proto` and the like.
    Native,
    /// `application/grpc-web`, `application/grpc-web-text`, each also with `+proto` and the like.
    Web,
}

impl Grpc {
    /// Reads the dialect off a `content-type` value. The media type is compared without case, its
    /// parameters are ignored (RFC 9110 section 8.3.1).
    #[must_use]
    pub fn of_content_type(value: &[u8]) -> Self {
        let media_type = value.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        let essence = media_type.split(|&byte| byte == b'+').next().unwrap_or_default();
        if essence.eq_ignore_ascii_case(b"application/grpc") {
            Self::Native
        } else if essence.eq_ignore_ascii_case(b"application/grpc-web")
            || essence.eq_ignore_ascii_case(b"application/grpc-web-text")
        {
            Self::Web
        } else {
            Self::No
        }
    }
}

/// The gRPC status that tells a caller the same as the HTTP status.
///
/// Refusals a gateway makes have their precise counterparts; every other status is mapped as a
/// gRPC client would map it (`doc/http-grpc-status-mapping.md` of the grpc project).
#[must_use]
pub fn grpc_status(http_status: u16) -> u32 {
    match http_status {
        400 => 3,        // INVALID_ARGUMENT
        401 => 16,       // UNAUTHENTICATED
        403 => 7,        // PERMISSION_DENIED
        404 => 5,        // NOT_FOUND
        413 | 429 => 8,  // RESOURCE_EXHAUSTED
        431 => 13,       // INTERNAL
        502 | 503 => 14, // UNAVAILABLE
        504 => 4,        // DEADLINE_EXCEEDED
        _ => 2,          // UNKNOWN
    }
}

/// `message` as a `grpc-message` value: space and printable ASCII but `%` as they are, every other
/// byte percent-encoded (`Status-Message` in `doc/PROTOCOL-HTTP2.md` of the grpc project).
#[must_use]
pub fn grpc_message(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b'%' => encoded.push_str("%25"),
            b' '..=b'~' => encoded.push(char::from(byte)),
            // Writing to a String cannot fail.
            other => _ = write!(encoded, "%{other:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
