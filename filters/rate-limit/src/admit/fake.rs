//! A proxy process, for tests.

use std::cell::Cell;
use std::num::NonZeroU32;

use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::store::memory::{Dialect, MemoryShared};
use sluicegate_common::store::{SharedData, StoreError};
use sluicegate_common::time::Nanos;

use crate::admit::{Admission, Demand};
use crate::lease::Leases;

pub(crate) const BOTH: [Dialect; 2] = [Dialect::Envoy, Dialect::Kong];

/// What a request comes to, in memory of its own.
pub(crate) fn admit(proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) -> Result<Admission, StoreError> {
    let mut admission = Admission::default();
    admission.decide(proxy, demands, now).map(|()| admission)
}

impl Leases {
    /// The same, where a batch may be drawn.
    pub(crate) fn admit(&self, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) -> Result<Admission, StoreError> {
        let mut admission = Admission::default();
        self.decide(&mut admission, proxy, demands, now).map(|()| admission)
    }
}

/// What all workers share.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) shared: MemoryShared,
    /// What the host's random generator gives.
    pub(crate) random: Cell<Result<u8, Status>>,
    /// How often shared data was read and written.
    pub(crate) calls: Cell<(u32, u32)>,
    /// Bytes of the longest value that was written.
    pub(crate) longest: Cell<usize>,
    /// What the host's clock says when it is asked again.
    pub(crate) clock: Cell<Option<Nanos>>,
    /// How many calls succeed before one fails.
    pub(crate) failing: Cell<Option<u32>>,
}

impl Process {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            shared: MemoryShared::new(dialect),
            random: Cell::new(Ok(7)),
            calls: Cell::default(),
            clock: Cell::default(),
            failing: Cell::default(),
            longest: Cell::default(),
        }
    }

    /// Lets so many accesses to shared data succeed, and the next fail.
    pub(crate) fn fail_after(&self, successes: u32) {
        self.failing.set(Some(successes));
    }

    fn fail(&self) -> Result<(), Status> {
        match self.failing.get() {
            Some(0) => {
                self.failing.set(None);
                Err(Status::InternalFailure)
            }
            left => {
                self.failing.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl SharedData for Process {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        let (gets, sets) = self.calls.get();
        self.calls.set((gets + 1, sets));
        self.fail()?;
        self.shared.get(key)
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        let (gets, sets) = self.calls.get();
        self.calls.set((gets, sets + 1));
        self.fail()?;
        self.longest.set(self.longest.get().max(value.len()));
        self.shared.set(key, value, cas)
    }
}

impl Proxy for Process {
    fn now(&self) -> Option<Nanos> {
        self.clock.get()
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.random.get().map(|random| bytes.fill(random))
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}
