//! The client's end of the response.

use std::time::{Duration, SystemTime};

use crate::diagnostic::Problem;
use crate::profile::Profile;
use crate::stream::outcome::FLAG_UPSTREAM_PROTOCOL_ERROR;
use crate::stream::router::wrong_length;
use crate::stream::{Direction, LocalReply, Stream, StreamId};
use crate::thread::Thread;

impl Thread {
    pub(super) fn client_headers(&mut self, id: StreamId, end_stream: bool) {
        let Some(map) = self.stream(id).and_then(|stream| stream.response.headers.clone()) else { return };
        let status = map.get(b":status").and_then(|text| std::str::from_utf8(text).ok()?.parse::<u16>().ok());
        if status.is_none() {
            let details = "filter_removed_required_response_headers{missing_required_header:_:status}";
            return self.send_local_reply(id, LocalReply::plain(502, "missing required header: :status", details));
        }
        if let Some(invalid) = map.invalid_field() {
            let site = self.stream(id).and_then(|stream| stream.response.headers_spoilt.clone());
            self.diagnose_at(site, Problem::InvalidHeader { name: invalid.name.to_vec() });
        }
        self.write_headers(id);
        if end_stream {
            self.end_of_response(id);
        }
    }

    pub(super) fn client_data(&mut self, id: StreamId, end_stream: bool) {
        if let Some(mut stream) = self.stream_mut(id) {
            let data = std::mem::take(&mut stream.response.in_flight);
            stream.downstream.body.extend(data);
        }
        if end_stream {
            self.end_of_response(id);
        }
    }

    pub(super) fn client_trailers(&mut self, id: StreamId) {
        if let Some(mut stream) = self.stream_mut(id) {
            stream.downstream.trailers =
                stream.response.trailers.as_ref().map(|map| map.pairs().clone()).unwrap_or_default();
        }
        self.end_of_response(id);
    }

    /// Sends what `response.headers` holds, and a body, past all filters.
    pub(super) fn send_to_client(&mut self, id: StreamId, body: Vec<u8>) {
        self.write_headers(id);
        if let Some(mut stream) = self.stream_mut(id) {
            stream.downstream.body = body;
        }
        self.end_of_response(id);
    }

    /// A filter's reset of the stream.
    pub(crate) fn close_by_filter(&mut self, id: StreamId) {
        if let Some(mut stream) = self.stream_mut(id) {
            stream.code_details.get_or_insert_with(|| "wasm_close_stream".to_owned());
        }
        self.reset_stream(id);
    }

    /// Ends the stream without completing the response.
    pub(crate) fn reset_stream(&mut self, id: StreamId) {
        if let Some(mut stream) = self.stream_mut(id) {
            stream.ended = true;
        }
        self.world.borrow_mut().note("stream reset");
    }

    /// What the connection manager adds and removes on the way out.
    fn write_headers(&mut self, id: StreamId) {
        let unix = Duration::from_nanos(self.world.borrow().clock.unix_nanos());
        let Some(mut stream) = self.stream_mut(id) else { return };
        let profile = stream.profile;
        let Some(map) = &mut stream.response.headers else { return };
        for hop_by_hop in ["connection", "keep-alive", "proxy-connection", "transfer-encoding"] {
            map.remove(hop_by_hop.as_bytes());
        }
        map.set_if_absent("date", httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + unix).as_bytes());
        match profile {
            Profile::Envoy => map.set(b"server", b"envoy"),
            Profile::Kong => map.set_if_absent("server", b"nginx"),
        }
        let (pseudo, headers) = map.pairs().iter().cloned().partition::<Vec<_>, _>(|(name, _)| name.starts_with(b":"));
        let status = pseudo.first().and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok());
        stream.downstream.status = status.unwrap_or(0);
        stream.downstream.headers = headers;
        stream.headers_sent = true;
    }

    fn end_of_response(&mut self, id: StreamId) {
        let Some(mut stream) = self.stream_mut(id) else { return };
        stream.ended = true;
        stream.downstream.complete = true;
        let problem = finish_body(&mut stream);
        let site = stream.response.body_changed.clone();
        drop(stream);
        if let Some(problem) = problem {
            self.diagnose_at(site, problem);
        }
    }

    /// Takes in the next chunk of the upstream's body, or its end; true: something happened.
    pub(super) fn receive_rest(&mut self, id: StreamId) -> bool {
        let Some(mut stream) = self.stream_mut(id) else { return false };
        let Some(mut rest) = stream.upstream_rest.take() else { return false };
        if let Some(chunk) = rest.chunks.pop() {
            stream.response.body_size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            stream.response.in_flight = chunk;
            stream.upstream_rest = Some(rest);
            drop(stream);
            self.walk_data(id, Direction::Response, 0, false);
        } else if rest.reset {
            // HTTP/1.1 promised more than came.
            stream.code_details = Some("upstream_reset_after_response_started{protocol_error}".to_owned());
            stream.response_flags |= FLAG_UPSTREAM_PROTOCOL_ERROR;
            drop(stream);
            self.reset_stream(id);
        } else if rest.trailers.is_empty() {
            stream.response.complete = true;
            stream.response.in_flight = Vec::new();
            drop(stream);
            self.walk_data(id, Direction::Response, 0, true);
        } else {
            stream.response.complete = true;
            let trailers =
                crate::header_map::HeaderMap::from_pairs(crate::header_map::MapKind::Trailers, &rest.trailers);
            stream.response.trailers = Some(trailers);
            drop(stream);
            self.walk_trailers(id, Direction::Response, 0);
        }
        true
    }
}

/// What the codec makes of the body, and what a client makes of that.
fn finish_body(stream: &mut Stream) -> Option<Problem> {
    let is_head = stream.is_head;
    let response = &mut stream.downstream;
    let status = response.status;
    if matches!(status, 204 | 304) {
        let body = std::mem::take(&mut response.body);
        return (!body.is_empty()).then_some(Problem::BodyNotAllowed { status });
    }
    if is_head {
        return None;
    }
    if response.header("content-length").is_some() {
        return wrong_length("response", response.header("content-length"), response.body.len());
    }
    let framing: (&[u8], &[u8]) = if response.body.is_empty() && response.trailers.is_empty() {
        (b"content-length", b"0")
    } else {
        (b"transfer-encoding", b"chunked")
    };
    response.headers.push((framing.0.to_vec(), framing.1.to_vec()));
    None
}
