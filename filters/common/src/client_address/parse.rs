//! Addresses as hosts and proxies write them.

use std::net::IpAddr;

use super::canonical;

/// What the host says the client's address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostAddress {
    /// Canonical.
    pub ip: IpAddr,
    /// Port 0, which no connection has: the host took it from a header that the client may have written.
    pub from_header: bool,
}

impl HostAddress {
    /// Reads property `source.address`: Envoy writes `ip:port`, Kong's engine the address alone. `None` for what is
    /// neither, such as the path of a Unix domain socket.
    #[must_use]
    pub fn parse(property: &[u8]) -> Option<Self> {
        let (ip, port) = with_port(property)?;
        Some(Self { ip, from_header: port == Some(0) })
    }
}

/// An entry of X-Forwarded-For: `ip`, and as some proxies write it `ip:port`, `[v6]` and `[v6]:port`. White space
/// around it is ignored; an IPv6 zone, a leading zero or anything else makes it none. The result is [`canonical`].
#[must_use]
pub fn parse_address(entry: &[u8]) -> Option<IpAddr> {
    with_port(entry.trim_ascii()).map(|(ip, _)| ip)
}

fn with_port(text: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    let text = std::str::from_utf8(text).ok()?;
    let (ip, port) = match (text.strip_prefix('['), text.split_once(':')) {
        (Some(rest), _) => {
            let (ip, rest) = rest.split_once(']')?;
            (IpAddr::V6(ip.parse().ok()?), if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        (None, None) => (IpAddr::V4(text.parse().ok()?), None),
        // No IPv6 address has one colon alone.
        (None, Some((ip, port))) if !port.contains(':') => (IpAddr::V4(ip.parse().ok()?), Some(port)),
        (None, Some(_)) => (IpAddr::V6(text.parse().ok()?), None),
    };
    match port {
        None => Some((canonical(ip), None)),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some((canonical(ip), Some(port.parse().ok()?))),
        Some(_) => None,
    }
}
