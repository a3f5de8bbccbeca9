//! Limits that share a key, and their levels, in shared data: a fixed number of buckets, whatever clients send.
//!
//! 1. A table is of one `id` and one key expression, for all limits with that key. Each key has its bucket, chosen by
//!    a hash with a secret seed, so that nobody can choose whom they share one with. A bucket is one value, and what is
//!    asked about a key is decided in one compare-and-swap.
//! 2. All values are made before the first request, and there are never more. Kong's engine knows them by a CRC-32
//!    alone: names are chosen so that no two of a config have one.
//! 3. A bucket has an entry for each of `ways` keys, and one set of levels for all others together, the rest. *Every
//!    key without an entry has used at most what the rest has.* So whoever has no entry counts as having used that
//!    much: levels are only ever too high, and nobody gets credit for being forgotten.
//! 4. Where a bucket is full, [`Overflow`] says who is forgotten. Entries that are fresh again are free.
//! 5. Time does not go back within a bucket. See [`ruling`] for clocks that were set.
//!
//! Scope: one proxy process, across reloads of the config, until a restart. What Kong's engine evicts when its zone is
//! full is forgotten.

mod bucket;
mod names;
mod ruling;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use sluicegate_common::config::FromConfig;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::{SharedStore as _, State, StoreError, digest};
use sluicegate_common::time::Nanos;

use crate::admit::{Charge, Demand};
use crate::quota::Judged;
use bucket::Bucket;
pub(crate) use bucket::Fingerprint;
use names::Names;
pub(crate) use ruling::CLOCK_ERROR;
use ruling::Question;
pub use ruling::Ruling;

type Seed = [u8; 16];

/// What a limit's levels are known by in shared data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(u64);

impl Tag {
    /// Of a limit's name and what its levels mean: its algorithm.
    #[must_use]
    pub fn new(name: &str, algorithm: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = digest(b"sluicegate/limit", &[name.as_bytes(), algorithm.as_bytes()]);
        Self(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }
}

/// What becomes of keys for which a bucket has no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum Overflow {
    /// They take the place of the key that has used least, and have used as much as any that was displaced.
    #[default]
    Inherit,
    /// They are counted together.
    Share,
    /// They are refused.
    Deny,
}

/// How large a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many values there are in shared data, at least 1.
    pub buckets: u32,
    /// How many keys have an entry in each, at least 1.
    pub ways: u32,
}

/// A table in shared data, as one VM has it.
#[derive(Debug)]
pub struct Table {
    names: Names,
    ways: usize,
    /// Once it was read. No two VMs have another, unless a host lost it.
    seed: Cell<Option<Seed>>,
    /// Taken out while it is used.
    scratch: RefCell<Scratch>,
    warned: Cell<bool>,
    /// Whether all values are there. Every rule of a module starts the tables that it shares with the others.
    made: Cell<bool>,
}

/// Memory that is used over and over.
#[derive(Debug, Default)]
struct Scratch {
    bucket: Bucket,
    bytes: Vec<u8>,
}

impl Table {
    /// The table of that key expression. Of the names whose CRC-32 is in `taken` none is used; those that are used join
    /// it.
    #[must_use]
    pub fn new(id: &str, expression: &str, shape: Shape, taken: &mut BTreeSet<u32>) -> Self {
        Self {
            names: Names::new(id, expression, shape, taken),
            ways: usize::try_from(shape.ways).unwrap_or(usize::MAX),
            seed: Cell::new(None),
            scratch: RefCell::default(),
            warned: Cell::new(false),
            made: Cell::new(false),
        }
    }

    /// Makes all that is not there yet: in Envoy this runs before there is a worker. What fails is logged, and made by
    /// the first request that needs it.
    pub fn start(&self, proxy: &dyn Proxy) {
        if self.made.get() {
            return;
        }
        match self.make(proxy) {
            Ok(()) => self.made.set(true),
            Err(error) => log::warn!("rate-limit: {} is not prepared: {error}", self.names.prefix()),
        }
    }

    fn make(&self, proxy: &dyn Proxy) -> Result<(), StoreError> {
        self.seed(proxy)?;
        self.names.iter().try_for_each(|name| {
            proxy.shared().update(name, |state| {
                if state.get().is_none() {
                    state.set(&[]);
                }
            })
        })
    }

    fn seed(&self, proxy: &dyn Proxy) -> Result<Seed, StoreError> {
        if let Some(seed) = self.seed.get() {
            return Ok(seed);
        }
        let found = proxy.shared().read(self.names.seed())?;
        let seed = match found.get().and_then(|seed| seed.try_into().ok()) {
            Some(seed) => seed,
            None => self.make_seed(proxy)?,
        };
        self.seed.set(Some(seed));
        Ok(seed)
    }

    fn make_seed(&self, proxy: &dyn Proxy) -> Result<Seed, StoreError> {
        let mut new = Seed::default();
        proxy.random(&mut new)?;
        proxy.shared().update(self.names.seed(), |state| {
            let found = state.get().and_then(|seed| seed.try_into().ok());
            found.unwrap_or_else(|| {
                state.set(&new);
                new
            })
        })
    }

    /// Decides one demand. What each of its limits says is pushed to `judged`.
    pub(crate) fn rule(
        &self,
        proxy: &dyn Proxy,
        demand: &Demand<'_>,
        now: Nanos,
        take: bool,
        judged: &mut Vec<Judged>,
    ) -> Result<Ruling, StoreError> {
        let first = judged.len();
        self.update(proxy, demand, now, take, |bucket, question| {
            judged.truncate(first);
            let ruling = bucket.rule(question, judged);
            (ruling, ruling.changed)
        })
    }

    /// Decides one demand, and takes more than it costs if there is room: `batch` makes the greater charges of the ruling
    /// on the cost alone and of what was said then, none if it shall be just that. What the limits say of the cost is
    /// pushed to `judged`; what they said of the greater charges is returned, nothing where these were not taken.
    pub(crate) fn draw<'a>(
        &self,
        proxy: &dyn Proxy,
        demand: &Demand<'a>,
        now: Nanos,
        judged: &mut Vec<Judged>,
        batch: &mut dyn FnMut(&Ruling, &[Judged]) -> Vec<Charge<'a>>,
    ) -> Result<(Ruling, Vec<Judged>), StoreError> {
        self.update(proxy, demand, now, true, |bucket, question| {
            judged.clear();
            let looked = bucket.rule(&Question { take: false, ..*question }, judged);
            let charges = batch(&looked, judged);
            let mut drawn = Vec::with_capacity(charges.len());
            if !charges.is_empty() {
                let mut ruling = bucket.rule(&Question { charges: &charges, ..*question }, &mut drawn);
                if ruling.fits {
                    ruling.changed |= looked.changed;
                    return ((ruling, drawn), ruling.changed);
                }
            }
            judged.clear();
            let mut ruling = bucket.rule(question, judged);
            ruling.changed |= looked.changed;
            ((ruling, Vec::new()), ruling.changed)
        })
    }

    /// What the key is known by, in all tables with the same seed.
    pub(crate) fn fingerprint(&self, proxy: &dyn Proxy, key: &[u8]) -> Result<Fingerprint, StoreError> {
        Ok(digest(&self.seed(proxy)?, &[key]))
    }

    /// Gives back what the ruling took.
    pub(crate) fn give_back(
        &self,
        proxy: &dyn Proxy,
        demand: &Demand<'_>,
        now: Nanos,
        judged: &[Judged],
        taken: &Ruling,
    ) -> Result<(), StoreError> {
        self.update(proxy, demand, now, false, |bucket, question| ((), bucket.give_back(question, judged, taken)))
    }

    /// Lets `change` change the key's bucket, and say whether it did.
    fn update<T>(
        &self,
        proxy: &dyn Proxy,
        demand: &Demand<'_>,
        now: Nanos,
        take: bool,
        mut change: impl FnMut(&mut Bucket, &Question<'_>) -> (T, bool),
    ) -> Result<T, StoreError> {
        let key = self.fingerprint(proxy, demand.key)?;
        let Demand { charges, overflow, .. } = *demand;
        let mut question = Question { key, charges, overflow, ways: self.ways, now, take };
        let mut scratch = self.scratch.take();
        let verdict = proxy.shared().update(self.names.of(&key), |state| {
            let Scratch { bucket, bytes } = &mut scratch;
            self.read(state, bucket, &question);
            if bucket.is_ahead_of(now) {
                question.now = proxy.now().unwrap_or(now);
            }
            let (verdict, changed) = change(bucket, &question);
            if changed {
                bucket.write(question.now, bytes);
                state.set(bytes);
            }
            verdict
        });
        self.scratch.replace(scratch);
        verdict
    }

    fn read(&self, state: &State, bucket: &mut Bucket, question: &Question<'_>) {
        let asked = question.charges.iter().map(|charge| charge.tag);
        let read = bucket.read(state.get().unwrap_or_default(), asked);
        if read.is_err() && !self.warned.replace(true) {
            log::warn!("rate-limit: a bucket of {} is not readable, and counts as empty", self.names.prefix());
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
