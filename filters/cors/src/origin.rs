//! Origins as config names them and as browsers send them.
//!
//! A browser serialises an origin as `scheme://host[:port]`, in one canonical form (HTML standard, "ASCII
//! serialisation of an origin"): scheme and host in lower case, no default port. What config says is brought into that
//! form once; what a request says is never touched, only compared.

use std::net::{Ipv4Addr, Ipv6Addr};

use sluicegate_common::config::{Text, quoted};

/// The longest origin that patterns and expressions look at, bytes: a DNS name has at most 253.
const MAX_LENGTH: usize = 512;

/// An origin of the config, in the form a browser sends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// As a browser writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Site> for Origin {
    fn from(site: Site) -> Self {
        let Site { scheme, host, port } = site;
        Self(match port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        })
    }
}

impl Text for Origin {
    const EXPECTED: &'static str = "an origin such as \"https://app.example.com\"";

    fn parse(text: &str) -> Option<Self> {
        Site::parse(text).ok().map(Self::from)
    }

    fn found(text: &str) -> String {
        explain(text, Site::parse(text).err())
    }
}

sluicegate_common::deserr_text!(Origin);

/// `text`, and why it is not what was expected.
pub(crate) fn explain(text: &str, why: Option<&'static str>) -> String {
    match why {
        Some(why) => format!("{} ({why})", quoted(text)),
        None => quoted(text),
    }
}

/// The parts of a configured origin, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub scheme: String,
    pub host: String,
    /// Absent for the scheme's default.
    pub port: Option<u16>,
}

impl Site {
    /// # Errors
    /// What keeps `text` from being an origin.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, authority) = match text.split_once("://") {
            Some((scheme, authority)) => (scheme.to_ascii_lowercase(), authority),
            None if text == "null" => return Err("\"allow_null_origin\" allows that one"),
            None => return Err("no scheme"),
        };
        if !is_scheme(scheme.as_bytes()) {
            return Err("no scheme");
        }
        refuse_extras(authority)?;
        let (host, port) = split_port(authority)?;
        let host = if is_web(&scheme) { web_host(host)? } else { other_host(host)? };
        Ok(Self { port: port.filter(|port| default_port(&scheme) != Some(*port)), scheme, host })
    }
}

/// An origin as a request has it, in the canonical form, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen<'a> {
    pub text: &'a str,
    pub scheme: &'a str,
    pub host: &'a str,
    pub port: Option<u16>,
}

impl<'a> Seen<'a> {
    /// `None` for what no browser sends: several origins, a path, upper case, a default port, and `null`, which has
    /// no parts.
    pub fn parse(origin: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(origin).ok().filter(|text| text.len() <= MAX_LENGTH)?;
        let site = Site::parse(text).ok()?;
        let (scheme, authority) = text.split_once("://")?;
        let host = authority.get(..site.host.len())?;
        let seen = Self { text, scheme, host, port: site.port };
        (Origin::from(site).0 == text).then_some(seen)
    }
}

/// RFC 3986 section 3.1, in lower case.
fn is_scheme(scheme: &[u8]) -> bool {
    let rest = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(byte);
    scheme.first().is_some_and(u8::is_ascii_lowercase) && scheme.iter().all(rest)
}

/// Whether hosts of this scheme are domains and addresses; those of others are names of their own, kept as they are
/// (URL standard, "opaque host").
fn is_web(scheme: &str) -> bool {
    default_port(scheme).is_some()
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn refuse_extras(authority: &str) -> Result<(), &'static str> {
    for byte in authority.bytes() {
        match byte {
            b'/' => return Err("an origin ends before the path, without a slash"),
            b'?' | b'#' => return Err("an origin has no query and no fragment"),
            b'@' => return Err("an origin has no user"),
            b'*' => return Err("wildcards belong in \"allow_origin_patterns\""),
            b',' => return Err("one origin an element"),
            0x80.. => return Err("write the host in punycode, \"xn--...\""),
            0..=b' ' | 0x7f => return Err("white space or a control character"),
            _ => {}
        }
    }
    Ok(())
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    // The colons of an IPv6 address stand before its bracket.
    let after_address = authority.rfind(']').unwrap_or(0);
    match authority.rsplit_once(':') {
        Some((host, digits)) if host.len() > after_address => Ok((host, Some(port(digits)?))),
        _ => Ok((authority, None)),
    }
}

fn port(digits: &str) -> Result<u16, &'static str> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| digits.parse().ok()).flatten();
    number.ok_or("a port is a number from 0 to 65535")
}

/// A host of `http` and `https` as browsers write it.
fn web_host(host: &str) -> Result<String, &'static str> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| "no IPv6 address between the brackets")?;
        return Ok(format!("[{}]", ipv6(address)));
    }
    let host = host.to_ascii_lowercase();
    if !host.split('.').all(is_label) {
        return Err("no host name");
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return Err("a host whose last part is a number is an IPv4 address");
    }
    Ok(host)
}

/// URL standard, "IPv6 serializer": unlike Rust, it writes no dotted quads.
fn ipv6(address: Ipv6Addr) -> String {
    match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        _ => address.to_string(),
    }
}

fn other_host(host: &str) -> Result<String, &'static str> {
    let is_name = |label: &str| is_label(&label.to_ascii_lowercase());
    if host.split('.').all(is_name) { Ok(host.to_owned()) } else { Err("no host name") }
}

/// One part of a host name in lower case; browsers allow the underscore.
pub(crate) fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.len() <= 63 && label.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
