//! Hosts a rule is for.

use super::Key;
use crate::config::Text;

/// A host, or `*.` and the end that a host has behind one label or more. In lower case, without port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// Behind the `*.` if there is one.
    name: String,
    any_label: bool,
}

impl HostPattern {
    /// Whether `host`, the result of [`host_name`], is one of these.
    #[must_use]
    pub fn matches(&self, host: &[u8]) -> bool {
        let name = self.name.as_bytes();
        if !self.any_label {
            return host.eq_ignore_ascii_case(name);
        }
        let labels = host.len().checked_sub(name.len()).and_then(|end| host.split_at_checked(end));
        labels.is_some_and(|(labels, end)| {
            end.eq_ignore_ascii_case(name) && matches!(labels.split_last(), Some((b'.', [_, ..])))
        })
    }

    /// The labels from the last to the first.
    pub(super) fn key(&self) -> Option<Key<'_>> {
        Some(Key { parts: labels(self.name.as_bytes()).collect(), whole: !self.any_label })
    }
}

/// The labels of a host from the last to the first.
pub(crate) fn labels(host: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    host.rsplit(|&byte| byte == b'.')
}

/// The host without port, and without the dot that makes it absolute (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
#[must_use]
pub fn host_name(host: &[u8]) -> &[u8] {
    let name = match host.iter().rposition(|&byte| byte == b':').and_then(|colon| host.split_at_checked(colon)) {
        // The colons of an IPv6 address stand inside brackets.
        Some((name, [_, port @ ..])) if port.iter().all(u8::is_ascii_digit) && !name.ends_with(b":") => name,
        _ => host,
    };
    name.strip_suffix(b".").unwrap_or(name)
}

impl Text for HostPattern {
    const EXPECTED: &'static str = "a host without port such as \"api.example.com\", \"*.example.com\" or \"[::1]\"";

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (name, any_label) = match text.strip_prefix("*.") {
            Some(end) => (end, true),
            None => (text.as_str(), false),
        };
        let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let labels = name.split('.').all(|label| !label.is_empty() && label.bytes().all(part));
        let ipv6 = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let ipv6 = ipv6.is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok()) && !any_label;
        (labels || ipv6).then(|| Self { name: name.to_owned(), any_label })
    }
}

crate::deserr_text!(HostPattern);
crate::described_text!(HostPattern: "host");
