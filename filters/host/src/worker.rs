//! A worker of the driver's tests: a root context, its streams, and what a host tells them.

use std::collections::BTreeMap;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::Action;
use sluicegate_common::filter::Filter;
use sluicegate_common::single::Single;
use sluicegate_common::time::Nanos;

use crate::hostcalls::{ROOT, State, host};
use crate::http::Http;
use crate::root::Root;

/// A worker: its root context and its streams.
pub struct Worker<F: Filter> {
    pub root: Root<Single<F>>,
    pub streams: BTreeMap<u32, Http<Single<F>>>,
}

impl<F: Filter + 'static> Worker<F> {
    /// Before its first request.
    pub fn new(is_envoy: bool, config: &'static str) -> Self {
        host(|state| *state = State { is_envoy, config, contexts: vec![ROOT], answer: 200, ..State::default() });
        let mut root = Root::new(ROOT);
        assert!(root.on_configure(config.len()));
        Self { root, streams: BTreeMap::new() }
    }

    /// A request comes.
    pub fn open(&mut self, id: u32) -> Action {
        host(|state| state.contexts.push(id));
        self.streams.insert(id, self.root.http(id));
        host(|state| state.acting = id);
        self.streams.get_mut(&id).unwrap().on_http_request_headers(1, true)
    }

    /// The client is gone. A host that tells it late has removed the context first.
    pub fn close(&mut self, id: u32, told: bool) {
        host(|state| state.contexts.retain(|context| *context != id));
        host(|state| state.acting = id);
        if told {
            let mut stream = self.streams.remove(&id).unwrap();
            stream.on_log();
            stream.on_done();
        }
    }

    /// A tick of the root `after` the start.
    pub fn tick(&mut self, after: Duration) {
        host(|state| (state.now, state.acting) = (Nanos(0).plus(after), ROOT));
        self.root.on_tick();
    }

    /// The answer to a call-out that was sent while the stream was the active context.
    pub fn own_answer(&mut self, id: u32, token: u32) {
        host(|state| state.acting = id);
        self.streams.get_mut(&id).unwrap().on_http_call_response(token, 1, 0, 0);
    }

    /// The answer to a call-out that was sent while the root was the active context.
    pub fn answer(&mut self, token: u32, status: u16) {
        host(|state| (state.answer, state.acting) = (status, ROOT));
        self.root.on_http_call_response(token, 1, 0, 0);
    }

    /// The end of a gRPC call-out that was sent while the stream was the active context: a message, or a status.
    pub fn own_message(&mut self, id: u32, token: u32, end: Result<&'static str, u32>) {
        host(|state| (state.message, state.acting) = (end.unwrap_or_default(), id));
        let (status, size) = arguments(end);
        self.streams.get_mut(&id).unwrap().on_grpc_call_response(token, status, size);
    }

    /// The end of one that was sent while the root was the active context.
    pub fn message(&mut self, token: u32, end: Result<&'static str, u32>) {
        host(|state| (state.message, state.acting) = (end.unwrap_or_default(), ROOT));
        let (status, size) = arguments(end);
        self.root.on_grpc_call_response(token, status, size);
    }
}

/// As the SDK tells it.
fn arguments(end: Result<&'static str, u32>) -> (u32, usize) {
    end.map_or_else(|status| (status, 0), |message| (0, message.len()))
}

/// What was asked of the host since the last time.
pub fn calls() -> Vec<String> {
    host(|state| std::mem::take(&mut state.calls))
}
