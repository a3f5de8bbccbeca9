//! What exists once in a VM: the tables of levels, which all rules and limits share.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, FromConfig, HeaderName, Whole};
use sluicegate_common::proxy::{Counter, Proxy};

use crate::lease::Leases;
use crate::table::{Overflow, Shape, Table, Tag};

/// `store` as written.
#[derive(Debug, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawStore {
    /// Entries of shared data for each list of `key` parts.
    #[config(default, shown = "1024")]
    buckets: Option<Whole<1, 65_536>>,
    /// Keys in each of them.
    #[config(default, shown = "8")]
    ways: Option<Whole<1, 32>>,
    /// What becomes of a key whose bucket is full.
    #[config(default)]
    overflow: Overflow,
}

/// The most limits that may have one key: their levels share an entry.
const MOST_TAGS: usize = 16;

/// What exists once.
#[derive(Debug)]
pub struct Registry {
    id: String,
    shape: Shape,
    overflow: Overflow,
    overflowed: Counter,
    replicas: NonZeroU32,
    /// What this worker has drawn ahead.
    pub leases: Leases,
    tables: RefCell<BTreeMap<String, Shared>>,
    /// The CRC-32 of all keys so far.
    taken: RefCell<BTreeSet<u32>>,
    /// The request headers that a service may set under any rule: under no rule they are the client's.
    pub given: RefCell<Vec<HeaderName>>,
}

/// Where a limit's levels are.
#[derive(Debug)]
pub struct Place {
    /// Shared by all limits with the same key.
    pub table: Rc<Table>,
    /// What they are known by there.
    pub tag: Tag,
    /// How far a level of any limit of that name can lie ahead.
    pub ceiling: Rc<Cell<Duration>>,
}

/// A table, and how far levels of its limits can lie ahead, by limit.
#[derive(Debug)]
struct Shared {
    table: Rc<Table>,
    ceilings: BTreeMap<Tag, Rc<Cell<Duration>>>,
}

impl Registry {
    /// Without tables yet.
    #[must_use]
    pub fn new(id: &str, store: &RawStore, replicas: NonZeroU32) -> Self {
        let shape = Shape {
            buckets: store.buckets.map_or(1024, |buckets| buckets.get() as u32),
            ways: store.ways.map_or(8, |ways| ways.get() as u32),
        };
        Self {
            id: id.to_owned(),
            shape,
            overflow: store.overflow,
            overflowed: Counter::new(format!("sluicegate_rate_limit_overflows_total.id.{id}")),
            replicas,
            leases: Leases::default(),
            tables: RefCell::default(),
            taken: RefCell::default(),
            given: RefCell::default(),
        }
    }

    /// By how many the numbers of limits are divided.
    #[must_use]
    pub fn replicas(&self) -> NonZeroU32 {
        self.replicas
    }

    /// What becomes of keys for which there is no room.
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// The place of a limit's levels: its key, its name as a tag, and how far they can lie ahead.
    ///
    /// # Errors
    /// 16 others have this key.
    pub fn enter(&self, expression: &str, tag: Tag, ceiling: Duration) -> Result<Place, ConfigError> {
        let mut tables = self.tables.borrow_mut();
        let shared = tables.entry(expression.to_owned()).or_insert_with(|| Shared {
            table: Rc::new(Table::new(&self.id, expression, self.shape, &mut self.taken.borrow_mut())),
            ceilings: BTreeMap::new(),
        });
        if shared.ceilings.len() >= MOST_TAGS && !shared.ceilings.contains_key(&tag) {
            return Err(ConfigError::invalid(
                "key",
                format!("{MOST_TAGS} limits of other names have this key already"),
            ));
        }
        let known = shared.ceilings.entry(tag).or_default();
        known.set(known.get().max(ceiling));
        Ok(Place { table: Rc::clone(&shared.table), tag, ceiling: Rc::clone(known) })
    }

    /// Counts a key that found no room.
    pub fn count_overflow(&self, proxy: &dyn Proxy) {
        self.overflowed.increment(proxy);
    }

    /// Makes all entries of shared data that will ever be.
    pub fn start(&self, proxy: &dyn Proxy) {
        if let Ok(tables) = self.tables.try_borrow() {
            tables.values().for_each(|shared| shared.table.start(proxy));
        }
    }
}
