//! Where keys are published: an absolute URI (RFC 3986 section 4.3).

use sluicegate_common::config::Text;

/// `https://idp.example/jwks.json`, taken apart. Visible ASCII, at most 2048 bytes, no user info, no fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Host and port as written.
    pub authority: Authority,
    /// Path and query; `/` where there is none.
    pub path: String,
}

/// A host, and a port if need be: what may stand in `:authority`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Text for Uri {
    const EXPECTED: &'static str =
        "an absolute URI such as \"https://idp.example/jwks.json\", without user info and fragment";

    fn parse(text: &str) -> Option<Self> {
        const LONGEST: usize = 2048;
        let visible = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let (scheme, rest) = text.split_once("://").filter(|_| visible && !text.contains('#'))?;
        let scheme = ["http", "https"].into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self { scheme, authority: Authority::parse(authority)?, path: format!("{slash}{path}") })
    }

    /// Without what may be a password.
    fn found(text: &str) -> String {
        match text.contains('@') {
            true => "one with \"@\"".to_owned(),
            false => sluicegate_common::config::quoted(text),
        }
    }
}

impl Text for Authority {
    const EXPECTED: &'static str = "a host, and a port if need be, such as \"idp.example:8443\"";

    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (text, None),
        };
        let good_port = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        (is_host(host) && good_port).then(|| Self(text.to_owned()))
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
    }
}

sluicegate_common::deserr_text!(Uri, Authority);
sluicegate_common::described_text!(Uri: "absolute URI", Authority: "host and port");

#[cfg(test)]
mod tests;
