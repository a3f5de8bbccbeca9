//! Bodies of responses that a filter puts others in place of.

use std::fmt;

use crate::head::{EditError, ResponseHead};
use crate::proxy::Status;
use crate::reply::Rendered;

/// How a filter takes a response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeBody {
    /// When it is whole.
    Whole {
        /// The most bytes it may have.
        limit: usize,
        /// Whether the head waits for the body, so that its status can still be another. In Envoy the plugin's
        /// configuration must say `allow_on_headers_stop_iteration`: without it the response waits for ever. Kong's engine
        /// cannot, and nothing waits there.
        hold_head: bool,
    },
    /// Never: what stands in its place is asked for at once, while the head is here.
    Unread,
}

/// Why there is no body for [`Filter::on_body`](crate::filter::Filter::on_body).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// Nobody wanted to read it: [`TakeBody::Unread`].
    Unread,
    /// It has more bytes than [`TakeBody::Whole`] allows.
    TooLarge,
    /// The host did not give it.
    Host(Status),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread => f.write_str("unread"),
            Self::TooLarge => f.write_str("too large"),
            Self::Host(status) => write!(f, "not readable: {status}"),
        }
    }
}

/// Fields that describe a body, and are wrong of another (RFC 9110 sections 8 and 14.3, RFC 9530); `content-md5` and
/// `digest` are their old names.
const OF_THE_BODY: [&str; 10] = [
    "content-length",
    "content-encoding",
    "content-range",
    "content-md5",
    "content-digest",
    "repr-digest",
    "digest",
    "etag",
    "last-modified",
    "accept-ranges",
];

/// Takes out of the head what describes the body.
pub fn forget(head: &mut ResponseHead<'_>) {
    for name in OF_THE_BODY {
        edited(head.remove(name));
    }
}

/// Makes the head that of a reply. `with_body`: one can follow.
pub fn become_reply(reply: &Rendered, with_body: bool, head: &mut ResponseHead<'_>) {
    edited(head.set(":status", reply.status.to_string()));
    edited(head.remove("content-type"));
    for (index, (name, value)) in reply.headers.iter().enumerate() {
        let repeats = reply.headers.iter().take(index).any(|(known, _)| known == name);
        let Ok(name) = std::str::from_utf8(name) else { continue };
        if with_body || name != "content-type" {
            let name = name.to_owned();
            edited(if repeats { head.append(name, value) } else { head.set(name, value) });
        }
    }
}

fn edited(result: Result<(), EditError>) {
    if let Err(error) = result {
        log::error!("a response with another body: {error}");
    }
}
