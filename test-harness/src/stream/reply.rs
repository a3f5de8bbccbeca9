//! Local replies: answers the proxy or a filter makes itself.

use crate::diagnostic::Problem;
use crate::header_map::{HeaderMap, MapKind};
use crate::kong;
use crate::message::Headers;
use crate::profile::Profile;
use crate::stream::{Direction, Stream, StreamId};
use crate::thread::Thread;

/// A reply that no upstream made.
#[derive(Clone, Debug)]
pub struct LocalReply {
    pub status: u16,
    pub body: Vec<u8>,
    pub headers: Headers,
    pub grpc_status: Option<u32>,
    pub details: String,
}

impl LocalReply {
    pub fn plain(status: u16, body: &str, details: &str) -> Self {
        LocalReply {
            status,
            body: body.as_bytes().to_vec(),
            headers: Vec::new(),
            grpc_status: None,
            details: details.to_owned(),
        }
    }
}

impl Thread {
    /// A filter's reply: the first one of a stream stands.
    pub(crate) fn filter_reply(&mut self, id: StreamId, filter: usize, reply: LocalReply, callback: &'static str) {
        let taken = self.stream(id).is_none_or(|stream| {
            stream.ended || stream.prepared_reply.is_some() || (stream.encoding_aborted && !stream.downstream.complete)
        });
        if taken {
            // The first reply stands, but for what it is said to be because of.
            if let Some(mut stream) = self.stream_mut(id).filter(|stream| !stream.ended) {
                stream.code_details = Some(reply.details);
            }
            return self.diagnose_filter(id, filter, Some(callback), Problem::SecondReply);
        }
        self.send_local_reply(id, reply);
    }

    /// Before the response has begun the reply walks through the chain (after the running callback,
    /// if one runs); when the response headers are with the filters it goes straight to the client;
    /// when the client has them, all that is left is a reset.
    pub(super) fn send_local_reply(&mut self, id: StreamId, reply: LocalReply) {
        let Some(mut stream) = self.stream_mut(id) else { return };
        if stream.ended || stream.prepared_reply.is_some() {
            return;
        }
        stream.code_details = Some(reply.details.clone());
        if stream.response.headers.is_none() {
            if stream.calling == Some(Direction::Request) {
                stream.prepared_reply = Some(reply);
                return;
            }
            drop(stream);
            return self.reply_through_chain(id, reply);
        }
        if stream.headers_sent {
            drop(stream);
            return self.reset_stream(id);
        }
        stream.encoding_aborted = true;
        let (headers, body) = render(&stream, &reply);
        stream.response.headers = Some(headers);
        drop(stream);
        self.note_reply(&reply, "straight to the client");
        self.send_to_client(id, body);
    }

    /// Sends a reply as a response through the filters.
    pub(super) fn reply_through_chain(&mut self, id: StreamId, reply: LocalReply) {
        let Some(mut stream) = self.stream_mut(id) else { return };
        let (headers, body) = render(&stream, &reply);
        let bodiless = body.is_empty();
        stream.response.headers = Some(headers);
        stream.response.complete = true;
        drop(stream);
        self.note_reply(&reply, "through the chain");
        self.walk_headers(id, Direction::Response, 0, bodiless);
        if bodiless {
            return;
        }
        if let Some(mut stream) = self.stream_mut(id) {
            stream.response.in_flight = body;
        }
        self.walk_data(id, Direction::Response, 0, true);
    }

    fn note_reply(&self, reply: &LocalReply, way: &str) {
        let (status, details) = (reply.status, &reply.details);
        self.world.borrow_mut().note(format!("local reply {status} {way} ({details})"));
    }
}

fn render(stream: &Stream, reply: &LocalReply) -> (HeaderMap, Vec<u8>) {
    match stream.profile {
        Profile::Envoy => render_as_envoy(stream, reply),
        Profile::Kong => kong::reply::render(stream.is_head, reply),
    }
}

/// Headers and body of a reply as Envoy renders them (`Http::Utility::prepareLocalReply`).
fn render_as_envoy(stream: &Stream, reply: &LocalReply) -> (HeaderMap, Vec<u8>) {
    let mut map = HeaderMap::new(MapKind::Response);
    map.add(b":status", reply.status.to_string().as_bytes());
    for (name, value) in &reply.headers {
        map.add(name, value);
    }
    if stream.is_grpc {
        map.set(b":status", b"200");
        map.set(b"content-type", b"application/grpc");
        let code = reply.grpc_status.unwrap_or_else(|| grpc_status_of(reply.status));
        map.set_if_absent("grpc-status", code.to_string().as_bytes());
        if !reply.body.is_empty() && !stream.is_head {
            map.set(b"grpc-message", &percent_encode(&reply.body));
        }
        map.remove(b"content-length");
        return (map, Vec::new());
    }
    if reply.body.is_empty() {
        map.remove(b"content-length");
        map.remove(b"content-type");
    } else {
        map.set(b"content-length", reply.body.len().to_string().as_bytes());
        map.set_if_absent("content-type", b"text/plain");
    }
    let body = if stream.is_head { Vec::new() } else { reply.body.clone() };
    (map, body)
}

/// HTTP status to gRPC status (gRPC documentation, `http-grpc-status-mapping.md`).
pub fn grpc_status_of(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// Percent-encoding of `grpc-message`: everything but printable ASCII, and `%`.
fn percent_encode(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            encoded.push(byte);
        } else {
            encoded.extend(format!("%{byte:02X}").into_bytes());
        }
    }
    encoded
}
