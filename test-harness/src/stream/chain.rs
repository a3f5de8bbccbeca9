//! The filter chain: headers, data and trailers walk from filter to filter, stop where a filter
//! pauses, and go on from there. A model of Envoy's `FilterManager` (filter_manager.cc).

use crate::diagnostic::Problem;
use crate::stream::filter::Flow;
use crate::stream::{Direction, Iteration, LocalReply, Stream, StreamId};
use crate::thread::Thread;

impl Stream {
    /// The filter at a position of a direction's path.
    pub fn filter_at(&self, direction: Direction, position: usize) -> usize {
        match direction {
            Direction::Response if self.profile.reverses_responses() => self.filters.len() - 1 - position,
            Direction::Request | Direction::Response => position,
        }
    }

    fn position_of(&self, direction: Direction, filter: usize) -> usize {
        self.filter_at(direction, filter)
    }

    /// Nothing more of this direction goes to filters.
    fn stopped(&self, direction: Direction) -> bool {
        match direction {
            Direction::Request => self.ended || self.response.complete || self.prepared_reply.is_some(),
            Direction::Response => self.ended || self.encoding_aborted,
        }
    }
}

impl Thread {
    /// Walks headers through the chain, beginning at `position`.
    pub(super) fn walk_headers(&mut self, id: StreamId, direction: Direction, position: usize, end_stream: bool) {
        for position in position..self.filter_count(id) {
            let Some(filter) = self.stream(id).map(|stream| stream.filter_at(direction, position)) else { return };
            self.with_progress(id, filter, direction, |progress| progress.end_stream = end_stream);
            let flow = self.on_headers(id, direction, filter, end_stream);
            if self.leave_filter(id, direction) {
                self.with_progress(id, filter, direction, |progress| progress.iteration = Iteration::StopSingle);
                return;
            }
            if flow != Flow::Continue {
                let iteration = if flow == Flow::StopHeaders { Iteration::StopSingle } else { Iteration::StopAll };
                self.with_progress(id, filter, direction, |progress| progress.iteration = iteration);
                return;
            }
            self.with_progress(id, filter, direction, |progress| progress.headers_continued = true);
        }
        match direction {
            Direction::Request => self.router_headers(id, end_stream),
            Direction::Response => self.client_headers(id, end_stream),
        }
    }

    /// Walks the data in flight through the chain, beginning at `position`.
    pub(super) fn walk_data(&mut self, id: StreamId, direction: Direction, position: usize, mut end_stream: bool) {
        let had_trailers = self.has_trailers(id, direction);
        let mut trailers_added = None;
        for position in position..self.filter_count(id) {
            let Some((filter, iteration, ended)) =
                self.stream(id).filter(|stream| !stream.stopped(direction)).map(|stream| {
                    let filter = stream.filter_at(direction, position);
                    let progress = stream.filters[filter].progress(direction);
                    (filter, progress.iteration, progress.end_stream)
                })
            else {
                return;
            };
            if iteration == Iteration::StopAll {
                self.hold_back(id, direction);
                return;
            }
            if ended {
                return;
            }
            let last = end_stream && !self.has_trailers(id, direction);
            self.with_progress(id, filter, direction, |progress| progress.end_stream = last);
            let flow = self.on_body(id, direction, filter, last);
            if self.leave_filter(id, direction) {
                return;
            }
            if !had_trailers && trailers_added.is_none() && self.has_trailers(id, direction) {
                end_stream = false;
                trailers_added = Some(position);
            }
            if !self.after_data(id, direction, filter, flow) {
                return self.walk_added_trailers(id, direction, trailers_added);
            }
        }
        match direction {
            Direction::Request => self.router_data(id, end_stream),
            Direction::Response => self.client_data(id, end_stream),
        }
        self.walk_added_trailers(id, direction, trailers_added);
    }

    /// Walks trailers through the chain, beginning at `position`.
    pub(super) fn walk_trailers(&mut self, id: StreamId, direction: Direction, position: usize) {
        for position in position..self.filter_count(id) {
            let Some((filter, iteration)) = self.stream(id).filter(|stream| !stream.stopped(direction)).map(|stream| {
                let filter = stream.filter_at(direction, position);
                (filter, stream.filters[filter].progress(direction).iteration)
            }) else {
                return;
            };
            if iteration == Iteration::StopAll {
                return;
            }
            let flow = self.on_trailers(id, direction, filter);
            self.with_progress(id, filter, direction, |progress| progress.end_stream = true);
            if self.leave_filter(id, direction) {
                return;
            }
            if flow != Flow::Continue {
                self.with_progress(id, filter, direction, |progress| {
                    if progress.iteration == Iteration::Continue {
                        progress.iteration = Iteration::StopSingle;
                    }
                });
                return;
            }
            if iteration == Iteration::StopSingle {
                self.resume(id, filter, direction);
                return;
            }
        }
        match direction {
            Direction::Request => self.router_trailers(id),
            Direction::Response => self.client_trailers(id),
        }
    }

    /// Resumes a filter whose guest asked for it in a callback. One that is not paused stays as it is.
    pub(crate) fn resume_paused(&mut self, id: StreamId, filter: usize, direction: Direction, callback: &'static str) {
        let paused = self
            .stream(id)
            .filter(|stream| !stream.stopped(direction))
            .map(|stream| stream.filters[filter].progress(direction).iteration != Iteration::Continue);
        match paused {
            None => {}
            Some(true) => self.resume(id, filter, direction),
            Some(false) => self.diagnose_filter(id, filter, Some(callback), Problem::NotPaused),
        }
    }

    /// Resumes a paused filter. What it held back goes on; headers-paused filters see it first.
    pub(crate) fn resume(&mut self, id: StreamId, filter: usize, direction: Direction) {
        let Some((position, progress, complete)) =
            self.stream(id).filter(|stream| !stream.stopped(direction)).map(|stream| {
                let progress = stream.filters[filter].progress(direction);
                let position = stream.position_of(direction, filter);
                (position, (progress.iteration, progress.headers_continued), stream.side(direction).complete)
            })
        else {
            return;
        };
        let (iteration, headers_continued) = progress;
        if iteration == Iteration::Continue {
            return;
        }
        let from = if iteration == Iteration::StopAll { position } else { position + 1 };
        self.with_progress(id, filter, direction, |progress| {
            progress.iteration = Iteration::Continue;
            progress.headers_continued = true;
        });
        let had_trailers = self.has_trailers(id, direction);
        if !headers_continued {
            let holds = self.stream(id).is_some_and(|stream| stream.side(direction).buffered.is_some());
            self.walk_headers(id, direction, position + 1, complete && !holds && !had_trailers);
        }
        let released = self.stream_mut(id).and_then(|mut stream| {
            let side = stream.side_mut(direction);
            side.buffered.take().map(|data| side.in_flight = data)
        });
        if released.is_some() {
            self.walk_data(id, direction, from, complete && !had_trailers);
        }
        if had_trailers {
            self.walk_trailers(id, direction, from);
        }
    }

    /// What becomes of the data after a body callback; true: it goes on to the next filter.
    fn after_data(&mut self, id: StreamId, direction: Direction, filter: usize, flow: Flow) -> bool {
        let was_stopped = self
            .stream(id)
            .is_some_and(|stream| stream.filters[filter].progress(direction).iteration == Iteration::StopSingle);
        if flow == Flow::Continue {
            if was_stopped {
                self.hold_back(id, direction);
                self.resume(id, filter, direction);
            }
            return !was_stopped;
        }
        self.with_progress(id, filter, direction, |progress| progress.iteration = Iteration::StopSingle);
        if flow == Flow::StopAndBuffer {
            self.hold_back(id, direction);
            self.check_buffer_limit(id, direction);
        } else if let Some(mut stream) = self.stream_mut(id) {
            let side = stream.side_mut(direction);
            side.in_flight.clear();
            // The end of the stream must still reach the others once this filter resumes.
            if side.complete && side.trailers.is_none() {
                side.buffered.get_or_insert_with(Vec::new);
            }
        }
        false
    }

    /// Moves the data in flight to what is held back.
    pub(super) fn hold_back(&mut self, id: StreamId, direction: Direction) {
        if let Some(mut stream) = self.stream_mut(id) {
            let side = stream.side_mut(direction);
            let data = std::mem::take(&mut side.in_flight);
            side.buffered.get_or_insert_with(Vec::new).extend(data);
        }
    }

    /// A body that a filter makes the proxy hold may not grow without bound; true: it has.
    pub(super) fn check_buffer_limit(&mut self, id: StreamId, direction: Direction) -> bool {
        let limit = self.world.borrow().limits.buffer_bytes;
        let held = self.stream(id).and_then(|stream| stream.side(direction).buffered.as_ref().map(Vec::len));
        if held.is_none_or(|held| held <= limit) {
            return false;
        }
        self.send_local_reply(
            id,
            match direction {
                Direction::Request => LocalReply::plain(413, "Payload Too Large", "request_payload_too_large"),
                Direction::Response => LocalReply::plain(500, "Internal Server Error", "response_payload_too_large"),
            },
        );
        true
    }

    /// After a callback: a local reply made in it is sent now, and the walk ends.
    fn leave_filter(&mut self, id: StreamId, direction: Direction) -> bool {
        let Some(reply) = self.stream_mut(id).map(|mut stream| stream.prepared_reply.take()) else { return true };
        match reply {
            Some(reply) => {
                self.reply_through_chain(id, reply);
                true
            }
            None => self.stream(id).is_none_or(|stream| stream.stopped(direction)),
        }
    }

    fn walk_added_trailers(&mut self, id: StreamId, direction: Direction, added_at: Option<usize>) {
        if let Some(position) = added_at {
            self.walk_trailers(id, direction, position + 1);
        }
    }

    fn has_trailers(&self, id: StreamId, direction: Direction) -> bool {
        self.stream(id).is_some_and(|stream| stream.side(direction).trailers.is_some())
    }
}
