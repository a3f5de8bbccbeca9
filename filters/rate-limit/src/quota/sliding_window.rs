//! About `requests` in the last `per`, from two counters: those of the current window and of the one before, of which
//! the part counts that still lies in the last `per`, as if its requests had come evenly.
//!
//! Windows begin at multiples of `per` since the Unix epoch. `used` is the count of the window in which something was
//! last taken and of the one before it, `until` the end of the window after it. `used[0]` is never zero in a level
//! that is not fresh.
//!
//! # How wrong it is
//!
//! Requests do not come evenly. Let the last of those counted come at `t`, a part `x` of `per` after the boundary. It
//! passed because `current + previous * (1 - x) <= requests`. Of any time that reaches back over the boundary at most
//! `previous` lie before it, so at most `previous + current <= requests + previous * x` lie in it, and `previous` is
//! at most `requests`:
//!
//! - in any time of length `d <= per`: fewer than `requests * (1 + d / per)`, unless it holds no boundary: then at
//!   most `requests`. A token bucket with a burst of `requests` allows one more;
//! - in any time of length `per`: at most `2 * requests - 1`. It takes a client that sends all of them just before a
//!   boundary; a fixed window lets it send as many again at once, this one only as the time passes;
//! - in a window: never more than `requests`.
//!
//! The other way round, a client that sent all of them just after a boundary is let wait up to `per` longer than an
//! exact log would.

use std::num::{NonZeroU32, NonZeroU64, NonZeroU128};
use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::invalid::{self, Invalid};
use super::{Level, calendar};

/// About `requests` in the last `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlidingWindow {
    requests: NonZeroU32,
    /// In nanoseconds.
    per: NonZeroU64,
}

/// A level at a time.
struct Counts {
    current: u32,
    previous: u32,
    /// Nanoseconds until the current window ends, and the previous one counts for nothing. More than `per` only where
    /// the clock went back.
    left: u64,
}

impl SlidingWindow {
    pub(super) fn new(requests: NonZeroU32, per: Duration) -> Result<Self, Invalid> {
        Ok(Self { requests, per: invalid::per(per)? })
    }

    pub(super) fn capacity(&self) -> u32 {
        self.requests.get()
    }

    pub(super) fn window(&self) -> Duration {
        Duration::from_nanos(self.per.get())
    }

    pub(super) fn remaining(&self, level: Level, now: Nanos) -> u32 {
        let counts = self.counts(level, now);
        let used = self.whole(counts.current).saturating_add(self.part(counts.previous, counts.left));
        let left = self.whole(self.requests.get()).saturating_sub(used) / NonZeroU128::from(self.per);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// For a cost of at most `requests`.
    pub(super) fn wait(&self, level: Level, cost: u32, now: Nanos) -> Duration {
        let Counts { current, previous, left } = self.counts(level, now);
        let room = self.requests.get().saturating_sub(cost);
        let nanos = match room.checked_sub(current) {
            Some(room) => left.saturating_sub(self.fitting(previous, room)),
            None => left.saturating_add(self.per.get()).saturating_sub(self.fitting(current, room)),
        };
        Duration::from_nanos(nanos)
    }

    pub(super) fn take(&self, level: Level, cost: u32, now: Nanos) -> Level {
        if cost == 0 {
            return level;
        }
        let Counts { current, previous, left } = self.counts(level, now);
        let until = now.0.saturating_add(left).saturating_add(self.per.get());
        Level { until: Nanos(until), used: [current.saturating_add(cost), previous] }
    }

    pub(super) fn punish(&self, level: Level, cost: u32, now: Nanos) -> Level {
        let before = self.counts(level, now).current;
        let Level { until, used: [after, previous] } = self.take(level, cost, now);
        Level { until, used: [after.min(self.requests.get()).max(before), previous] }
    }

    /// Nothing of a window in which nothing was taken last.
    pub(super) fn give_back(&self, level: Level, cost: u32, taken_at: Nanos, now: Nanos) -> Level {
        let [latest, before] = level.used;
        let end = level.until.minus(self.window());
        if level.is_fresh(now) || taken_at >= end || taken_at < end.minus(self.window()) {
            return level;
        }
        match (latest.saturating_sub(cost), before) {
            (0, 0) => Level::default(),
            (0, before) => Level { until: end, used: [before, 0] },
            (latest, before) => Level { until: level.until, used: [latest, before] },
        }
    }

    /// Of the window in which it was taken, which is over a `per` before the level is.
    pub(super) fn still_held(&self, level: Level, count: u32, _: Nanos, now: Nanos) -> u32 {
        if level.until.minus(self.window()) <= now { 0 } else { count }
    }

    fn counts(&self, level: Level, now: Nanos) -> Counts {
        let [latest, before] = level.used;
        let ahead = level.until.0.saturating_sub(now.0);
        if ahead == 0 {
            let end = calendar::next(now, self.per, 0);
            Counts { current: 0, previous: 0, left: end.0.saturating_sub(now.0) }
        } else if ahead <= self.per.get() {
            Counts { current: 0, previous: latest, left: ahead }
        } else {
            Counts { current: latest, previous: before, left: ahead.saturating_sub(self.per.get()) }
        }
    }

    /// Requests times `per`.
    fn whole(&self, count: u32) -> u128 {
        u128::from(count).saturating_mul(self.per.get().into())
    }

    /// The part of them that counts, times `per`.
    fn part(&self, count: u32, left: u64) -> u128 {
        u128::from(count).saturating_mul(left.min(self.per.get()).into())
    }

    /// The longest time before the end of a window, in nanoseconds, at which no more than `room` of the `count` requests
    /// before it are counted.
    fn fitting(&self, count: u32, room: u32) -> u64 {
        match NonZeroU128::new(count.into()) {
            Some(divisor) if room < count => u64::try_from(self.whole(room) / divisor).unwrap_or(u64::MAX),
            _ => u64::MAX,
        }
    }
}
