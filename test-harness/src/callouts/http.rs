//! What an HTTP call-out's guest sees of a scripted answer. Source: Envoy,
//! `source/common/http/async_client_impl.cc`, whose router answers failures as it would a client.

use std::time::Duration;

use crate::callouts::{grpc, limit};
use crate::cluster::CalloutAnswer;
use crate::header_map::{HeaderMap, MapKind};
use crate::message::UpstreamResponse;

/// The response of a call-out.
#[derive(Clone, Debug)]
pub struct Message {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub trailers: Option<HeaderMap>,
}

/// When an answer arrives (None: never), and what it is (None: nothing).
pub(super) fn answer(answer: CalloutAnswer, timeout: Duration) -> (Option<Duration>, Option<Message>) {
    let at_once = Some(Duration::ZERO);
    match answer {
        CalloutAnswer::Response(response) => within(timeout, response.after, message(&response)),
        CalloutAnswer::Grpc(response) => within(timeout, response.after, message(&grpc::response(&response))),
        CalloutAnswer::Refused => (at_once, Some(local_reply(503, REFUSED))),
        CalloutAnswer::Reset => (at_once, Some(local_reply(503, RESET))),
        CalloutAnswer::ResetAfterHeaders | CalloutAnswer::Oversized => (at_once, None),
        CalloutAnswer::Silent => (limit(timeout), Some(local_reply(504, TIMEOUT))),
        CalloutAnswer::Lost => (None, None),
    }
}

pub(super) const REFUSED: &str = "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused";
pub(super) const RESET: &str =
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
pub(super) const TIMEOUT: &str = "upstream request timeout";

fn within(timeout: Duration, after: Duration, message: Message) -> (Option<Duration>, Option<Message>) {
    match limit(timeout).filter(|timeout| after > *timeout) {
        Some(timeout) => (Some(timeout), Some(local_reply(504, TIMEOUT))),
        None => (Some(after), Some(message)),
    }
}

/// The reply Envoy's async client makes itself; it lacks `x-envoy-upstream-service-time`.
fn local_reply(status: u16, body: &str) -> Message {
    let mut headers = HeaderMap::new(MapKind::Response);
    headers.add(b":status", status.to_string().as_bytes());
    headers.add(b"content-length", body.len().to_string().as_bytes());
    headers.add(b"content-type", b"text/plain");
    Message { headers, body: body.as_bytes().to_vec(), trailers: None }
}

fn message(response: &UpstreamResponse) -> Message {
    let mut headers = HeaderMap::new(MapKind::Response);
    headers.add(b":status", response.status.to_string().as_bytes());
    for (name, value) in &response.headers {
        headers.add(name, value);
    }
    headers.frame(response.body.iter().map(Vec::len).sum(), !response.trailers.is_empty());
    headers.set_if_absent("x-envoy-upstream-service-time", response.after.as_millis().to_string().as_bytes());
    let trailers =
        (!response.trailers.is_empty()).then(|| HeaderMap::from_pairs(MapKind::Trailers, &response.trailers));
    Message { headers, body: response.body.concat(), trailers }
}
