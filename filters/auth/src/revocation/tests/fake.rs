//! A proxy process, for tests.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use sluicegate_common::config::{ConfigErrors, parse_json};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::store::memory::{Dialect, GetFault, MemoryShared};
use sluicegate_common::store::{SharedData, digest};

use crate::revocation::{RawRevocation, Revocation};

pub(super) const BOTH: [Dialect; 2] = [Dialect::Envoy, Dialect::Kong];

/// A compiled block `revocation`; clocks may differ by a minute.
pub(super) fn revocation(config: &str) -> Revocation {
    let raw: Result<RawRevocation, ConfigErrors> = deserr::deserialize(parse_json(config.as_bytes()).unwrap());
    raw.unwrap().compile(Duration::from_secs(60)).unwrap()
}

/// The seed of every [`Process`] that is not told another.
const SEED: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// Names that share a bucket: of subjects (`kind` is `sub`), or of tokens without one (`jti`).
pub(super) fn neighbours(kind: &str, count: usize) -> Vec<String> {
    let names = (0..).map(|number| format!("{kind}-{number}"));
    let bucket = |name: &String| digest(&SEED, &[kind.as_bytes(), b"own", name.as_bytes()])[0];
    names.filter(|name| bucket(name) == 0).take(count).collect()
}

/// What all workers share.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) shared: MemoryShared,
    /// How often shared data was read.
    pub(super) gets: Cell<u32>,
    /// What the next read of a bucket does instead of its duty.
    pub(super) buckets: Cell<Option<GetFault>>,
    counter: Cell<u64>,
    /// What the host's random generator gives.
    pub(super) random: Cell<Result<[u8; 16], Status>>,
    /// What the host's metrics fail with.
    pub(super) metrics: Cell<Option<Status>>,
}

impl Process {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            shared: MemoryShared::new(dialect),
            gets: Cell::new(0),
            buckets: Cell::new(None),
            counter: Cell::new(0),
            random: Cell::new(Ok(SEED)),
            metrics: Cell::new(None),
        }
    }

    /// How often the counter was moved.
    pub(super) fn counted(&self) -> u64 {
        self.counter.get()
    }

    fn metrics(&self) -> Result<(), Status> {
        self.metrics.get().map_or(Ok(()), Err)
    }
}

impl SharedData for Process {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        self.gets.set(self.gets.get() + 1);
        if !key.ends_with("seed")
            && let Some(fault) = self.buckets.take()
        {
            self.shared.fail_get(fault);
        }
        self.shared.get(key)
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        self.shared.set(key, value, cas)
    }
}

impl Proxy for Process {
    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.random.get().map(|random| bytes.copy_from_slice(&random))
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        assert_eq!(name, "sluicegate_auth_revocations_total");
        self.metrics().map(|()| 7)
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        assert_eq!((counter, by), (7, 1));
        self.metrics().map(|()| self.counter.set(self.counter.get() + 1))
    }

    fn metric(&self, id: u32) -> Result<u64, Status> {
        assert_eq!(id, 7);
        self.metrics().map(|()| self.counter.get())
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}
