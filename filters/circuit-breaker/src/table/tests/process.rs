//! A proxy process, for tests.

use std::cell::Cell;
use std::num::NonZeroU32;

use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::store::SharedData;
use sluicegate_common::store::memory::{Dialect, MemoryShared};

pub(super) const BOTH: [Dialect; 2] = [Dialect::Envoy, Dialect::Kong];

/// What all workers share.
pub(super) struct Process {
    pub(super) shared: MemoryShared,
    /// How often shared data was read or written.
    pub(super) calls: Cell<u32>,
}

impl Process {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { shared: MemoryShared::new(dialect), calls: Cell::default() }
    }
}

impl SharedData for Process {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        self.calls.set(self.calls.get() + 1);
        self.shared.get(key)
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        self.calls.set(self.calls.get() + 1);
        self.shared.set(key, value, cas)
    }
}

impl Proxy for Process {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Err(Status::Unimplemented)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    fn random(&self, _: &mut [u8]) -> Result<(), Status> {
        Err(Status::Unimplemented)
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
