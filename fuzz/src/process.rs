//! A proxy process: shared data, and the properties of one request.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::store::memory::Dialect;
use sluicegate_common::store::{MemoryShared, SharedData};

/// What the random generator fills seeds with.
pub const RANDOM: u8 = 7;

/// A process, as a filter's worker sees it.
#[derive(Debug)]
pub struct Process {
    shared: MemoryShared,
    /// Every key that was ever written.
    keys: RefCell<BTreeSet<String>>,
    /// By their paths, joined by dots.
    properties: BTreeMap<String, Vec<u8>>,
}

impl Process {
    /// One with nothing in shared data.
    #[must_use]
    pub fn new(properties: BTreeMap<String, Vec<u8>>) -> Self {
        Self { shared: MemoryShared::new(Dialect::Envoy), keys: RefCell::default(), properties }
    }

    /// The keys of shared data, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.keys.borrow().iter().cloned().collect()
    }

    /// How often shared data was written.
    #[must_use]
    pub fn writes(&self) -> u32 {
        self.shared.writes()
    }
}

impl SharedData for Process {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        self.shared.get(key)
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        self.keys.borrow_mut().insert(key.to_owned());
        self.shared.set(key, value, cas)
    }
}

impl Proxy for Process {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.properties.get(&path.join(".")).cloned())
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        bytes.fill(RANDOM);
        Ok(())
    }

    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Err(Status::Unimplemented)
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}
