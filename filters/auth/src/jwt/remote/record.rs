//! The two entries of one set of published keys in shared data: the record, and the document.
//!
//! The record is small and read on every tick; the document only when the record names another one. The document is
//! written first, and the record holds its digest: who finds the two apart has come in between, or an entry was evicted.

use std::cell::Cell;

use sluicegate_common::store::{SharedData, SharedStore as _, State, StoreError, digest};
use sluicegate_common::time::Nanos;

use super::config::Source;
use super::head::{Digest, Head};

/// Public and fixed: all VMs must find the same entry, and name a document alike.
const SEED: [u8; 16] = *b"sluicegate/jwks.";

/// The document's name.
#[must_use]
pub fn digest_of(document: &[u8]) -> Digest {
    digest(&SEED, &[document])
}

/// The entries, and the record as this VM saw it last.
#[derive(Debug)]
pub struct Record {
    head_key: String,
    document_key: String,
    seen: Cell<Head>,
}

impl Record {
    /// Touches nothing.
    #[must_use]
    pub fn new(source: &Source) -> Self {
        let id = u128::from_le_bytes(digest(&SEED, &source.identity()));
        Self {
            head_key: format!("sg:jwks:{id:032x}:head"),
            document_key: format!("sg:jwks:{id:032x}:document"),
            seen: Cell::default(),
        }
    }

    /// The names of the record and of the document.
    #[cfg(test)]
    pub fn keys(&self) -> [&str; 2] {
        [&self.head_key, &self.document_key]
    }

    /// The record as it was seen last.
    #[must_use]
    pub fn seen(&self) -> Head {
        self.seen.get()
    }

    /// Reads the record. One that is not there (evicted, or a host without shared data) is as this VM saw it last.
    pub fn look(&self, now: Nanos, shared: &dyn SharedData) -> Head {
        let read = shared.read(&self.head_key).map_err(|error| log::debug!("{}: {error}", self.head_key));
        let head = self.decode(read.as_ref().ok().and_then(State::get));
        if head.rebased(now) == head {
            self.seen.set(head);
        } else {
            self.change(now, shared, |_| ());
        }
        self.seen()
    }

    /// Changes the record, and answers what `change` did. A host that keeps nothing leaves every VM to itself. `None`:
    /// not now, others are faster.
    pub fn change<T>(&self, now: Nanos, shared: &dyn SharedData, change: impl Fn(&mut Head) -> T) -> Option<T> {
        let decide = |state: &mut State| {
            let mut head = self.decode(state.get()).rebased(now);
            let verdict = change(&mut head);
            state.set(&head.encode());
            (head, verdict)
        };
        let (head, verdict) = match shared.update(&self.head_key, decide) {
            Ok(done) => done,
            Err(StoreError::Contention) => return None,
            Err(error) => {
                log::debug!("{}: {error}", self.head_key);
                let mut head = self.seen().rebased(now);
                let verdict = change(&mut head);
                (head, verdict)
            }
        };
        self.seen.set(head);
        Some(verdict)
    }

    fn decode(&self, state: Option<&[u8]>) -> Head {
        state.and_then(Head::decode).unwrap_or(self.seen())
    }

    /// The document that the record names, if it is there.
    #[must_use]
    pub fn document(&self, shared: &dyn SharedData) -> Option<State> {
        let state = shared.read(&self.document_key).map_err(|error| log::debug!("{}: {error}", self.document_key));
        state.ok().filter(|state| state.get().is_some_and(|document| digest_of(document) == self.seen().document))
    }

    /// Writes the document. Where that fails, other VMs fetch it for themselves.
    pub fn publish(&self, document: &[u8], shared: &dyn SharedData) {
        if let Err(error) = shared.update(&self.document_key, |state| state.set(document)) {
            log::debug!("{}: {error}", self.document_key);
        }
    }
}
