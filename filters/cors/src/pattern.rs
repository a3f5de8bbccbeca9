//! Origins by pattern: `https://*.example.com`, `http://localhost:*`, or a regular expression.

use std::net::Ipv4Addr;

use regex_lite::Regex;
use sluicegate_common::config::Text;
use sluicegate_common::matcher::anchored;

use crate::origin::{Seen, Site, explain, is_label};

/// A pattern of the config, at least one of its two wildcards used.
///
/// `*.` before the host stands for one or more whole labels: `https://*.example.com` is any subdomain and not
/// `https://example.com`. `:*` behind it stands for any port or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    scheme: String,
    /// Without the `*.`.
    host: String,
    subdomains: bool,
    port: Port,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Any,
    Exactly(Option<u16>),
}

impl Pattern {
    fn new(text: &str) -> Result<Self, &'static str> {
        let (rest, any_port) = match text.strip_suffix(":*") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (scheme, authority) = rest.split_once("://").ok_or("no scheme")?;
        let (authority, subdomains) = match authority.strip_prefix("*.") {
            Some(authority) => (authority, true),
            None => (authority, false),
        };
        if authority.contains('*') {
            return Err("\"*\" stands only for whole labels before the host, \"*.\", or for the port, \":*\"");
        }
        let Site { scheme, host, port } = Site::parse(&format!("{scheme}://{authority}"))?;
        if !subdomains && !any_port {
            return Err("no wildcard: an exact origin belongs in \"allow_origins\"");
        }
        if any_port && port.is_some() {
            return Err("two ports");
        }
        if subdomains && (host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok()) {
            return Err("an address has no subdomains");
        }
        let port = if any_port { Port::Any } else { Port::Exactly(port) };
        Ok(Self { scheme, host, subdomains, port })
    }

    pub(crate) fn matches(&self, origin: &Seen<'_>) -> bool {
        let port = match self.port {
            Port::Any => true,
            Port::Exactly(port) => port == origin.port,
        };
        port && self.scheme == origin.scheme && self.matches_host(origin.host)
    }

    fn matches_host(&self, host: &str) -> bool {
        if !self.subdomains {
            return host == self.host;
        }
        let labels = host.strip_suffix(&self.host).and_then(|rest| rest.strip_suffix('.'));
        labels.is_some_and(|labels| labels.split('.').all(is_label))
    }
}

impl Text for Pattern {
    const EXPECTED: &'static str = "a pattern such as \"https://*.example.com\" or \"http://localhost:*\"";

    fn parse(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }

    fn found(text: &str) -> String {
        explain(text, Self::new(text).err())
    }
}

/// A regular expression of the config. It matches whole origins, never a part of one.
#[derive(Debug, Clone)]
pub struct Expression(Regex);

impl Expression {
    pub(crate) fn matches(&self, origin: &Seen<'_>) -> bool {
        self.0.is_match(origin.text)
    }
}

impl Text for Expression {
    const EXPECTED: &'static str = "a regular expression such as \"https://pr-[0-9]+\\.example\\.dev\" \
                                    (syntax of the crate regex-lite)";

    fn parse(text: &str) -> Option<Self> {
        anchored(text, true).ok().map(Self)
    }
}

sluicegate_common::deserr_text!(Pattern, Expression);
sluicegate_common::described_text!(Pattern: "pattern", Expression: "expression");

#[cfg(test)]
mod tests;
