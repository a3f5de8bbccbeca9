//! The keys that a VM holds.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::head::{Digest, Head};
use crate::jose::KeySet;

/// Keys that serve.
#[derive(Debug, Clone)]
pub struct Current {
    /// The keys.
    pub keys: Rc<KeySet>,
    /// Another number for other keys; never 0, and valid in this VM alone.
    pub generation: u64,
}

/// The document that was fetched last, as far as this VM knows, while it serves.
#[derive(Debug)]
pub struct Held {
    stale_ttl: Duration,
    document: RefCell<Option<Document>>,
    generation: Cell<u64>,
}

#[derive(Debug)]
struct Document {
    digest: Digest,
    fetched_at: Nanos,
    keys: Rc<KeySet>,
}

impl Held {
    /// None yet. None serves longer than `stale_ttl`.
    #[must_use]
    pub fn new(stale_ttl: Duration) -> Self {
        Self { stale_ttl, document: RefCell::default(), generation: Cell::new(0) }
    }

    /// The keys, if there are any that serve.
    #[must_use]
    pub fn current(&self, now: Nanos) -> Option<Current> {
        let document = self.document.borrow();
        let document = document.as_ref().filter(|document| self.serves(document.fetched_at, now))?;
        Some(Current { keys: Rc::clone(&document.keys), generation: self.generation.get() })
    }

    /// Whether what was fetched then serves.
    #[must_use]
    pub fn serves(&self, fetched_at: Nanos, now: Nanos) -> bool {
        now < self.until(fetched_at)
    }

    fn until(&self, fetched_at: Nanos) -> Nanos {
        fetched_at.plus(self.stale_ttl)
    }

    /// How long the keys serve still.
    #[must_use]
    pub fn left(&self, now: Nanos) -> Option<Duration> {
        let document = self.document.borrow();
        let left = document.as_ref().map(|document| self.until(document.fetched_at).since(now));
        left.filter(|left| *left > Duration::ZERO)
    }

    /// How often there were other keys.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.get()
    }

    /// Whether this is the document.
    #[must_use]
    pub fn is(&self, digest: Digest) -> bool {
        self.document.borrow().as_ref().is_some_and(|document| document.digest == digest)
    }

    /// The keys of this document.
    #[must_use]
    pub fn keys_of(&self, digest: Digest) -> Option<Rc<KeySet>> {
        let document = self.document.borrow();
        document.as_ref().filter(|document| document.digest == digest).map(|document| Rc::clone(&document.keys))
    }

    /// Takes the age over from the record. What serves no more is dropped.
    pub fn age(&self, head: &Head, now: Nanos) {
        let mut held = self.document.borrow_mut();
        let Some(document) = held.as_mut() else { return };
        let same = document.digest == head.document;
        document.fetched_at = if same { head.fetched_at } else { document.fetched_at.min(now) };
        if !self.serves(document.fetched_at, now) {
            *held = None;
        }
    }

    /// Takes a document. `true`: these are other keys.
    pub fn hold(&self, digest: Digest, keys: KeySet, fetched_at: Nanos) -> bool {
        let mut held = self.document.borrow_mut();
        if let Some(document) = held.as_mut().filter(|document| document.digest == digest) {
            document.fetched_at = fetched_at;
            return false;
        }
        *held = Some(Document { digest, fetched_at, keys: Rc::new(keys) });
        self.generation.set(self.generation.get().saturating_add(1));
        true
    }
}
