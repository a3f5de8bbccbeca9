//! One decision about all limits of a request: it passes if each has room, and takes nothing if one has not.
//!
//! 1. Limits that share a key are a [`Demand`], decided in one compare-and-swap.
//! 2. Of several demands all are looked at first. Only if all fit are they taken, in order; should one not fit by then,
//!    the earlier are given back.
//! 3. So never more passes than a limit allows, and a request that comes alone is refused only at a limit. Of several
//!    that race one may be refused that would have fitted.
//! 4. What refuses counts nothing, except where `count_rejected` says so.

use std::time::Duration;

use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::StoreError;
use sluicegate_common::time::Nanos;

use crate::quota::{Judged, Quota};
use crate::table::{Overflow, Ruling, Table, Tag};

/// What a request costs under one limit.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'a> {
    /// What the limit's levels are known by. No two charges of a demand have one.
    pub tag: Tag,
    /// How much is allowed.
    pub quota: &'a Quota,
    /// How far a level of any limit with this tag can lie ahead. What lies further is from before, and is clipped.
    pub ceiling: Duration,
    /// How much it takes.
    pub cost: u32,
    /// Whether the request is refused where it does not fit. Otherwise that is only found out (a shadow).
    pub binding: bool,
    /// Whether a refusal by this limit counts as well.
    pub count_rejected: bool,
}

/// The limits of a request that share a key.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Where their levels are.
    pub table: &'a Table,
    /// What becomes of a key that finds its bucket full.
    pub overflow: Overflow,
    /// The key's values, of which no two make the same bytes.
    pub key: &'a [u8],
    /// The limits.
    pub charges: &'a [Charge<'a>],
}

/// What was decided about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Whether it passes. Nothing is taken of one that does not.
    pub passes: bool,
    /// What each limit said, in the order of the demands and their charges. Where the request is refused, `Fits` tells of
    /// the limit as it stays.
    pub judged: Vec<Judged>,
    /// Whether a key found its bucket full: it displaced another, shared the rest, or was refused.
    pub overflowed: bool,
    /// Whether that refused the request.
    pub full: bool,
    /// What was taken from the store, a ruling per demand.
    pub(crate) taken: Vec<Ruling>,
}

impl Default for Admission {
    /// Nothing was asked: it passes.
    fn default() -> Self {
        Self { passes: true, judged: Vec::new(), overflowed: false, full: false, taken: Vec::new() }
    }
}

impl Admission {
    /// Decides about a request at `now`, in the memory of what was decided before.
    ///
    /// # Errors
    /// [`StoreError::Contention`] where others were faster in every round; otherwise the store failed. Nothing was taken,
    /// or it was given back: should that fail too, levels stay too high until it has come back by itself.
    pub fn decide(&mut self, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) -> Result<(), StoreError> {
        self.clear();
        if let [_, _, ..] = demands {
            self.look(proxy, demands, now)?;
        }
        if self.passes {
            self.take(proxy, demands, now)?;
        }
        if !self.passes {
            self.tell_untaken(demands, now);
        }
        Ok(())
    }

    /// Back to what it is before anything was asked.
    pub fn clear(&mut self) {
        self.judged.clear();
        self.taken.clear();
        (self.passes, self.overflowed, self.full) = (true, false, false);
    }

    /// What one demand's ruling comes to, where `judged` is what its limits said.
    pub(crate) fn settle(&mut self, demand: &Demand<'_>, ruling: Ruling, now: Nanos) {
        self.note(&ruling);
        if ruling.fits {
            self.taken.push(ruling);
        } else {
            self.tell_untaken(std::slice::from_ref(demand), now);
        }
    }

    fn look(&mut self, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) -> Result<(), StoreError> {
        for demand in demands {
            let ruling = demand.table.rule(proxy, demand, now, false, &mut self.judged)?;
            self.note(&ruling);
        }
        Ok(())
    }

    fn note(&mut self, ruling: &Ruling) {
        self.passes &= ruling.fits;
        self.overflowed |= ruling.overflowed;
        self.full |= ruling.overflowed && !ruling.fits;
    }

    /// Takes one after the other, and replaces what was said when they were looked at.
    fn take(&mut self, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) -> Result<(), StoreError> {
        // Most requests make one demand, and nobody has looked at it.
        let looked = if self.judged.is_empty() { Vec::new() } else { std::mem::take(&mut self.judged) };
        for demand in demands {
            match demand.table.rule(proxy, demand, now, true, &mut self.judged) {
                Ok(ruling) => {
                    self.note(&ruling);
                    if !ruling.fits {
                        break;
                    }
                    self.taken.push(ruling);
                }
                Err(error) => {
                    self.undo(proxy, demands, now);
                    return Err(error);
                }
            }
        }
        if !self.passes {
            self.undo(proxy, demands, now);
            let said = self.judged.len();
            self.judged.extend(looked.into_iter().skip(said));
        }
        Ok(())
    }

    /// What fits is not taken after all, and clients are not told so.
    fn tell_untaken(&mut self, demands: &[Demand<'_>], now: Nanos) {
        let charges = demands.iter().flat_map(|demand| demand.charges);
        for (charge, judged) in charges.zip(&mut self.judged) {
            if let Judged::Fits { before, .. } = *judged {
                *judged = charge.quota.judge(before, 0, now);
            }
        }
    }

    /// Gives back what was taken, because the request was refused later: `demands` are those it was admitted with. What
    /// has come back by itself since is not given twice. A failing store is logged: levels stay too high then.
    pub fn give_back(&mut self, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) {
        self.undo(proxy, demands, now);
        self.tell_untaken(demands, now);
    }

    fn undo(&mut self, proxy: &dyn Proxy, demands: &[Demand<'_>], now: Nanos) {
        let mut judged = self.judged.as_slice();
        for (demand, taken) in demands.iter().zip(self.taken.drain(..)) {
            let (of_demand, rest) = judged.split_at_checked(demand.charges.len()).unwrap_or_default();
            judged = rest;
            if let Err(error) = demand.table.give_back(proxy, demand, now, of_demand, &taken) {
                log::warn!("rate-limit: a cost is not given back: {error}");
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
pub(crate) mod fake;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
