//! Requests that wait for keys.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::filter::{Callout, Topic, Wait};
use sluicegate_common::time::Nanos;

/// How many may do something at once in a VM.
#[derive(Debug)]
pub struct Room {
    taken: Rc<Cell<u32>>,
    places: u32,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Place(Rc<Cell<u32>>);

impl Room {
    /// Room for so many.
    #[must_use]
    pub fn new(places: u32) -> Self {
        Self { taken: Rc::default(), places }
    }

    /// A place, if there is one left.
    #[must_use]
    pub fn enter(&self) -> Option<Place> {
        let taken = self.taken.get();
        if taken >= self.places {
            return None;
        }
        self.taken.set(taken.saturating_add(1));
        Some(Place(Rc::clone(&self.taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// What to do about a token whose key is not there.
#[derive(Debug)]
pub enum Want {
    /// There are other keys now: look again.
    Again,
    /// Wait, and keep this until the wait is over.
    Wait(Waiting),
    /// Refuse it.
    Refused(Refusal),
}

/// What to do about a request that waited.
#[derive(Debug)]
pub enum Woken {
    /// Keys were fetched: look again.
    Again,
    /// What it waits for is still to come: wait on.
    TooSoon,
    /// Kong's engine: ask for itself, and wait on.
    Ask(Callout),
    /// Refuse it.
    Refused(Refusal),
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No published key has this name, as far as may be known now: 401.
    UnknownKid,
    /// The keys cannot be had now: 503.
    Unavailable {
        /// When to come back.
        retry_after: Duration,
    },
}

/// A request that waits for keys. Dropped, it gives back its place, and the lease of a question that was not answered.
#[derive(Debug)]
pub struct Waiting {
    pub(super) source: usize,
    pub(super) topic: Topic,
    pub(super) until: Nanos,
    /// What was there when it began to wait.
    pub(super) had: Had,
    pub(super) question: Option<Question>,
    pub(super) _place: Place,
}

/// Keys as a request found them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    /// [`Current::generation`](super::Current::generation).
    pub generation: u64,
    /// Fetches that brought keys.
    pub succeeded: u64,
}

impl Waiting {
    /// What the driver is told.
    #[must_use]
    pub fn wait(&self) -> Wait {
        Wait::Background { topic: self.topic, until: self.until }
    }
}

/// A question that a request has asked for itself.
#[derive(Debug)]
pub struct Question {
    /// The lease it is asked under; none while there are no keys at all and another one asks, too.
    pub lease: Option<u64>,
    /// Where the lease goes when the request ends before the answer comes.
    pub orphan: Rc<Cell<Option<u64>>>,
    /// Its place among those that ask.
    pub _place: Place,
}

impl Drop for Question {
    fn drop(&mut self) {
        if self.lease.is_some() {
            self.orphan.set(self.lease);
        }
    }
}
