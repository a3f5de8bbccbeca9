//! Which names and values may stand in a reply's header section.

use crate::head::is_token;

/// Whether `name` is a field name as HTTP/2 and HTTP/3 carry it: a token (RFC 9110 section 5.6.2)
/// without upper-case letters (RFC 9113 section 8.2.1). Pseudo headers are none.
#[must_use]
pub fn is_field_name(name: &[u8]) -> bool {
    is_token(name) && !name.iter().any(u8::is_ascii_uppercase)
}

/// Whether `value` may be written: no control byte but tab (RFC 9110 section 5.5). Hosts take CR,
/// LF and NUL from a filter and fail later in the codec.
#[must_use]
pub fn is_field_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// Whether a reply may set the header: [`is_field_name`], and not one that frames the message or
/// belongs to the connection. The proxy writes those (RFC 9110 section 7.6.1, RFC 9112 section 6).
#[must_use]
pub fn may_set(name: &[u8]) -> bool {
    const OF_THE_PROXY: [&[u8]; 8] = [
        b"connection",
        b"content-length",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    ];
    is_field_name(name) && !OF_THE_PROXY.contains(&name)
}

#[cfg(test)]
mod tests;
