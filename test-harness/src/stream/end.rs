//! A stream from its first byte to the deletion of its contexts.

use crate::clock::{Instant, after};
use crate::diagnostic::Problem;
use crate::header_map::{HeaderMap, MapKind};
use crate::kong;
use crate::message::{Request, Response, Upstream, UpstreamRequest};
use crate::profile::Profile;
use crate::stream::{BodyAccess, Direction, Iteration, Router, Side, Stream, StreamId, ingress};
use crate::thread::Thread;

/// The flag of a stream whose client went, as `response.flags` shows it.
const FLAG_DOWNSTREAM_CONNECTION_TERMINATION: u64 = 0x4000;

impl Thread {
    /// Accepts a request on a worker and gives its headers to the chain.
    pub(crate) fn open_stream(&mut self, request: Request) -> StreamId {
        let id = self.world.borrow_mut().next_stream_id();
        let filters = self.create_filters(id);
        let profile = self.profile;
        let mut world = self.world.borrow_mut();
        let (refused, headers) = match profile {
            Profile::Envoy => (ingress::refuse(&request), ingress::request_headers(&request, &mut world.random)),
            Profile::Kong => (kong::headers::refuse(&request), kong::headers::request_headers(&request)),
        };
        let request = profile.as_read(request);
        let bodiless = request.body.is_empty() && request.trailers.is_empty();
        let mut chunks = request.body;
        // HTTP/1 ends a body with a frame of its own.
        if profile.ends_bodies_apart()
            && !chunks.is_empty()
            && request.trailers.is_empty()
            && chunks.last().is_some_and(|last| !last.is_empty())
        {
            chunks.push(Vec::new());
        }
        chunks.reverse();
        let mut stream = Stream {
            profile,
            peer: request.peer,
            started: world.clock.now(),
            started_unix_nanos: world.clock.unix_nanos(),
            request: Side::new(),
            response: Side::new(),
            filters,
            calling: None,
            prepared_reply: None,
            encoding_aborted: false,
            is_head: request.method == b"HEAD",
            is_grpc: ingress::is_grpc(&headers),
            router: Router::default(),
            upstream: None,
            downstream: Response::default(),
            headers_sent: false,
            ended: false,
            filters_ended: false,
            code_details: None,
            response_flags: 0,
            filter_state: Vec::new(),
            client_target: request.path,
            upstream_header_time: None,
            client_chunks: chunks,
            client_trailers: request.trailers,
            leaves: request.leaves_after.map(|wait| after(world.clock.now(), wait)),
            upstream_rest: None,
        };
        stream.request.headers = Some(headers);
        stream.request.complete = bodiless;
        world.streams.insert(id, stream);
        drop(world);
        if profile.creates_contexts_at_once() {
            self.each_filter(id, |thread, filter| thread.create_context(id, filter));
        }
        match refused {
            Some(reply) => self.send_local_reply(id, reply),
            None => self.walk_headers(id, Direction::Request, 0, bodiless),
        }
        id
    }

    pub(crate) fn has_ended(&self, id: StreamId) -> bool {
        self.stream(id).is_none_or(|stream| stream.ended)
    }

    /// Whether a step can be taken now; an ended stream waits to be closed.
    pub(crate) fn is_ready(&self, id: StreamId) -> bool {
        let now = self.world.borrow().clock.now();
        self.stream(id).is_some_and(|stream| {
            let receives = !stream.request.complete && !stream.response.complete;
            let answered = matches!(stream.router, Router::Waiting(_, due) if due <= now);
            let asks = matches!(stream.router, Router::Sent);
            let leaves = stream.leaves.is_some_and(|instant| instant <= now);
            stream.ended || leaves || receives || answered || asks || stream.upstream_rest.is_some()
        })
    }

    /// Takes one step with the upstream; true: something happened.
    pub(crate) fn advance_response(&mut self, id: StreamId, upstream: &mut dyn Upstream) -> bool {
        self.receive_answer(id) || self.receive_rest(id) || self.ask_upstream(id, upstream)
    }

    /// Tells every filter that the stream is over, and forgets it.
    pub(crate) fn close_stream(&mut self, id: StreamId) -> (Response, Option<UpstreamRequest>) {
        match self.profile {
            Profile::Envoy => {
                self.each_filter(id, |thread, filter| thread.log_stream(id, filter));
                self.each_filter(id, |thread, filter| {
                    thread.call_last(id, filter, "proxy_on_done");
                    thread.call_last(id, filter, "proxy_on_delete");
                });
            }
            // `ngx_proxy_wasm_on_log`, then `ngx_proxy_wasm_on_done`.
            Profile::Kong if !self.stream(id).is_some_and(|stream| stream.filters_ended) => {
                self.each_filter(id, |thread, filter| {
                    thread.call_last(id, filter, "proxy_on_done");
                    thread.log_stream(id, filter);
                });
                self.each_filter(id, |thread, filter| thread.call_last(id, filter, "proxy_on_delete"));
            }
            Profile::Kong => self.each_filter(id, |thread, filter| {
                let instance = thread.stream(id).and_then(|stream| stream.filters[filter].instance);
                if let Some((vm, context)) = instance {
                    thread.forget_context(vm, context);
                }
            }),
        }
        self.rebuild_trapped();
        let Some(stream) = self.world.borrow_mut().streams.remove(&id) else { return Default::default() };
        let mut response = stream.downstream;
        response.code_details = stream.code_details.unwrap_or_default();
        let sent = matches!(stream.router, Router::Sent | Router::Waiting(..) | Router::Answered);
        (response, stream.upstream.filter(|_| sent))
    }

    fn each_filter(&mut self, id: StreamId, mut work: impl FnMut(&mut Self, usize)) {
        (0..self.filter_count(id)).for_each(|filter| work(self, filter));
    }

    /// Calls the guest's context of a filter, if it has one; after `proxy_on_delete` it has none.
    fn call_last(&mut self, id: StreamId, filter: usize, callback: &'static str) {
        let created = |stream: &Stream| stream.filters[filter].instance.filter(|_| stream.filters[filter].created);
        let Some((vm, context)) = self.stream(id).and_then(|stream| created(&stream)) else { return };
        self.call(vm, context, callback, &[]);
        if callback == "proxy_on_delete" {
            self.forget_context(vm, context);
        }
    }

    fn log_stream(&mut self, id: StreamId, filter: usize) {
        let Some(instance) = self.stream(id).and_then(|stream| stream.filters[filter].instance) else { return };
        // A filter that saw nothing of the stream is created for its log alone.
        self.create_context(id, filter);
        self.open_for_log(id, filter, true);
        self.call(instance.0, instance.1, "proxy_on_log", &[]);
        self.open_for_log(id, filter, false);
    }

    fn open_for_log(&mut self, id: StreamId, filter: usize, open: bool) {
        let Some(mut stream) = self.stream_mut(id) else { return };
        let state = &mut stream.filters[filter];
        state.logging = open;
        for progress in [&mut state.request, &mut state.response] {
            progress.headers_open = false;
            progress.trailers_open = false;
            progress.body = BodyAccess::Closed;
        }
    }

    /// When the upstream's answer arrives or the client leaves.
    pub(crate) fn stream_due(&self, id: StreamId) -> Option<Instant> {
        let leaves = self.stream(id).and_then(|stream| stream.leaves);
        [self.answer_due(id), leaves].into_iter().flatten().min()
    }

    /// The client closes its connection, should it be time; true: something happened.
    fn client_leaves(&mut self, id: StreamId) -> bool {
        let now = self.world.borrow().clock.now();
        let Some(mut stream) = self.stream_mut(id) else { return false };
        if stream.ended || stream.leaves.is_none_or(|instant| instant > now) {
            return false;
        }
        stream.code_details = Some("downstream_remote_disconnect".to_owned());
        stream.response_flags |= FLAG_DOWNSTREAM_CONNECTION_TERMINATION;
        drop(stream);
        self.reset_stream(id);
        true
    }

    /// Takes in the client's next chunk, its end, its trailers, or that it left; true: something
    /// happened.
    pub(crate) fn advance_request(&mut self, id: StreamId) -> bool {
        if self.client_leaves(id) {
            return true;
        }
        let Some(mut stream) = self.stream_mut(id) else { return false };
        if stream.request.complete || stream.response.complete {
            return false;
        }
        let Some(chunk) = stream.client_chunks.pop() else {
            stream.request.complete = true;
            stream.request.trailers = Some(HeaderMap::from_pairs(MapKind::Trailers, &stream.client_trailers));
            drop(stream);
            self.walk_trailers(id, Direction::Request, 0);
            return true;
        };
        let last = stream.client_chunks.is_empty() && stream.client_trailers.is_empty();
        stream.request.body_size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        stream.request.in_flight = chunk;
        stream.request.complete = last;
        drop(stream);
        self.walk_data(id, Direction::Request, 0, last);
        true
    }

    /// Nothing can resume the stream any more.
    pub(crate) fn give_up(&mut self, id: StreamId) {
        let paused = self.stream(id).and_then(|stream| {
            let stopped = |filter: &&crate::stream::Filter| {
                filter.request.iteration != Iteration::Continue || filter.response.iteration != Iteration::Continue
            };
            let filter = stream.filters.iter().position(|filter| stopped(&filter))?;
            Some((filter, stream.filters[filter].paused_in))
        });
        match paused {
            Some((filter, callback)) => self.diagnose_filter(id, filter, Some(callback), Problem::Stuck),
            None => self.diagnose_at(None, Problem::Stuck),
        }
        self.reset_stream(id);
    }
}
