//! `requests` in each window. A new one begins when the last is over.
//!
//! `until` is the window's end, `used[0]` the count, `used[1]` says which windows it is of. A level that is not fresh is
//! the current window's, whatever its end: clocks of two requests may differ around a boundary, and a window that was begun
//! is not cut short. A level of other windows (those of another rule or plan, or of the config before) is not over before
//! one of these that begins with the request: who may begin a short window would have a long one end with it.
//!
//! Around a boundary twice as many pass within a moment: that is what the algorithm promises, and no more.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::Level;
use super::calendar::{self, Period};
use super::invalid::{self, Invalid};

/// Where windows begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At multiples of their length since the Unix epoch: the same for all keys.
    Epoch,
    /// With the first request after the last window: each key has its own.
    FirstRequest,
}

/// `requests` in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedWindow {
    requests: NonZeroU32,
    windows: Windows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Windows {
    FromFirst {
        length: NonZeroU64,
    },
    /// One begins `phase` after the epoch; `phase` is below `length`.
    Every {
        length: NonZeroU64,
        phase: u64,
    },
    /// Months, begun later by `offset` nanoseconds.
    Monthly {
        offset: u64,
    },
}

impl FixedWindow {
    pub(super) fn new(requests: NonZeroU32, per: Duration, align: Align) -> Result<Self, Invalid> {
        let length = invalid::per(per)?;
        let windows = match align {
            Align::Epoch => Windows::Every { length, phase: 0 },
            Align::FirstRequest => Windows::FromFirst { length },
        };
        Ok(Self { requests, windows })
    }

    pub(super) fn calendar(requests: NonZeroU32, period: Period, offset: Duration) -> Result<Self, Invalid> {
        let below = period.shortest();
        let offset =
            u64::try_from(offset.as_nanos()).ok().filter(|_| offset < below).ok_or(Invalid::Offset { below })?;
        let windows = match period {
            Period::Day => Windows::Every { length: calendar::DAY, phase: offset },
            Period::Week => Windows::Every { length: calendar::WEEK, phase: calendar::from_monday(offset) },
            Period::Month => Windows::Monthly { offset },
        };
        Ok(Self { requests, windows })
    }

    pub(super) fn capacity(&self) -> u32 {
        self.requests.get()
    }

    pub(super) fn window(&self) -> Duration {
        match self.windows {
            Windows::FromFirst { length } | Windows::Every { length, .. } => Duration::from_nanos(length.get()),
            Windows::Monthly { .. } => calendar::LONGEST_MONTH,
        }
    }

    pub(super) fn remaining(&self, level: Level, now: Nanos) -> u32 {
        self.requests.get().saturating_sub(count(level, now))
    }

    pub(super) fn wait(&self, level: Level, cost: u32, now: Nanos) -> Duration {
        match count(level, now).checked_add(cost) {
            Some(count) if count <= self.requests.get() => Duration::ZERO,
            _ => level.fresh_in(now),
        }
    }

    pub(super) fn take(&self, level: Level, cost: u32, now: Nanos) -> Level {
        let (end, mark) = (self.end(now), self.mark());
        let (until, mark) = match level.used {
            [_, of] if !level.is_fresh(now) && (of == mark || level.until >= end) => (level.until, of),
            _ => (end, mark),
        };
        Level { until, used: [count(level, now).saturating_add(cost), mark] }
    }

    pub(super) fn punish(&self, level: Level, cost: u32, now: Nanos) -> Level {
        let before = count(level, now);
        let Level { until, used: [after, mark] } = self.take(level, cost, now);
        Level { until, used: [after.min(self.requests.get()).max(before), mark] }
    }

    /// Nothing of a window that is over.
    pub(super) fn give_back(&self, level: Level, cost: u32, taken_at: Nanos, now: Nanos) -> Level {
        if level.is_fresh(now) || !self.was_taken_in(level, taken_at) {
            return level;
        }
        match count(level, now).saturating_sub(cost) {
            0 => Level::default(),
            count => Level { until: self.end_of_rest(level, taken_at, now), used: [count, level.used[1]] },
        }
    }

    pub(super) fn still_held(&self, level: Level, count: u32, _: Nanos, now: Nanos) -> u32 {
        if level.is_fresh(now) { 0 } else { count }
    }

    /// What tells windows of other lengths or boundaries apart.
    fn mark(&self) -> u32 {
        let (length, phase) = match self.windows {
            Windows::FromFirst { length } => (length.get(), 0),
            Windows::Every { length, phase } => (length.get(), phase.saturating_add(1)),
            Windows::Monthly { offset } => (0, offset.saturating_add(1)),
        };
        let mixed = length ^ phase.rotate_left(17);
        u32::try_from((mixed ^ (mixed >> 32)) & u64::from(u32::MAX)).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn begins_with_requests(&self) -> bool {
        matches!(self.windows, Windows::FromFirst { .. })
    }

    fn was_taken_in(&self, level: Level, taken_at: Nanos) -> bool {
        match self.windows {
            Windows::FromFirst { .. } => level.until.minus(self.window()) <= taken_at && taken_at < level.until,
            Windows::Every { .. } | Windows::Monthly { .. } => self.end(taken_at) == level.until,
        }
    }

    /// The end of the window, once the cost that was taken then is given back. Where that cost began it, it would have
    /// begun with another request, at the latest now.
    fn end_of_rest(&self, level: Level, taken_at: Nanos, now: Nanos) -> Nanos {
        match self.windows {
            Windows::FromFirst { .. } if self.end(taken_at) == level.until => self.end(now.max(taken_at)),
            _ => level.until,
        }
    }

    /// The end of a window in which `at` lies; that of one which begins there, where windows begin with requests.
    fn end(&self, at: Nanos) -> Nanos {
        match self.windows {
            Windows::FromFirst { length } => Nanos(at.0.saturating_add(length.get())),
            Windows::Every { length, phase } => calendar::next(at, length, phase),
            Windows::Monthly { offset } => calendar::next_month(at, offset),
        }
    }
}

fn count(level: Level, now: Nanos) -> u32 {
    let [count, _] = level.used;
    if level.is_fresh(now) { 0 } else { count }
}
