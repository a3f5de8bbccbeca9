//! The header `Forwarded` (RFC 7239).

use std::net::IpAddr;

use sluicegate_common::head::is_token;

/// An element about the client's request: `for=192.0.2.7;host=api.example.com;proto=https` (RFC 7239 section 4).
///
/// An address that is not known is `unknown` (section 6.2), one of IPv6 stands in brackets and quotes (section 6). A
/// host or protocol that is empty or that no header can carry is left out.
#[must_use]
pub fn element(client: Option<IpAddr>, host: &[u8], proto: Option<&[u8]>) -> Vec<u8> {
    let mut element = match client {
        None => b"for=unknown".to_vec(),
        Some(IpAddr::V4(ip)) => format!("for={ip}").into_bytes(),
        Some(IpAddr::V6(ip)) => format!("for=\"[{ip}]\"").into_bytes(),
    };
    for (parameter, text) in [(&b";host="[..], host), (b";proto=", proto.unwrap_or_default())] {
        if let Some(value) = value(text) {
            element.extend_from_slice(parameter);
            element.extend_from_slice(&value);
        }
    }
    element
}

/// Whether a line ends where it seems to: a quoted-string left open would swallow the element behind it.
#[must_use]
pub fn is_whole(line: &[u8]) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    !quoted
}

/// A token or a quoted-string (RFC 9110 sections 5.6.2 and 5.6.4); `None` for what is empty or has a control byte.
fn value(text: &[u8]) -> Option<Vec<u8>> {
    if is_token(text) {
        return Some(text.to_vec());
    }
    if text.is_empty() || text.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    let mut quoted = vec![b'"'];
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    Some(quoted)
}

#[cfg(test)]
mod tests;
