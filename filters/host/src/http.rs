//! The HTTP context: hands the host's callbacks to the stream's driver.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, MapType};
use sluicegate_common::chain::Chain;
use sluicegate_common::filter::{Answer, CalloutError};
use sluicegate_common::head::{HeaderMap, HeaderSource};
use sluicegate_common::module::Module;
use sluicegate_common::proxy::Status;

use crate::hostcalls::{self, Map};
use crate::park::{Parked, SharedStream};
use crate::root::Streams;
use crate::stream::{Stream, Turn};

/// The SDK's HTTP context. Without a module (its configuration was refused) requests pass untouched, as the host
/// decided when it went on without one.
pub struct Http<C: Chain> {
    id: u32,
    stream: Option<SharedStream<C>>,
    streams: Rc<RefCell<Streams<C>>>,
}

impl<C: Chain> Http<C> {
    pub fn new(id: u32, module: Option<Rc<Module<C>>>, streams: Rc<RefCell<Streams<C>>>) -> Self {
        let stream = module.map(|module| Rc::new(RefCell::new(Stream::new(module))));
        Self { id, stream, streams }
    }

    /// Acts on the stream; the borrow ends before the host is called to resume it.
    fn with<T>(&self, act: impl FnOnce(&mut Stream<C>) -> T) -> Option<T> {
        Some(act(&mut *self.stream.as_ref()?.try_borrow_mut().ok()?))
    }

    fn answered(&self, token: u32, outcome: Result<Answer, CalloutError>) {
        let turn = self.with(|stream| stream.answered(token, outcome)).flatten();
        if let (Some(turn), Some(stream)) = (turn, &self.stream) {
            resume(turn, self.id, stream, &self.streams);
        }
    }

    fn end(&self) {
        self.with(Stream::end);
        if let Ok(mut streams) = self.streams.try_borrow_mut() {
            streams.forget(self.id);
        }
    }
}

impl<C: Chain> Context for Http<C> {
    fn on_http_call_response(&mut self, token: u32, num_headers: usize, body_size: usize, _num_trailers: usize) {
        self.answered(token, read_answer(num_headers, body_size));
    }

    fn on_grpc_call_response(&mut self, token: u32, status: u32, size: usize) {
        self.answered(token, read_message(status, size));
    }

    fn on_done(&mut self) -> bool {
        self.end();
        true
    }
}

impl<C: Chain> HttpContext for Http<C> {
    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let turn = self.with(|stream| stream.start(end_of_stream));
        let (Some(turn), Some(stream)) = (turn, &self.stream) else { return Action::Continue };
        match turn {
            Turn::Passed => Action::Continue,
            Turn::Answered | Turn::Waits => Action::Pause,
            Turn::Parks { .. } => {
                resume(turn, self.id, stream, &self.streams);
                Action::Pause
            }
        }
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        self.with(Stream::response);
        Action::Continue
    }

    fn on_log(&mut self) {
        self.end();
    }
}

/// The one place where a stream goes on, or to rest, after it was paused.
pub fn resume<C: Chain>(turn: Turn, context: u32, stream: &SharedStream<C>, streams: &RefCell<Streams<C>>) {
    // What it waited for before wakes it no more.
    if let Ok(mut streams) = streams.try_borrow_mut() {
        streams.parked.forget(context);
    }
    match turn {
        Turn::Passed => {
            if let Err(status) = hostcalls::continue_request() {
                log::error!("{}: resuming a request: {status}", C::NAME);
            }
        }
        Turn::Parks { at, topic, until } => {
            if let Ok(mut streams) = streams.try_borrow_mut() {
                streams.parked.add(Parked { context, stream: Rc::clone(stream), at, topic, until });
            }
        }
        Turn::Answered | Turn::Waits => {}
    }
}

/// The answer to the HTTP call-out that the host reports. A failed one has no headers, and reading them is an error.
pub fn read_answer(num_headers: usize, body_size: usize) -> Result<Answer, CalloutError> {
    if num_headers == 0 {
        return Err(CalloutError::Failed);
    }
    let read = || {
        let headers = Map(MapType::HttpCallResponseHeaders).all()?;
        Ok((headers, hostcalls::callout_body(body_size)?))
    };
    let (headers, body) = read().map_err(unreadable)?;
    let status = headers.first(b":status").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    Ok(Answer { status: status.ok_or(CalloutError::Failed)?, headers, body })
}

/// The answer to the gRPC call-out that the host reports. The SDK says 0 for every message.
pub fn read_message(status: u32, size: usize) -> Result<Answer, CalloutError> {
    if status != 0 {
        return Err(CalloutError::Grpc(status));
    }
    let body = hostcalls::callout_message(size).map_err(unreadable)?;
    Ok(Answer { status: 200, headers: HeaderMap::default(), body })
}

fn unreadable(status: Status) -> CalloutError {
    log::warn!("reading a call-out's answer: {status}");
    CalloutError::Failed
}
