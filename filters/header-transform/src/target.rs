//! What may stand in the parts of a request that are there once.

use sluicegate_common::config::Text;
use sluicegate_common::head::is_token;
use sluicegate_common::matcher::{HostPattern, host_name};

/// A method that makes an ordinary request (RFC 9110 section 9.1). CONNECT makes a tunnel.
#[must_use]
pub fn is_method(method: &[u8]) -> bool {
    is_token(method) && !method.eq_ignore_ascii_case(b"CONNECT")
}

/// A host, with or without port (RFC 9110 section 7.2).
#[must_use]
pub fn is_host(host: &[u8]) -> bool {
    let name = std::str::from_utf8(host_name(host)).ok();
    name.is_some_and(|name| !name.starts_with('*') && HostPattern::parse(name).is_some())
}
