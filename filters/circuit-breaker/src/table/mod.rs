//! Where each breaker has its record in shared data: a fixed number of slots, whatever names there are.
//!
//! 1. A slot is one value. The first breaker that finds it free writes its name there, in one compare-and-swap, and has
//!    it for good: what a VM has seen occupied it never reads again.
//! 2. The slots are walked from the first one on, by all workers in the same order, so that each finds the slot that
//!    another has claimed for the same name before it comes to a free one. No slot depends on how many there are:
//!    workers of two configs that differ in `max_breakers` find the same breakers.
//! 3. All values are made before the first request, and there are never more. Names for which no slot is left share one
//!    breaker, [`OTHER`].
//!
//! Scope: one proxy process, across reloads of the config, until a restart. What Kong's engine evicts when its zone is
//! full is free again: see [`Table::forget`].

mod names;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::{SharedStore as _, State, StoreError};

use crate::record::Record;
use names::Names;

/// The breaker of all names for which there is no slot, and of hosts that are not listed.
pub const OTHER: &str = "other";

/// Where a breaker's record is. Cloned without a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Rc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    key: String,
    name: String,
    /// `None` of the place that others share.
    slot: Option<usize>,
}

impl Place {
    fn new(key: &str, name: &str, slot: Option<usize>) -> Self {
        Self(Rc::new(Inner { key: key.to_owned(), name: name.to_owned(), slot }))
    }

    /// The key in shared data.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// The breaker's full name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether this is the place of the names for which there is no slot.
    #[must_use]
    pub fn is_other(&self) -> bool {
        self.0.slot.is_none()
    }
}

/// A table in shared data, as one VM has it.
#[derive(Debug)]
pub struct Table {
    names: Names,
    other: Place,
    known: RefCell<Known>,
    /// Whether the record of [`OTHER`] was ever seen.
    other_claimed: Cell<bool>,
    /// Whether all values are there. Every policy of a module starts the tables that it shares with the others.
    made: Cell<bool>,
    warned: Cell<bool>,
}

/// What was seen of the slots.
#[derive(Debug)]
struct Known {
    /// In the order of their names.
    places: Vec<Place>,
    /// Which slots are not known to be occupied, in their order.
    open: Vec<usize>,
}

impl Known {
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.places.binary_search_by(|place| place.name().cmp(name))
    }

    fn add(&mut self, place: Place) {
        self.open.retain(|slot| Some(*slot) != place.0.slot);
        // Of two slots with one name, which only a host that loses entries can come to have, the first one counts.
        if let Err(index) = self.find(place.name()) {
            self.places.insert(index, place);
        }
    }
}

impl Table {
    /// The table of that `id`, with `max_breakers` slots, 1 to 1024.
    #[must_use]
    pub fn new(id: &str, max_breakers: u32) -> Self {
        let names = Names::new(id, max_breakers);
        let open = (0..names.slots.len()).collect();
        Self {
            other: Place::new(&names.other, OTHER, None),
            names,
            known: RefCell::new(Known { places: Vec::new(), open }),
            other_claimed: Cell::new(false),
            made: Cell::new(false),
            warned: Cell::new(false),
        }
    }

    /// Makes all that is not there yet: in Envoy this runs before there is a worker. What fails is logged, and made by
    /// the first request that needs it.
    pub fn start(&self, proxy: &dyn Proxy) {
        if self.made.get() {
            return;
        }
        let make = |key: &String| {
            proxy.shared().update(key, |state| {
                if state.get().is_none() {
                    state.set(&[]);
                }
            })
        };
        match self.names.slots.iter().chain([&self.names.other]).try_for_each(make) {
            Ok(()) => self.made.set(true),
            Err(error) => log::warn!("circuit_breaker: {} is not prepared: {error}", self.names.prefix()),
        }
    }

    /// The place of the breaker with this full name, at most 128 bytes: claimed now where it has none yet, and that of
    /// [`OTHER`] where no slot is left. What is known, and what a full table has no slot for, costs no host call.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was claimed.
    pub fn find(&self, proxy: &dyn Proxy, name: &str) -> Result<Place, StoreError> {
        if name == OTHER {
            return self.claim_other(proxy);
        }
        if let Some(place) = self.known(name) {
            return Ok(place);
        }
        while let Some((slot, key)) = self.next_open(0) {
            let holder = self.claim(proxy, key, name)?;
            let holds = holder.is_none();
            let place = Place::new(key, holder.as_deref().unwrap_or(name), Some(slot));
            self.known.borrow_mut().add(place.clone());
            if holds {
                return Ok(place);
            }
        }
        self.claim_other(proxy)
    }

    /// The places of all breakers that any worker has claimed, in the order of their names, [`OTHER`] last if it was
    /// ever used. Reads the slots that this VM does not know to be occupied.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn occupied(&self, proxy: &dyn Proxy) -> Result<Vec<Place>, StoreError> {
        let mut from = 0;
        while let Some((slot, key)) = self.next_open(from) {
            from = slot.saturating_add(1);
            if let Some(record) = self.read(&proxy.shared().read(key)?) {
                self.known.borrow_mut().add(Place::new(key, record.name(), Some(slot)));
            }
        }
        if !self.other_claimed.get() {
            self.other_claimed.set(self.read(&proxy.shared().read(self.other.key())?).is_some());
        }
        let mut places = self.known.borrow().places.clone();
        places.extend(self.other_claimed.get().then(|| self.other.clone()));
        Ok(places)
    }

    /// Forgets that the place is occupied, as must be done when its record is found to bear another name: a host that
    /// loses entries has given the slot to somebody else.
    pub fn forget(&self, place: &Place) {
        let Some(slot) = place.0.slot else { return };
        let mut known = self.known.borrow_mut();
        if let Ok(index) = known.find(place.name())
            && known.places.get(index) == Some(place)
        {
            known.places.remove(index);
        }
        if let Err(index) = known.open.binary_search(&slot) {
            known.open.insert(index, slot);
        }
    }

    fn known(&self, name: &str) -> Option<Place> {
        let known = self.known.borrow();
        known.find(name).ok().and_then(|index| known.places.get(index)).cloned()
    }

    /// The first slot from `from` on that is not known to be occupied, and its key.
    fn next_open(&self, from: usize) -> Option<(usize, &str)> {
        let slot = self.known.borrow().open.iter().copied().find(|slot| *slot >= from)?;
        Some((slot, self.names.slots.get(slot)?))
    }

    fn claim_other(&self, proxy: &dyn Proxy) -> Result<Place, StoreError> {
        if !self.other_claimed.get() {
            self.claim(proxy, self.other.key(), OTHER)?;
            self.other_claimed.set(true);
        }
        Ok(self.other.clone())
    }

    /// Gives the value to the breaker with that name, if it is free. Says who has it, `None` when it is this one.
    fn claim(&self, proxy: &dyn Proxy, key: &str, name: &str) -> Result<Option<String>, StoreError> {
        proxy.shared().update(key, |state| match self.read(state) {
            Some(record) => (record.name() != name).then(|| record.name().to_owned()),
            None => {
                let mut bytes = Vec::new();
                Record::new(name).write(&mut bytes);
                state.set(&bytes);
                None
            }
        })
    }

    /// The record, `None` of what is free.
    fn read(&self, state: &State) -> Option<Record> {
        let bytes = state.get().filter(|bytes| !bytes.is_empty())?;
        let record = Record::read(bytes);
        if record.is_none() && !self.warned.replace(true) {
            log::warn!("circuit_breaker: a record of {} is not readable, and counts as new", self.names.prefix());
        }
        record
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
