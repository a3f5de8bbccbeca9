//! A worker of the driver's tests: a dispatcher, and a host that tells it things.

use std::time::Duration;

use sluicegate_common::filter::Filter;
use sluicegate_common::single::Single;
use sluicegate_common::time::Nanos;

use crate::abi::Action;
use crate::answers::Ended;
use crate::dispatcher::{Callbacks as _, Dispatcher};
use crate::hostcalls::{ROOT, State, host};

/// A worker with one root context.
pub struct Worker<F: Filter>(pub Dispatcher<Single<F>>);

impl<F: Filter + 'static> Worker<F> {
    /// Before its first request.
    pub fn new(is_envoy: bool, config: &'static str) -> Self {
        host(|state| *state = State { is_envoy, config, contexts: vec![ROOT], answer: 200, ..State::default() });
        let mut worker = Self(Dispatcher::default());
        worker.configure(ROOT, config);
        worker
    }

    /// A root context comes, with its configuration.
    pub fn configure(&mut self, root: u32, config: &'static str) {
        host(|state| (state.config, state.acting) = (config, root));
        self.0.create(root, 0);
        assert!(self.0.configure(root, config.len()));
    }

    /// A request comes to the first root context.
    pub fn open(&mut self, id: u32) -> Action {
        self.open_at(ROOT, id)
    }

    /// A request comes.
    pub fn open_at(&mut self, root: u32, id: u32) -> Action {
        self.create(root, id);
        self.0.request(id, true)
    }

    /// A stream comes of which nothing else is told.
    pub fn create(&mut self, root: u32, id: u32) {
        host(|state| (state.contexts.push(id), state.acting = id));
        self.0.create(id, root);
    }

    /// How many streams are kept, and how many of their call-outs.
    pub fn streams(&self) -> (usize, usize) {
        self.0.streams()
    }

    /// The root contexts that are kept.
    pub fn roots(&self) -> Vec<u32> {
        self.0.roots()
    }

    /// The response comes.
    pub fn respond(&mut self, id: u32) {
        self.respond_with(id, true);
    }

    /// The response comes. `whole`: without a body.
    pub fn respond_with(&mut self, id: u32, whole: bool) -> Action {
        host(|state| state.acting = id);
        self.0.response(id, whole)
    }

    /// A piece of its body comes.
    pub fn piece(&mut self, id: u32, piece: &'static str, last: bool) -> Action {
        host(|state| (state.body, state.acting) = (piece, id));
        self.0.body(id, piece.len(), last)
    }

    /// The client is gone. A host that tells it late has removed the context first.
    pub fn close(&mut self, id: u32, told: bool) {
        host(|state| state.contexts.retain(|context| *context != id));
        host(|state| state.acting = id);
        if told {
            self.0.end(id);
        }
    }

    /// A tick of the first root `after` the start.
    pub fn tick(&mut self, after: Duration) {
        host(|state| (state.now, state.acting) = (Nanos(0).plus(after), ROOT));
        self.0.tick(ROOT);
    }

    /// The answer to an HTTP call-out.
    pub fn answer(&mut self, token: u32, status: u16) {
        host(|state| (state.answer, state.acting) = (status, ROOT));
        self.0.answered(ROOT, token, Ended::Http { headers: 1, body: 0 });
    }

    /// The end of a gRPC call-out: a message, or a status.
    pub fn message(&mut self, token: u32, end: Result<&'static str, u32>) {
        host(|state| (state.message, state.acting) = (end.unwrap_or_default(), ROOT));
        let ended = end.map_or_else(|status| Ended::Grpc { status }, |message| Ended::Message { size: message.len() });
        self.0.answered(ROOT, token, ended);
    }
}

/// What was asked of the host since the last time.
pub fn calls() -> Vec<String> {
    host(|state| std::mem::take(&mut state.calls))
}
