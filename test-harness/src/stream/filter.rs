//! One filter's callbacks: what opens for the guest before, what its answer means after.

use crate::host::Call;
use crate::stream::{BodyAccess, Direction, StreamId};
use crate::thread::Thread;

/// What the chain does after a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    /// The headers wait, and the body comes.
    StopHeaders,
    Stop,
    StopAndBuffer,
}

/// What became of a callback.
enum Invoked {
    /// The module does not export it.
    Absent,
    /// The VM is dead; the stream was failed.
    Failed,
    /// The guest's action, unless a local reply overrules it.
    Action(u32),
    Replied,
}

impl Thread {
    pub(super) fn on_headers(&mut self, id: StreamId, direction: Direction, filter: usize, end_stream: bool) -> Flow {
        match direction {
            Direction::Request => {
                if self.filter_is_bypassed(id, filter) {
                    return Flow::Continue;
                }
                self.create_context(id, filter);
            }
            Direction::Response if !self.filter_takes_part(id, direction, filter) => return Flow::Continue,
            Direction::Response => {}
        }
        let count = self.stream(id).and_then(|s| s.side(direction).headers.as_ref().map(|map| map.len())).unwrap_or(0);
        self.with_progress(id, filter, direction, |progress| progress.headers_open = true);
        let callback = match direction {
            Direction::Request => "proxy_on_request_headers",
            Direction::Response => "proxy_on_response_headers",
        };
        let told = end_stream && self.profile.tells_end_of_stream();
        let invoked = self.invoke(id, direction, filter, callback, &[number(count), told.into()]);
        let flow = match invoked {
            // 2 is the retired "continue and end stream".
            Invoked::Absent | Invoked::Action(0 | 2) => Flow::Continue,
            Invoked::Action(1) if self.pauses_heads_alone(filter) => Flow::StopHeaders,
            Invoked::Failed | Invoked::Replied | Invoked::Action(_) => Flow::Stop,
        };
        if flow == Flow::Continue {
            self.with_progress(id, filter, direction, |progress| progress.headers_open = false);
        }
        flow
    }

    pub(super) fn on_body(&mut self, id: StreamId, direction: Direction, filter: usize, end_stream: bool) -> Flow {
        if !self.filter_takes_part(id, direction, filter) {
            return Flow::Continue;
        }
        let access = self.stream(id).map_or(BodyAccess::Closed, |s| s.filters[filter].progress(direction).body);
        let buffering = access == BodyAccess::Buffered;
        if buffering {
            // A filter that buffers sees everything so far; a response that has grown too long it
            // does not see again.
            self.hold_back(id, direction);
            if direction == Direction::Response && self.check_buffer_limit(id, direction) {
                return Flow::Stop;
            }
        } else {
            self.with_progress(id, filter, direction, |progress| progress.body = BodyAccess::InFlight);
        }
        let size =
            self.stream_mut(id).and_then(|mut s| s.body_mut(filter, direction).map(|body| body.len())).unwrap_or(0);
        let callback = match direction {
            Direction::Request => "proxy_on_request_body",
            Direction::Response => "proxy_on_response_body",
        };
        let (flow, access) = match self.invoke(id, direction, filter, callback, &[number(size), end_stream.into()]) {
            Invoked::Absent | Invoked::Action(0) => (Flow::Continue, BodyAccess::Closed),
            Invoked::Action(1 | 2) => (Flow::StopAndBuffer, BodyAccess::Buffered),
            Invoked::Failed | Invoked::Replied | Invoked::Action(_) => (Flow::Stop, BodyAccess::InFlight),
        };
        self.with_progress(id, filter, direction, |progress| progress.body = access);
        if buffering && direction == Direction::Request && self.check_buffer_limit(id, direction) {
            return Flow::Stop;
        }
        flow
    }

    pub(super) fn on_trailers(&mut self, id: StreamId, direction: Direction, filter: usize) -> Flow {
        if !self.profile.shows_trailers() || !self.filter_takes_part(id, direction, filter) {
            return Flow::Continue;
        }
        let count = self.stream(id).and_then(|s| s.side(direction).trailers.as_ref().map(|map| map.len())).unwrap_or(0);
        self.with_progress(id, filter, direction, |progress| progress.trailers_open = true);
        let callback = match direction {
            Direction::Request => "proxy_on_request_trailers",
            Direction::Response => "proxy_on_response_trailers",
        };
        match self.invoke(id, direction, filter, callback, &[number(count)]) {
            Invoked::Absent | Invoked::Action(0) => {
                self.with_progress(id, filter, direction, |progress| progress.trailers_open = false);
                Flow::Continue
            }
            Invoked::Failed | Invoked::Replied | Invoked::Action(_) => Flow::Stop,
        }
    }

    /// Creates the HTTP context in the guest, once.
    pub(super) fn create_context(&mut self, id: StreamId, filter: usize) {
        let Some((vm, context)) =
            self.stream(id).and_then(|s| s.filters[filter].instance.filter(|_| !s.filters[filter].created))
        else {
            return;
        };
        if let Some(mut stream) = self.stream_mut(id) {
            stream.filters[filter].created = true;
        }
        let root = self.root_of(vm, context);
        self.call(vm, context, "proxy_on_context_create", &[root]);
    }

    /// A filter without a context in the guest takes no part; nor does one whose failure has been
    /// answered take part in that answer.
    fn filter_takes_part(&self, id: StreamId, direction: Direction, filter: usize) -> bool {
        self.stream(id).is_some_and(|stream| {
            let state = &stream.filters[filter];
            state.created && !stream.filters_ended && (direction == Direction::Request || !state.failed_reply)
        })
    }

    fn pauses_heads_alone(&self, filter: usize) -> bool {
        self.world.borrow().plugins.get(filter).is_some_and(|plugin| plugin.pauses_heads_alone)
    }

    fn filter_is_bypassed(&self, id: StreamId, filter: usize) -> bool {
        self.stream(id).is_none_or(|stream| stream.filters[filter].bypassed)
    }

    fn invoke(
        &mut self,
        id: StreamId,
        direction: Direction,
        filter: usize,
        callback: &'static str,
        arguments: &[u32],
    ) -> Invoked {
        let instance = self.stream(id).and_then(|stream| stream.filters[filter].instance);
        let before = self.stream_mut(id).and_then(|mut stream| stream.calling.replace(direction));
        let invoked = match instance {
            None => Invoked::Failed,
            Some((vm, context)) => match self.enter(vm, context, callback, arguments) {
                Call::Returned(_) if self.iteration_stopped(vm) => Invoked::Replied,
                Call::Returned(action) => Invoked::Action(action.unwrap_or(0)),
                Call::Skipped if !self.vm_failed(vm) => Invoked::Absent,
                Call::Skipped | Call::Trapped(_) => Invoked::Failed,
            },
        };
        if let Invoked::Failed = invoked {
            self.fail_stream(id, filter);
        }
        if let Some((vm, _)) = instance {
            self.run_actions(vm);
        }
        if let Some(mut stream) = self.stream_mut(id) {
            stream.calling = before;
            if !matches!(invoked, Invoked::Absent | Invoked::Action(0)) {
                stream.filters[filter].paused_in = callback;
            }
        }
        invoked
    }

    /// A filter whose call-out's callback trapped takes no part in what follows, and is not answered for.
    pub(crate) fn leave_out(&mut self, id: StreamId, filter: usize) {
        if let Some(mut stream) = self.stream_mut(id) {
            stream.filters[filter].failed_reply = true;
        }
    }

    /// Answers for a dead VM, once per filter and stream.
    fn fail_stream(&mut self, id: StreamId, filter: usize) {
        let first = self
            .stream_mut(id)
            .is_some_and(|mut stream| !std::mem::replace(&mut stream.filters[filter].failed_reply, true));
        if let Some(mut stream) = self.stream_mut(id) {
            stream.filters_ended = self.profile.ends_filters_with_a_trap();
        }
        if first {
            self.send_local_reply(id, self.profile.trap_reply());
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
