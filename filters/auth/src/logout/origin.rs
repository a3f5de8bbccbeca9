//! Origins of web pages, as browsers write them (HTML standard, "ASCII serialisation of an origin").

use std::net::Ipv6Addr;

use sluicegate_common::config::Text;

/// `http` or `https`, host, and the port unless it is the scheme's own. In lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As a browser writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Text for Origin {
    const EXPECTED: &'static str = "an origin of web pages such as \"https://app.example.com\"";

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let (host, port) = split_port(authority)?;
        let host = host_of(host)?;
        Some(Self(match port.filter(|port| *port != own_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

sluicegate_common::deserr_text!(Origin);
sluicegate_common::described_text!(Origin: "origin");

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand before its bracket.
        Some((host, digits)) if !digits.ends_with(']') => {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            Some((host, Some(digits.parse().ok().filter(|_| plain)?)))
        }
        _ => Some((authority, None)),
    }
}

fn host_of(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let labels = host.split('.').all(|label| !label.is_empty());
    (labels && host.bytes().all(plain)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
