//! What may become of the parts of a request or response that are there once.

use sluicegate_common::config::Text;
use sluicegate_common::head::is_token;
use sluicegate_common::matcher::{HostPattern, host_name};
use sluicegate_common::pairs::MAX_WRITTEN;
use sluicegate_common::path::{NormalPath, query, segments};

use crate::dropped::Dropped;
use crate::op::Change;

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
    let Ok(text) = std::str::from_utf8(host) else { return false };
    let name = std::str::from_utf8(host_name(host)).unwrap_or_default();
    let port = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(':'));
    port.is_none_or(|port| port.parse::<u16>().is_ok()) && !name.starts_with('*') && HostPattern::parse(name).is_some()
}

/// Whether a request target is a path: not `*`, nor the host and port of CONNECT (RFC 9112 section 3.2).
#[must_use]
pub fn is_path(target: &[u8]) -> bool {
    target.first() == Some(&b'/')
}

/// The target with its path changed, the query kept; `None` where it stays what it is. What is put in stays one segment,
/// and no changed path can be read in more than one way.
///
/// # Errors
/// The path would be one that can be read in more than one way, or too long, or the target is no path.
pub fn changed_path(target: &[u8], change: &Change, value: &[u8]) -> Result<Option<Vec<u8>>, Dropped> {
    if !is_path(target) {
        return Err(Dropped::Target("path"));
    }
    let (path, query) = query::split(target);
    let Some(new) = change.of(path, value) else { return Ok(None) };
    if new.len() > MAX_WRITTEN {
        return Err(Dropped::TooLong);
    }
    let new = [b"/", new.strip_prefix(b"/").unwrap_or(&new)].concat();
    let ambiguity = NormalPath::of(&new).ambiguity();
    let fits = match change {
        Change::Set(value) => {
            let end: &[u8] = if value.template.as_written().ends_with('/') { b"/" } else { b"" };
            // An empty segment takes itself away.
            ambiguity.is_none() && !segments(new.strip_suffix(end).unwrap_or(&new)).any(<[u8]>::is_empty)
        }
        Change::Rewrite(_) => ambiguity.is_none(),
    };
    // `/static(.*)` to `/files/$1` would make `/files/../etc` of `/static../etc`. Two slashes at the start may be read
    // as a host (RFC 3986 section 4.2).
    match fits && !has_dots(&new) && !new.starts_with(b"//") {
        false => Err(Dropped::Target("path")),
        true if new == path => Ok(None),
        true => Ok(Some(query.map_or_else(|| new.clone(), |query| [&new, &b"?"[..], query].concat()))),
    }
}

/// Whether a segment is `.` or `..`, escaped or not.
#[must_use]
pub fn has_dots(path: &[u8]) -> bool {
    segments(path).any(|segment| matches!(&*query::decoded(segment), b"." | b".."))
}

#[cfg(test)]
mod tests;
