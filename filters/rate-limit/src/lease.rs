//! `precision: "leased"`: each worker draws a batch ahead, and decides about most requests from memory.
//!
//! 1. When a key is asked about again soon, what the request costs and a batch more are taken from the store, in one
//!    compare-and-swap. The next requests use up the batch, and the store is neither read nor written.
//! 2. **Never one more.** What is drawn counts in the store at once. What is held dwindles as it would there: from a
//!    bucket what flows back meanwhile, from a window all at its end ([`crate::quota::Quota::still_held`]).
//! 3. At most a batch per worker and key lies unused: at most [`MOST`], and at most an eighth of what is left, so that near
//!    the limit nothing is drawn ahead. A key whose next request would find less than half of it left draws nothing.
//! 4. Only where all limits of a request share a key, bind, do not count refusals, and have room for the key itself (no
//!    overflow). Everything else is decided in the store.
//! 5. Nothing is returned to the store. So a batch is not displaced: another key that falls on its slot has none.
//! 6. When a worker sees that its clock was set back, it drops all it holds. One that does not see it, because another
//!    worker was asked in between, may use the rest of its batch.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::Duration;

use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::StoreError;
use sluicegate_common::time::Nanos;

use crate::admit::{Admission, Charge, Demand};
use crate::quota::{Judged, Level, Quota, Standing};
use crate::table::{CLOCK_ERROR, Fingerprint, Ruling, Table, Tag};

/// How much a batch takes of each limit.
pub const MOST: u32 = 16;

/// A batch takes at most one part in so many of what is left.
const PART: u32 = 8;

/// How many keys of a worker can have a batch at the same time: a byte says which slot is theirs.
const SLOTS: usize = 256;

/// The batches of one worker, for all rules.
#[derive(Clone, Default)]
pub struct Leases {
    /// Taken out while they are used. None until the first request.
    slots: RefCell<Vec<Slot>>,
    last: Cell<Nanos>,
}

impl Leases {
    /// Decides about a request at `now`, in the memory of what was decided before, as [`Admission::decide`] does.
    ///
    /// # Errors
    /// Those of [`Admission::decide`], where the store is asked.
    pub fn decide(
        &self,
        admission: &mut Admission,
        proxy: &dyn Proxy,
        demands: &[Demand<'_>],
        now: Nanos,
    ) -> Result<(), StoreError> {
        let [demand] = demands else { return admission.decide(proxy, demands, now) };
        if !demand.charges.iter().all(may_be_drawn_ahead) {
            return admission.decide(proxy, demands, now);
        }
        let owner = Owner::of(proxy, demand)?;
        self.drop_if_set_back(now);
        let mut slots = self.slots.take();
        slots.resize_with(SLOTS, Slot::default);
        let decided = match slots.get_mut(owner.slot(demand.charges)) {
            Some(slot) => slot.decide(admission, proxy, owner, demand, now),
            None => admission.decide(proxy, demands, now),
        };
        self.slots.replace(slots);
        decided
    }

    /// Gives back what was taken, because the request was refused later: `demands` are those it was admitted with. What came
    /// with a batch returns there, if it is still that batch, or else to the store.
    pub fn give_back(&self, admission: &mut Admission, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) {
        let returned = match demands {
            [demand] => self.take_back(admission, proxy, demand),
            _ => false,
        };
        if !returned {
            admission.give_back(proxy, demands, now);
        }
    }

    fn take_back(&self, admission: &mut Admission, proxy: &dyn Proxy, demand: &Demand<'_>) -> bool {
        let ([taken], Ok(owner)) = (&*admission.taken, Owner::of(proxy, demand)) else { return false };
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(owner.slot(demand.charges));
        let returned = slot.is_some_and(|slot| slot.take_back(owner, demand.charges, taken));
        if returned {
            admission.taken.clear();
        }
        returned
    }

    fn drop_if_set_back(&self, now: Nanos) {
        let last = self.last.get();
        if last.since(now) > CLOCK_ERROR {
            self.slots.borrow_mut().clear();
            self.last.set(now);
        } else {
            self.last.set(last.max(now));
        }
    }
}

impl fmt::Debug for Leases {
    /// The slots in use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(slots) = self.slots.try_borrow() else { return f.write_str("Leases") };
        f.debug_list().entries(slots.iter().filter(|slot| slot.owner.is_some())).finish()
    }
}

fn may_be_drawn_ahead(charge: &Charge<'_>) -> bool {
    charge.binding && !charge.count_rejected && (1..=MOST).contains(&charge.cost)
}

/// Whose a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    /// Where the table lies, which lives as long as the registry does.
    table: usize,
    key: Fingerprint,
}

impl Owner {
    fn of(proxy: &dyn Proxy, demand: &Demand<'_>) -> Result<Self, StoreError> {
        let key = demand.table.fingerprint(proxy, demand.key)?;
        Ok(Self { table: std::ptr::from_ref::<Table>(demand.table).addr(), key })
    }

    /// Rules may ask other limits about the same key.
    fn slot(&self, charges: &[Charge<'_>]) -> usize {
        let [key, ..] = self.key;
        let tags = charges.iter().fold(0, |tags, charge| tags ^ charge.tag.bits());
        let [tags, ..] = tags.to_le_bytes();
        usize::from(key ^ tags)
    }
}

/// What a worker holds for one key.
#[derive(Debug, Clone, Default)]
struct Slot {
    owner: Option<Owner>,
    /// When the owner was last asked about.
    seen: Nanos,
    /// What the store said when it was drawn.
    drawn: Ruling,
    /// Of each limit.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    tag: Tag,
    quota: Quota,
    /// As the draw left it.
    level: Level,
    /// What was drawn ahead and is not used.
    held: u32,
}

impl Part {
    /// What is left of it.
    fn left(&self, drawn: Nanos, now: Nanos) -> u32 {
        self.quota.still_held(self.level, self.held, drawn, now)
    }

    /// What can be added to a draw that leaves `level`.
    fn joining(&self, level: Level, drawn: Nanos, now: Nanos) -> u32 {
        if self.quota.joins(self.level, level) { self.left(drawn, now) } else { 0 }
    }

    /// How the limit stands, if nobody else took anything since the draw.
    fn standing(&self, drawn: Nanos, now: Nanos) -> Standing {
        let (Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. }) = self.quota.judge(self.level, 0, now);
        let remaining = standing.remaining.saturating_add(self.left(drawn, now)).min(self.quota.capacity());
        Standing { remaining, ..standing }
    }
}

impl Slot {
    fn decide(
        &mut self,
        admission: &mut Admission,
        proxy: &dyn Proxy,
        owner: Owner,
        demand: &Demand<'_>,
        now: Nanos,
    ) -> Result<(), StoreError> {
        if !self.is_for(owner, demand.charges) {
            if self.is_idle(now) {
                self.begin(owner, demand.charges, now);
            }
            return admission.decide(proxy, std::slice::from_ref(demand), now);
        }
        admission.clear();
        let pause = now.since(self.seen);
        self.seen = now;
        if self.spend(admission, demand.charges, now) {
            return Ok(());
        }
        self.draw(admission, proxy, demand, pause, now)
    }

    /// A limit of another rule may have the same tag and other numbers.
    fn is_for(&self, owner: Owner, charges: &[Charge<'_>]) -> bool {
        let is_of = |(part, charge): (&Part, &Charge<'_>)| part.tag == charge.tag && part.quota == *charge.quota;
        self.owner == Some(owner) && self.parts.len() == charges.len() && self.parts.iter().zip(charges).all(is_of)
    }

    /// Whether nothing can be lost.
    fn is_idle(&self, now: Nanos) -> bool {
        self.parts.iter().any(|part| part.left(self.drawn.at, now) == 0) || self.parts.is_empty()
    }

    fn begin(&mut self, owner: Owner, charges: &[Charge<'_>], now: Nanos) {
        self.owner = Some(owner);
        self.seen = now;
        self.parts.clear();
        let part =
            |charge: &Charge<'_>| Part { tag: charge.tag, quota: *charge.quota, level: Level::default(), held: 0 };
        self.parts.extend(charges.iter().map(part));
    }

    /// Takes a request's cost out of the batch, if it is there, and says what is left.
    fn spend(&mut self, admission: &mut Admission, charges: &[Charge<'_>], now: Nanos) -> bool {
        let (drawn, now) = (self.drawn.at, now.max(self.drawn.at));
        if self.parts.iter().zip(charges).any(|(part, charge)| part.left(drawn, now) < charge.cost) {
            return false;
        }
        let spend = |(part, charge): (&mut Part, &Charge<'_>)| {
            part.held = part.held.saturating_sub(charge.cost);
            Judged::Fits { before: part.level, after: part.level, standing: part.standing(drawn, now) }
        };
        admission.judged.extend(self.parts.iter_mut().zip(charges).map(spend));
        admission.taken.push(self.drawn);
        true
    }

    /// Decides in the store, and draws a batch where that pays: the key was asked about `pause` ago.
    fn draw(
        &mut self,
        admission: &mut Admission,
        proxy: &dyn Proxy,
        demand: &Demand<'_>,
        pause: Duration,
        now: Nanos,
    ) -> Result<(), StoreError> {
        let mut costs = 0;
        let mut batch = |ruling: &Ruling, judged: &[Judged]| {
            costs = costs_ahead(ruling, demand.charges, judged, pause);
            if costs == 0 { Vec::new() } else { self.enlarged(demand.charges, judged, costs, ruling.at) }
        };
        let (ruling, drawn) = demand.table.draw(proxy, demand, now, &mut admission.judged, &mut batch)?;
        for ((part, charge), drawn) in self.parts.iter_mut().zip(demand.charges).zip(&drawn) {
            if let Judged::Fits { after, .. } = *drawn {
                let target = charge.cost.saturating_mul(costs);
                part.held = part.joining(after, self.drawn.at, ruling.at).max(target);
                part.level = after;
            }
        }
        if !drawn.is_empty() {
            self.drawn = ruling;
        }
        admission.settle(demand, ruling, now);
        Ok(())
    }

    /// What to ask of the store so that the batch is enough for so many more requests, with what is held of the last.
    fn enlarged<'a>(&self, charges: &[Charge<'a>], judged: &[Judged], costs: u32, at: Nanos) -> Vec<Charge<'a>> {
        let parts = self.parts.iter().zip(charges).zip(judged);
        let enlarged = parts.filter_map(|((part, charge), judged)| {
            let Judged::Fits { after, .. } = *judged else { return None };
            let ahead = charge.cost.saturating_mul(costs).saturating_sub(part.joining(after, self.drawn.at, at));
            Some(Charge { cost: charge.cost.saturating_add(ahead), ..*charge })
        });
        enlarged.collect()
    }

    /// Whether it was of this draw.
    fn take_back(&mut self, owner: Owner, charges: &[Charge<'_>], taken: &Ruling) -> bool {
        let is_of_draw = self.is_for(owner, charges) && self.drawn.at == taken.at;
        if is_of_draw {
            for (part, charge) in self.parts.iter_mut().zip(charges) {
                part.held = part.held.saturating_add(charge.cost);
            }
        }
        is_of_draw
    }
}

/// For how many requests like this one a batch is to be drawn. None where the next would find less than half of it:
/// what comes back to a bucket faster than it is asked for need not be held.
fn costs_ahead(ruling: &Ruling, charges: &[Charge<'_>], judged: &[Judged], pause: Duration) -> u32 {
    if !ruling.fits || ruling.overflowed {
        return 0;
    }
    let next_but_one = ruling.at.plus(pause.saturating_mul(2));
    let costs = charges.iter().zip(judged).map(|(charge, judged)| match *judged {
        Judged::Fits { after, standing, .. } => {
            let two = charge.cost.saturating_mul(2);
            let lasts = charge.quota.still_held(after, two, ruling.at, next_but_one) >= charge.cost;
            let most = MOST.min(standing.remaining / PART);
            if lasts { most.checked_div(charge.cost).unwrap_or(0) } else { 0 }
        }
        Judged::Exceeds { .. } => 0,
    });
    costs.min().unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
