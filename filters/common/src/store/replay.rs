//! Workers that use shared data at once, for tests of rules: each is played again from its start against what the host
//! has answered so far, and stopped at its next call, so that a test can walk through every order of these calls.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::slice;

use super::{MemoryShared, SharedData};
use crate::proxy::{Proxy, Status};

/// A call of the host for shared data.
#[derive(Debug, Clone)]
pub enum Call {
    /// [`SharedData::get`]
    Get(String),
    /// [`SharedData::set`]
    Set(String, Vec<u8>, Option<u32>),
}

/// What the host answered to a [`Call`].
#[derive(Debug, Clone)]
#[allow(clippy::type_complexity, reason = "the host call's two answers")]
pub enum Answer {
    /// To [`Call::Get`].
    Got(Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status>),
    /// To [`Call::Set`].
    Wrote(Result<(), Status>),
}

impl Call {
    /// Does it.
    #[must_use]
    pub fn perform(self, shared: &MemoryShared) -> Answer {
        match self {
            Self::Get(key) => Answer::Got(shared.get(&key)),
            Self::Set(key, value, cas) => Answer::Wrote(shared.set(&key, &value, cas)),
        }
    }
}

/// What `work` comes to, a pure function of the answers that it gets.
///
/// # Errors
/// The call for which there is no answer yet.
pub fn replay<T>(answers: &[Answer], work: impl FnOnce(&dyn Proxy) -> T) -> Result<T, Call> {
    let host = Replay { answers: RefCell::new(answers.iter()), next: RefCell::default() };
    let done = work(&host);
    host.next.into_inner().map_or(Ok(done), Err)
}

/// Repeats the answers, then refuses every call.
struct Replay<'a> {
    answers: RefCell<slice::Iter<'a, Answer>>,
    next: RefCell<Option<Call>>,
}

impl Replay<'_> {
    fn answer(&self, call: impl FnOnce() -> Call) -> Option<Answer> {
        let answer = self.answers.borrow_mut().next().cloned();
        if answer.is_none() {
            self.next.borrow_mut().get_or_insert_with(call);
        }
        answer
    }
}

impl SharedData for Replay<'_> {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        match self.answer(|| Call::Get(key.to_owned())) {
            Some(Answer::Got(entry)) => entry,
            _ => Err(Status::InternalFailure),
        }
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        match self.answer(|| Call::Set(key.to_owned(), value.to_vec(), cas)) {
            Some(Answer::Wrote(result)) => result,
            _ => Err(Status::InternalFailure),
        }
    }
}

impl Proxy for Replay<'_> {
    fn shared(&self) -> &dyn SharedData {
        self
    }
}
