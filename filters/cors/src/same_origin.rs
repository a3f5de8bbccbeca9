//! Whether a request comes from a page of the very site it goes to.
//!
//! Browsers send `Origin` with same-origin POSTs too; those are no business of CORS and are never rejected.

use sluicegate_common::config::Text;
use sluicegate_common::head::RequestHead;

use crate::allow_origin::RequestOrigin;
use crate::origin::Origin;

/// Whether the browser says so (`Sec-Fetch-Site`, which no page can set), or the request's origin is the scheme and
/// host that were asked for.
///
/// The scheme is `x-forwarded-proto`, else `:scheme`: both are the proxy's word about the client's connection, and
/// wrong where TLS ends in front of it and nobody tells it so.
pub(crate) fn is_same_origin(head: &RequestHead<'_>, origin: &RequestOrigin<'_>) -> bool {
    let RequestOrigin::One(origin) = origin else { return false };
    head.get("sec-fetch-site") == Some(b"same-origin") || own_origin(head).is_some_and(|own| own == *origin)
}

/// As a browser writes it; a host that is none to us, such as one with a dot at its end, as it came.
fn own_origin(head: &RequestHead<'_>) -> Option<Vec<u8>> {
    let schemes = head.get("x-forwarded-proto").or_else(|| head.get(":scheme"))?;
    let scheme = schemes.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let url = [scheme, b"://", head.host()].concat();
    let own = std::str::from_utf8(&url).ok().and_then(Origin::parse);
    Some(own.map_or(url, |own| own.as_str().into()))
}
