//! A response's body that a filter takes, and what the client gets in its place.
//!
//! What comes is read and taken out of the host's buffer piece by piece, so that no host passes it on, or finds it too
//! large for its buffers. Behind the last piece stands what the filter made of the whole.
//!
//! Where that is a reply instead of the response, its status and headers are written if the head is still here: it has
//! waited, or there was nothing to wait for. A head that has gone cannot be taken back. Then Envoy breaks the response
//! off, as it does when an upstream dies; Kong's engine has no way to do that, and the reply's body follows the head.

use std::cell::Cell;

use sluicegate_common::body::{become_reply, forget};
use sluicegate_common::chain::{Chain, Walk as _};
use sluicegate_common::filter::{BodyError, Cx, TakeBody};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::reply::Rendered;

use crate::abi::Action;
use crate::hostcalls::{self, Host};
use crate::stream::{REQUEST, RESPONSE, Stream};

thread_local!(static TAKEN: Cell<u32> = const { Cell::new(0) });

/// Whether no stream's body is taken now: a callback for each piece of each response asks that first.
pub fn none_is_taken() -> bool {
    TAKEN.get() == 0
}

/// A body that a filter takes.
pub struct Taken {
    /// The position of the filter.
    at: usize,
    /// The most bytes of `so_far`.
    limit: usize,
    so_far: Vec<u8>,
    holds_head: bool,
    answer: Answer,
}

/// What the client gets.
enum Answer {
    /// The filter has yet to be asked.
    Awaited,
    /// This, in place of the next piece.
    Ready(Vec<u8>),
    /// It has it.
    Given,
    /// Nothing: the response is broken off.
    Broken,
}

impl Drop for Taken {
    fn drop(&mut self) {
        TAKEN.set(TAKEN.get().saturating_sub(1));
    }
}

impl Taken {
    fn new(at: usize) -> Self {
        TAKEN.set(TAKEN.get().saturating_add(1));
        Self { at, limit: 0, so_far: Vec::new(), holds_head: false, answer: Answer::Awaited }
    }

    /// One more piece of `size` bytes.
    fn read(&mut self, size: usize) -> Result<(), BodyError> {
        if self.so_far.len().saturating_add(size) > self.limit {
            return Err(BodyError::TooLarge);
        }
        self.so_far.extend(hostcalls::response_body(size).map_err(BodyError::Host)?);
        Ok(())
    }

    /// Puts what the client gets in place of a piece of `size` bytes.
    fn write(&mut self, size: usize) {
        let mut body = Vec::new();
        if let Answer::Ready(ready) = &mut self.answer {
            body = std::mem::take(ready);
            self.answer = Answer::Given;
        }
        if (size > 0 || !body.is_empty())
            && let Err(status) = hostcalls::replace_response_body(size, &body)
        {
            log::error!("a response's body: {status}");
            self.break_off();
        }
    }

    fn break_off(&mut self) {
        if let Err(status) = hostcalls::close_response() {
            log::error!("breaking a response off: {status}");
        }
        self.answer = Answer::Broken;
    }
}

impl<C: Chain> Stream<C> {
    /// What becomes of the response's head.
    pub fn after_head(&self) -> Action {
        if self.taken.as_ref().is_some_and(|taken| taken.holds_head) { Action::Pause } else { Action::Continue }
    }

    /// The filter at this position takes the body, while the head is here. `whole`: there is none.
    pub(crate) fn take_body(&mut self, at: usize, how: TakeBody, whole: bool) {
        forget(&mut ResponseHead::new(&RESPONSE, &mut self.scratch.response));
        let mut taken = Taken::new(at);
        match how {
            TakeBody::Whole { limit, hold_head } if !whole => {
                taken.limit = limit;
                taken.holds_head = hold_head && hostcalls::is_envoy();
            }
            TakeBody::Whole { .. } => taken.answer = self.answer_with_head(at, Ok(&[]), false),
            TakeBody::Unread => taken.answer = self.answer_with_head(at, Err(BodyError::Unread), !whole),
        }
        self.taken = Some(Box::new(taken));
    }

    /// A piece of the body is there, of `size` bytes. `last`: there are no more.
    pub fn body(&mut self, size: usize, last: bool) -> Action {
        let Some(mut taken) = self.taken.take() else { return Action::Continue };
        if matches!(taken.answer, Answer::Awaited) {
            let read = taken.read(size);
            if last || read.is_err() {
                self.settle_body(&mut taken, read);
            }
        }
        taken.write(size);
        // Envoy keeps its buffer for what is written behind the last piece: with trailers there is no other.
        let waits = match taken.answer {
            Answer::Awaited => hostcalls::is_envoy(),
            Answer::Broken => true,
            Answer::Ready(_) | Answer::Given => false,
        };
        self.taken = Some(taken);
        if waits { Action::Pause } else { Action::Continue }
    }

    /// All that will be read was read.
    fn settle_body(&mut self, taken: &mut Taken, read: Result<(), BodyError>) {
        self.now = hostcalls::now();
        let so_far = std::mem::take(&mut taken.so_far);
        let body = read.map(|()| so_far.as_slice());
        if taken.holds_head {
            // What was written since is not what was read.
            self.scratch.response.clear();
            taken.answer = self.answer_with_head(taken.at, body, true);
            self.scratch.response.edits.write(&RESPONSE);
            return;
        }
        match self.ask_of_body(taken.at, body) {
            Ok(body) => taken.answer = Answer::Ready(body),
            Err(_) if hostcalls::is_envoy() => taken.break_off(),
            Err(reply) => taken.answer = Answer::Ready(reply.body),
        }
    }

    /// What the client gets, while the head is here. `with_body`: one can follow it.
    fn answer_with_head(&mut self, at: usize, body: Result<&[u8], BodyError>, with_body: bool) -> Answer {
        match self.ask_of_body(at, body) {
            Ok(body) => Answer::Ready(body),
            Err(reply) => {
                become_reply(&reply, with_body, &mut ResponseHead::new(&RESPONSE, &mut self.scratch.response));
                Answer::Ready(reply.body)
            }
        }
    }

    fn ask_of_body(&mut self, at: usize, body: Result<&[u8], BodyError>) -> Result<Vec<u8>, Rendered> {
        let chain = self.chain.clone().unwrap_or_else(|| self.module.top());
        let head = RequestHead::new(&REQUEST, &mut self.scratch.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
        chain.filters().on_body(at, &mut self.scratch.filters, body, &head, &mut cx)
    }
}
