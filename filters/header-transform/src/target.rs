//! What may stand in the parts of a request that are there once.

use sluicegate_common::config::Text;
use sluicegate_common::head::is_token;
use sluicegate_common::matcher::{HostPattern, host_name};

/// A method that another one may become and that may become another one (RFC 9110 section 9.1). CONNECT makes a tunnel,
/// and the answer to HEAD has the length of a body without the body: a client that asked otherwise would wait for it.
#[must_use]
pub fn is_method(method: &[u8]) -> bool {
    is_token(method) && ![&b"CONNECT"[..], b"HEAD"].iter().any(|special| method.eq_ignore_ascii_case(special))
}

/// A status whose response may have a body (RFC 9110 section 6.4.1). Another one cannot become such: its length would be
/// that of a body, which is not there.
#[must_use]
pub fn may_have_body(status: u16) -> bool {
    (200..=599).contains(&status) && !matches!(status, 204 | 205 | 304)
}

/// A host, with or without port (RFC 9110 section 7.2).
#[must_use]
pub fn is_host(host: &[u8]) -> bool {
    let name = std::str::from_utf8(host_name(host)).ok();
    name.is_some_and(|name| !name.starts_with('*') && HostPattern::parse(name).is_some())
}
