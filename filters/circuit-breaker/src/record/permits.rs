//! HALF_OPEN: so many calls may pass, each by a permit, which is a lease.

use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::judge::{because, rates};
use super::{Cause, MOST_PERMITS, Why};
use crate::call::{Call, Totals};
use crate::rules::Rules;

/// The ticket of a generation's first permit. From then on `max_wait_in_half_open` counts: without a request nothing can
/// be decided, and a monitor that asks for the status page would keep the breaker open.
pub(super) const FIRST: u32 = 0;

/// The permits of one generation. No more are out or reported than there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permits {
    /// How many there are, at most [`MOST_PERMITS`].
    pub(super) permitted: u32,
    pub(super) reported: Totals,
    /// Reported calls that failed in a row, up to now and at most.
    pub(super) row: u32,
    pub(super) longest_row: u32,
    /// The next ticket.
    pub(super) ticket: u32,
    /// Those that are out.
    pub(super) leases: Vec<Lease>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) ticket: u32,
    pub(super) taken: Nanos,
    /// Not before `taken`.
    pub(super) until: Nanos,
    /// What it counts as from its end on, once the response's head was there.
    pub(super) answered: Option<Call>,
}

impl Permits {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            permitted: rules.permitted_calls.clamp(1, MOST_PERMITS),
            reported: Totals::default(),
            row: 0,
            longest_row: 0,
            ticket: FIRST,
            leases: Vec::new(),
        }
    }

    pub(super) fn reported(&self) -> Totals {
        self.reported
    }

    /// Ends the leases that are over, and those that a clock set back would prolong begin anew. Says whether there were
    /// any.
    pub(super) fn settle(&mut self, now: Nanos) -> bool {
        let before = self.leases.len();
        let mut changed = false;
        for lease in self.leases.iter_mut().filter(|lease| now < lease.taken) {
            lease.until = now.plus(lease.until.since(lease.taken));
            lease.taken = now;
            changed = true;
        }
        let leases = std::mem::take(&mut self.leases);
        for lease in leases {
            match lease.answered {
                _ if now < lease.until => self.leases.push(lease),
                Some(call) => self.add(call),
                None => {}
            }
        }
        changed || self.leases.len() < before
    }

    /// A free permit.
    pub(super) fn take(&mut self, lease: Duration, now: Nanos) -> Option<u32> {
        let out = u32::try_from(self.leases.len()).unwrap_or(u32::MAX);
        if out.saturating_add(self.reported.calls) >= self.permitted {
            return None;
        }
        let ticket = self.ticket;
        self.ticket = ticket.wrapping_add(1);
        self.leases.push(Lease { ticket, taken: now, until: now.plus(lease), answered: None });
        Some(ticket)
    }

    /// How long until the first lease ends; zero where none is out.
    pub(super) fn first_end(&self, now: Nanos) -> Duration {
        self.leases.iter().map(|lease| lease.until.since(now)).min().unwrap_or_default()
    }

    /// The lease of that ticket, while it lasts.
    pub(super) fn lease(&mut self, ticket: u32, now: Nanos) -> Option<&mut Lease> {
        self.leases.iter_mut().find(|lease| lease.ticket == ticket && now < lease.until)
    }

    /// Takes the permit back, while its lease lasts. Says whether it did.
    pub(super) fn give_back(&mut self, ticket: u32, now: Nanos) -> bool {
        let before = self.leases.len();
        self.leases.retain(|lease| lease.ticket != ticket || lease.until <= now);
        self.leases.len() < before
    }

    pub(super) fn add(&mut self, call: Call) {
        self.reported.add(call);
        self.row = if call.failed { self.row.saturating_add(1) } else { 0 };
        self.longest_row = self.longest_row.max(self.row);
    }

    /// What all of them together say, once they are reported.
    pub(super) fn judge(&self, rules: &Rules) -> Option<Why> {
        if self.reported.calls < self.permitted {
            return None;
        }
        let (totals, consecutive) = (self.reported, self.longest_row);
        if let Some(why) = rates(rules, totals) {
            return Some(Why { consecutive, ..why });
        }
        // Where no rate counts failures, a row of them does; no longer than there are permits.
        let threshold = rules.consecutive_failures.min(self.permitted);
        if rules.failure_rate == 0 && threshold > 0 && consecutive >= threshold {
            return Some(Why { threshold, ..because(Cause::ConsecutiveFailures, totals, consecutive) });
        }
        Some(because(Cause::Recovered, totals, consecutive))
    }
}
