//! Shared data in memory, for tests of rules: both hosts' semantics, and their failures on demand.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;

use super::SharedData;
use super::digest::crc32;
use crate::proxy::Status;

/// Whose semantics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Writing against 0 is unconditional, a missing key accepts any version, versions are unique
    /// in the process, nothing is ever freed.
    Envoy,
    /// Writing against 0 creates and nothing else, a missing key refuses any other version, each
    /// entry counts its own versions from 1, keys with equal CRC-32 are one.
    Kong,
}

/// What the next `get` does instead of its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetFault {
    /// Answers the half of one value and the half of another, with the version of the first.
    Torn,
    /// Answers this status.
    Fails(Status),
}

/// What the next `set` does instead of its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetFault {
    /// Refuses with [`Status::CasMismatch`].
    Mismatch,
    /// Loses the entry first, as if its zone had been full.
    Evicted,
    /// Answers this status.
    Fails(Status),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum EntryId {
    Key(String),
    Crc(u32),
}

#[derive(Debug, Clone)]
struct Entry {
    value: Vec<u8>,
    version: u32,
}

/// Shared data in memory. Workers are as many references to it.
#[derive(Debug, Clone)]
pub struct MemoryShared {
    dialect: Dialect,
    entries: RefCell<BTreeMap<EntryId, Entry>>,
    writes: Cell<u32>,
    get_faults: RefCell<VecDeque<GetFault>>,
    set_faults: RefCell<VecDeque<SetFault>>,
}

impl MemoryShared {
    /// An empty one that behaves like `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            entries: RefCell::default(),
            writes: Cell::new(0),
            get_faults: RefCell::default(),
            set_faults: RefCell::default(),
        }
    }

    /// Queues a fault for the next `get`.
    pub fn fail_get(&self, fault: GetFault) {
        self.get_faults.borrow_mut().push_back(fault);
    }

    /// Queues a fault for the next `set`.
    pub fn fail_set(&self, fault: SetFault) {
        self.set_faults.borrow_mut().push_back(fault);
    }

    /// Forgets the entry, as Kong's engine does when its zone is full.
    pub fn evict(&self, key: &str) {
        let id = self.id(key);
        self.entries.borrow_mut().remove(&id);
    }

    /// How many writes were accepted so far.
    #[must_use]
    pub fn writes(&self) -> u32 {
        self.writes.get()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn id(&self, key: &str) -> EntryId {
        match self.dialect {
            Dialect::Envoy => EntryId::Key(key.to_owned()),
            Dialect::Kong => EntryId::Crc(crc32(key)),
        }
    }

    fn accepts(&self, present: Option<u32>, cas: u32) -> bool {
        match (self.dialect, present) {
            (Dialect::Envoy, None) => true,
            (Dialect::Envoy, Some(version)) => cas == 0 || cas == version,
            (Dialect::Kong, None) => cas == 0,
            (Dialect::Kong, Some(version)) => cas == version,
        }
    }

    fn version_after(&self, present: Option<u32>) -> u32 {
        match self.dialect {
            Dialect::Envoy => self.writes.get(),
            Dialect::Kong => present.unwrap_or(0).saturating_add(1),
        }
    }
}

/// The first half of `value` and something else behind it.
fn torn(mut value: Vec<u8>) -> Vec<u8> {
    let half = value.len() / 2;
    for byte in value.iter_mut().skip(half) {
        *byte = !*byte;
    }
    value
}

impl SharedData for MemoryShared {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        let fault = self.get_faults.borrow_mut().pop_front();
        if let Some(GetFault::Fails(status)) = fault {
            return Err(status);
        }
        let Some(entry) = self.entries.borrow().get(&self.id(key)).cloned() else {
            return Ok(None);
        };
        let value = match fault {
            Some(GetFault::Torn) => torn(entry.value),
            _ => entry.value,
        };
        Ok(Some((value, NonZeroU32::new(entry.version))))
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        match self.set_faults.borrow_mut().pop_front() {
            Some(SetFault::Mismatch) => return Err(Status::CasMismatch),
            Some(SetFault::Fails(status)) => return Err(status),
            Some(SetFault::Evicted) => self.evict(key),
            None => {}
        }
        let id = self.id(key);
        let present = self.entries.borrow().get(&id).map(|entry| entry.version);
        if !self.accepts(present, cas.unwrap_or(0)) {
            return Err(Status::CasMismatch);
        }
        self.writes.set(self.writes.get().saturating_add(1));
        let version = self.version_after(present);
        self.entries.borrow_mut().insert(id, Entry { value: value.to_vec(), version });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
