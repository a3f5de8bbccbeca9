//! CLOSED: calls are counted in every window, and judged by the policy's own.

use sluicegate_common::time::Nanos;

use super::judge::{because, rates};
use super::{Batch, Cause, Counted, MOST_SUCCESSES, MOST_WINDOWS, Phase, Record, Why};
use crate::call::{Call, Totals};
use crate::rules::Rules;
use crate::window::{Shape, Window};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Closed {
    /// Of different shapes.
    pub(super) windows: Vec<Window>,
    /// Calls that failed in a row.
    pub(super) consecutive: u32,
    /// When the first of them was counted.
    pub(super) row_since: Nanos,
}

/// What a policy has to say after a call.
struct Trip {
    why: Why,
    /// Whether a full window passed in health before.
    healthy: bool,
}

impl Record {
    /// Counts calls that passed while the breaker was closed.
    ///
    /// What began before the present state did counts for nothing: all successes if the oldest did, and the last.
    pub fn count(&mut self, rules: &Rules, calls: &Batch, now: Nanos, random: u32) -> Counted {
        let Phase::Closed(closed) = &mut self.phase else { return Counted::default() };
        if now < self.since {
            // The clock was set back. The first call after that began a little before it ended.
            self.since = calls.last.map_or(now, |(_, began)| began.min(now));
        }
        let successes = if calls.oldest < self.since { 0 } else { calls.successes.min(MOST_SUCCESSES) };
        let last = calls.last.filter(|(_, began)| self.since <= *began).map(|(call, _)| call);
        // Not later than now, should the clock have been set back.
        closed.row_since = closed.row_since.min(now);
        // A worker writes successes some time after they came: those from before a row of failures do not end it.
        let ends_row = closed.row_since <= calls.newest;
        let successes = (0..successes).map(|_| (Call::default(), ends_row));
        let mut counted = Counted::default();
        for (call, ends_row) in successes.chain(last.map(|call| (call, true))) {
            (counted.counted, counted.changed) = (true, true);
            if let Some(Trip { why, healthy }) = closed.add(rules, call, ends_row, now) {
                if healthy {
                    self.openings = 0;
                }
                counted.transition = Some(self.open(rules, why, now, random));
                return counted;
            }
        }
        counted.eager = closed.is_eager(rules, now);
        counted
    }
}

impl Closed {
    pub(super) fn totals(&mut self, shape: Shape, now: Nanos) -> Totals {
        self.windows.iter_mut().find(|window| window.shape() == shape).map_or_else(Totals::default, |w| w.totals(now))
    }

    pub(super) fn shape_up(&mut self, shapes: &[Shape]) {
        for shape in shapes {
            let is_missing = self.windows.iter().all(|window| window.shape() != *shape);
            if is_missing && self.windows.len() >= MOST_WINDOWS {
                let other = self.windows.iter().position(|window| !shapes.contains(&window.shape()));
                if let Some(other) = other {
                    self.windows.remove(other);
                }
            }
            self.hold(*shape);
        }
    }

    /// Adds a window of that shape where there is none, and room for it.
    fn hold(&mut self, shape: Shape) {
        if self.windows.len() < MOST_WINDOWS && self.windows.iter().all(|window| window.shape() != shape) {
            self.windows.push(Window::new(shape));
        }
    }

    fn add(&mut self, rules: &Rules, call: Call, ends_row: bool, now: Nanos) -> Option<Trip> {
        self.hold(rules.window);
        if call.failed {
            if self.consecutive == 0 {
                self.row_since = now;
            }
            self.consecutive = self.consecutive.saturating_add(1);
        } else if ends_row {
            self.consecutive = 0;
        }
        let (mut healthy, mut totals) = (false, Totals::default());
        for window in &mut self.windows {
            let own = window.shape() == rules.window;
            // Before this call: those until then did not open the breaker.
            healthy |= own && window.is_full(now);
            window.add(call, now);
            if own {
                totals = window.totals(now);
            }
        }
        let why = self.judge(rules, totals)?;
        Some(Trip { why, healthy })
    }

    fn judge(&self, rules: &Rules, totals: Totals) -> Option<Why> {
        let (consecutive, threshold) = (self.consecutive, rules.consecutive_failures);
        if let Some(why) = rates(rules, totals).filter(|_| totals.calls >= minimum(rules)) {
            return Some(Why { consecutive, ..why });
        }
        let row = threshold > 0 && consecutive >= threshold;
        row.then(|| Why { threshold, ..because(Cause::ConsecutiveFailures, totals, consecutive) })
    }

    fn is_eager(&mut self, rules: &Rules, now: Nanos) -> bool {
        let totals = self.totals(rules.window, now);
        self.consecutive > 0 || (totals.calls < minimum(rules) && rates(rules, totals).is_some())
    }
}

/// Rates are judged from so many calls on.
fn minimum(rules: &Rules) -> u32 {
    let most = match rules.window {
        Shape::Count(size) => size.get(),
        Shape::Time(_) => u32::MAX,
    };
    rules.minimum_calls.min(most)
}
