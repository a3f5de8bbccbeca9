//! What all workers know of one breaker: a state machine in one value of shared data. Pure: no host, no clock.
//!
//! 1. CLOSED counts calls, and opens when a policy's window holds `minimum_calls` and a rate reaches its threshold, or
//!    at `consecutive_failures`. A success resets those, a slow one too.
//! 2. OPEN rejects for the wait that was drawn when it began. The ask that comes after it finds HALF_OPEN.
//! 3. HALF_OPEN has a fixed number of permits. One is a lease: reported in time it counts; given back, lost or late it
//!    is free again. Once the response's head is there, the end of the lease counts the call as good.
//! 4. All permits reported: CLOSED with clean windows below the thresholds, else OPEN. `max_wait_in_half_open` opens
//!    as well.
//! 5. Each opening waits one step longer than the last, unless a full window passed in health in between.
//! 6. Every transition begins a generation. What began in an older one changes nothing.
//! 7. A clock that was set back begins OPEN and the leases anew: none lasts longer than it was meant to from then on.
//!
//! Departs from resilience4j in this: HALF_OPEN waits for all permits (there: for the lower of them and of the minimum),
//! and a lost one comes back (there: never).

use std::time::Duration;

use sluicegate_common::time::Nanos;

use crate::call::{Call, Totals};
use crate::rules::{Rules, State};
use crate::window::Shape;

mod ask;
mod closed;
mod judge;
mod permits;
mod wait;
mod wire;

use closed::Closed;
use permits::Permits;

/// The most permits that a breaker can have.
pub const MOST_PERMITS: u32 = 100;
/// The most windows that a record keeps: one for each shape that policies which share the breaker have.
pub const MOST_WINDOWS: usize = 4;
/// The most successes that [`Record::count`] counts at once.
pub const MOST_SUCCESSES: u32 = 1_024;

/// One breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    name: String,
    generation: u32,
    /// When the state began; HALF_OPEN with its first permit.
    since: Nanos,
    /// How many openings followed one another without a full window of health.
    openings: u32,
    phase: Phase,
}

/// The state, with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Closed(Closed),
    Open {
        wait: Duration,
        /// What it was judged by.
        judged: Totals,
    },
    HalfOpen(Permits),
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes; [`Record::count`] wants to hear of it.
    Passes,
    /// It passes; [`Record::report`] or [`Record::give_back`] want to hear of it.
    Permit(Permit),
    /// It does not pass.
    Rejected {
        /// Why: OPEN, or HALF_OPEN without a free permit.
        state: State,
        /// How long until another may pass.
        retry_in: Duration,
    },
}

/// The right to one call while the breaker is half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// That of the breaker when it gave the permit.
    pub generation: u32,
    /// Which of that generation.
    pub ticket: u32,
}

/// The answer to [`Record::ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What becomes of the request.
    pub verdict: Verdict,
    /// The change of state that was due.
    pub transition: Option<Transition>,
    /// Whether the record has to be written.
    pub changed: bool,
}

/// The answer to [`Record::observe_due`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// The change of state that was due.
    pub transition: Option<Transition>,
    /// Whether the record has to be written.
    pub changed: bool,
}

/// Calls of a closed breaker, in their order: the successes, then the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Batch {
    /// Calls that neither failed nor were slow; those above [`MOST_SUCCESSES`] are not counted.
    pub successes: u32,
    /// When the oldest of them began.
    pub oldest: Nanos,
    /// When the newest of them ended: they end no row of failures that began later.
    pub newest: Nanos,
    /// A call of any kind, and when it began.
    pub last: Option<(Call, Nanos)>,
}

/// The answer to [`Record::count`] and [`Record::report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Whether any of the calls counts; not, for instance, what an older generation began.
    pub counted: bool,
    /// The change of state that it led to, or that was due.
    pub transition: Option<Transition>,
    /// Whether the record has to be written.
    pub changed: bool,
    /// Whether the next success may matter at once: it ends a row of failures, or completes the minimum of a rate that
    /// has reached its threshold.
    pub eager: bool,
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The state that ended.
    pub from: State,
    /// The state that began.
    pub to: State,
    /// The generation that began.
    pub generation: u32,
    /// The reason.
    pub why: Why,
}

/// Why a breaker changed its state, with the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    /// The rule.
    pub cause: Cause,
    /// The calls that were judged: of the policy's window, or of the permits.
    pub totals: Totals,
    /// Calls that failed in a row.
    pub consecutive: u32,
    /// The threshold that was reached: percent, or calls in a row. 0 where none was.
    pub threshold: u32,
    /// To OPEN: how long it lasts. From OPEN: how long it was to last. Else zero.
    pub wait: Duration,
}

/// The rule by which a breaker changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// `failure_rate_threshold`
    FailureRate,
    /// `slow_call_rate_threshold`
    SlowCallRate,
    /// `consecutive_failures`
    ConsecutiveFailures,
    /// The wait is over.
    WaitOver,
    /// The permitted calls were below the thresholds.
    Recovered,
    /// `max_wait_in_half_open`
    Undecided,
}

impl Record {
    /// A closed breaker that has seen no call. Of a name beyond 65,535 bytes the rest is left out.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let end = name.floor_char_boundary(usize::from(u16::MAX));
        let name = name.get(..end).unwrap_or_default().to_owned();
        Self { name, generation: 0, since: Nanos(0), openings: 0, phase: Phase::Closed(Closed::default()) }
    }

    /// The breaker's full name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its state, as of the last step.
    #[must_use]
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Closed(_) => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
        }
    }

    /// The number of the state: each transition takes the next.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The calls that the state is judged by: of the window of that shape, of the permits, or, in OPEN, those that
    /// opened it.
    pub fn totals(&mut self, shape: Shape, now: Nanos) -> Totals {
        match &mut self.phase {
            Phase::Closed(closed) => closed.totals(shape, now),
            Phase::Open { judged, .. } => *judged,
            Phase::HalfOpen(permits) => permits.reported(),
        }
    }

    /// How long OPEN lasts from now on, as a policy sees it; `None` in the other states.
    #[must_use]
    pub fn remaining(&self, rules: &Rules, now: Nanos) -> Option<Duration> {
        match self.phase {
            Phase::Open { wait, .. } => Some(wait.min(rules.max_wait).saturating_sub(now.since(self.since))),
            Phase::Closed(_) | Phase::HalfOpen(_) => None,
        }
    }

    /// Keeps a window of each of these shapes, at most [`MOST_WINDOWS`]: new ones are empty. Others stay where there is
    /// room: two configs that share the breaker, as around a reload, would keep emptying each other's.
    ///
    /// To be called before each use with the shapes of all policies that share the breaker.
    pub fn shape_up(&mut self, shapes: &[Shape]) {
        if let Phase::Closed(closed) = &mut self.phase {
            closed.shape_up(shapes);
        }
    }

    /// Begins a state.
    fn turn(&mut self, phase: Phase, why: Why, now: Nanos) -> Transition {
        let from = self.state();
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
        self.since = now;
        Transition { from, to: self.state(), generation: self.generation, why }
    }

    /// Begins OPEN, with the next step of the backoff.
    fn open(&mut self, rules: &Rules, why: Why, now: Nanos, random: u32) -> Transition {
        let wait = wait::drawn(rules, self.openings, random);
        self.openings = self.openings.saturating_add(1);
        self.turn(Phase::Open { wait, judged: why.totals }, Why { wait, ..why }, now)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
