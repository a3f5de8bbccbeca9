//! Local replies in nginx. Source: `ngx_http_wasm_local_response.c`.

use crate::abi::{HostCall, Refusal};
use crate::diagnostic::Problem;
use crate::header_map::{HeaderMap, MapKind};
use crate::host::Action;
use crate::kong::headers::ERROR_PAGE;
use crate::profile::Profile;
use crate::stream::{LocalReply, StreamId};

/// What becomes of a reply when it is made.
///
/// # Errors
/// A second one traps.
pub fn check(call: &HostCall<'_, '_>, stream: StreamId, details: &str) -> Result<(), Refusal> {
    if !details.is_empty() {
        call.diagnose(Problem::ReasonPhrase { details: details.to_owned() });
    }
    if call.host().callback == "proxy_on_response_headers" {
        call.fatal("a local reply to a response that has begun corrupts it");
    }
    let made = |action: &Action| matches!(action, Action::Reply { stream: other, .. } if *other == stream);
    if call.host().actions.iter().any(made) {
        return Err(Refusal::trap("local response already stashed"));
    }
    Ok(())
}

/// Headers and body of a reply: gRPC is not known, fields given twice keep the last value, and a body
/// gets a line feed, unless it is one of nginx's own pages.
pub fn render(is_head: bool, reply: &LocalReply) -> (HeaderMap, Vec<u8>) {
    let mut map = HeaderMap::of(Profile::Kong, MapKind::Response);
    map.add(b":status", reply.status.to_string().as_bytes());
    for (name, value) in &reply.headers {
        map.set(name, value);
    }
    let mut body = reply.body.clone();
    if reply.details != ERROR_PAGE && !body.is_empty() {
        map.set_if_absent("content-type", b"text/plain");
        body.push(b'\n');
    }
    map.set(b"content-length", body.len().to_string().as_bytes());
    if is_head {
        body.clear();
    }
    (map, body)
}
