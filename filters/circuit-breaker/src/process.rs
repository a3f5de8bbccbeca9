//! A proxy process, for tests.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::store::SharedData;
use sluicegate_common::store::memory::{Dialect, MemoryShared};

pub(crate) const BOTH: [Dialect; 2] = [Dialect::Envoy, Dialect::Kong];

/// What all workers share.
pub(crate) struct Process {
    dialect: Dialect,
    pub(crate) shared: MemoryShared,
    /// How often shared data was read or written.
    pub(crate) calls: Cell<u32>,
    /// Counters and gauges, in the order of their ids.
    metrics: RefCell<Vec<(String, u64)>>,
}

impl Process {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self::with_shared(dialect, MemoryShared::new(dialect))
    }

    pub(crate) fn with_shared(dialect: Dialect, shared: MemoryShared) -> Self {
        Self { dialect, shared, calls: Cell::default(), metrics: RefCell::default() }
    }

    fn define(&self, name: &str) -> u32 {
        let mut metrics = self.metrics.borrow_mut();
        let id = metrics.iter().position(|(known, _)| known == name).unwrap_or(metrics.len());
        if id == metrics.len() {
            metrics.push((name.to_owned(), 0));
        }
        u32::try_from(id).unwrap()
    }

    fn metric_of<T>(&self, id: u32, act: impl FnOnce(&mut u64) -> T) -> Result<T, Status> {
        let mut metrics = self.metrics.borrow_mut();
        let metric = usize::try_from(id).ok().and_then(|id| metrics.get_mut(id)).ok_or(Status::NotFound)?;
        Ok(act(&mut metric.1))
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
    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        Ok(self.define(name))
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        self.metric_of(counter, |value| *value += u64::from(by))
    }

    fn define_gauge(&self, name: &str) -> Result<u32, Status> {
        Ok(self.define(name))
    }

    fn record(&self, gauge: u32, value: u64) -> Result<(), Status> {
        self.metric_of(gauge, |old| *old = value)
    }

    fn metric(&self, id: u32) -> Result<u64, Status> {
        self.metric_of(id, |value| *value)
    }

    fn is_envoy(&self) -> bool {
        self.dialect == Dialect::Envoy
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}
