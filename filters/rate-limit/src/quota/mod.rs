//! How much is allowed in which time: pure arithmetic, no key and no store.
//!
//! 1. A level says how far a [`Quota`] is used up. A fresh one is as good as none.
//! 2. [`Quota::judge`] says whether a cost fits, and the level once it is taken.
//! 3. Whoever was refused and waits `retry_in` fits, and a nanosecond earlier does not, if nobody else takes anything.
//! 4. [`Quota::give_back`] makes nobody richer than if the cost had never been taken.
//! 5. A level is never brought nearer: it may be that of a longer time, under another rule. Who keeps levels clips what
//!    lies too far ahead of all of them.

mod calendar;
mod fixed_window;
mod invalid;
mod level;
mod sliding_window;
#[cfg(test)]
mod tests;
mod token_bucket;

use std::num::NonZeroU32;
use std::time::Duration;

use sluicegate_common::time::Nanos;

pub use calendar::Period;
pub use fixed_window::{Align, FixedWindow};
pub use invalid::Invalid;
pub use level::Level;
pub use sliding_window::SlidingWindow;
pub use token_bucket::TokenBucket;

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How much may still be taken at once.
    pub remaining: u32,
    /// How long until `remaining` grows; zero where nothing is used.
    pub more_in: Duration,
    /// How long until nothing is used.
    pub fresh_in: Duration,
}

/// What a limit says of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// It fits.
    Fits {
        /// The level as it counts before.
        before: Level,
        /// The level once it is taken.
        after: Level,
        /// What is left then.
        standing: Standing,
    },
    /// It does not.
    Exceeds {
        /// How long until the same cost fits, if nothing else is taken; `None` where it never does.
        retry_in: Option<Duration>,
        /// What is left.
        standing: Standing,
    },
}

/// How much is allowed in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Evenly, and a burst at once.
    TokenBucket(TokenBucket),
    /// A count that starts anew with each window.
    FixedWindow(FixedWindow),
    /// A count of about the last window.
    SlidingWindow(SlidingWindow),
}

/// `$quota.$method(..)`, whichever algorithm it is.
macro_rules! each {
    ($quota:expr, $method:ident $args:tt) => {
        match $quota {
            Quota::TokenBucket(quota) => quota.$method $args,
            Quota::FixedWindow(quota) => quota.$method $args,
            Quota::SlidingWindow(quota) => quota.$method $args,
        }
    };
}

impl Quota {
    /// `requests` tokens flow into a bucket in each `per`; it holds `burst`, and is full at first.
    ///
    /// # Errors
    /// `per` is zero, or it or the time in which the bucket fills is longer than 100 years.
    pub fn token_bucket(requests: NonZeroU32, per: Duration, burst: NonZeroU32) -> Result<Self, Invalid> {
        TokenBucket::new(requests, per, burst).map(Self::TokenBucket)
    }

    /// `requests` in each window of length `per`.
    ///
    /// # Errors
    /// `per` is zero or longer than 100 years.
    pub fn fixed_window(requests: NonZeroU32, per: Duration, align: Align) -> Result<Self, Invalid> {
        FixedWindow::new(requests, per, align).map(Self::FixedWindow)
    }

    /// `requests` in each day, week or month of UTC. `offset` lets it begin later than at midnight, on Monday or on
    /// the first.
    ///
    /// # Errors
    /// `offset` is not below a day, a week or 28 days.
    pub fn calendar(requests: NonZeroU32, period: Period, offset: Duration) -> Result<Self, Invalid> {
        FixedWindow::calendar(requests, period, offset).map(Self::FixedWindow)
    }

    /// About `requests` in the last `per`; never more than `2 * requests - 1`, however they come.
    ///
    /// # Errors
    /// `per` is zero or longer than 100 years.
    pub fn sliding_window(requests: NonZeroU32, per: Duration) -> Result<Self, Invalid> {
        SlidingWindow::new(requests, per).map(Self::SlidingWindow)
    }

    /// The most that can be used at once.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        each!(self, capacity())
    }

    /// How long it takes for all of it to come back: rounded up to a nanosecond, and that of the longest month.
    #[must_use]
    pub fn window(&self) -> Duration {
        each!(self, window())
    }

    /// The longest that a level's `until` lies ahead, as long as the clock does not go back.
    #[must_use]
    pub fn ceiling(&self) -> Duration {
        match self {
            Self::SlidingWindow(quota) => quota.window().saturating_mul(2),
            quota => quota.window(),
        }
    }

    /// Whether the cost fits into what is left. A cost of zero always does, and tells how the limit stands.
    #[must_use]
    pub fn judge(&self, level: Level, cost: u32, now: Nanos) -> Judged {
        match self.wait(level, cost, now) {
            Some(Duration::ZERO) => {
                let after = if cost == 0 { level } else { each!(self, take(level, cost, now)) };
                Judged::Fits { before: level, after, standing: self.standing(after, now) }
            }
            retry_in => Judged::Exceeds { retry_in, standing: self.standing(level, now) },
        }
    }

    /// The level after a refusal that counts as well. Never more than all is used: whoever stops is let in again after
    /// one [`Self::ceiling`].
    #[must_use]
    pub fn punish(&self, level: Level, cost: u32, now: Nanos) -> Level {
        if cost == 0 { level } else { each!(self, punish(level, cost, now)) }
    }

    /// The level once a cost that was taken at `taken_at` is given back, less what came back by itself since. Never
    /// lower than if it had never been taken and all others had; where refusals count, those since then may be given
    /// back with it.
    #[must_use]
    pub fn give_back(&self, level: Level, cost: u32, taken_at: Nanos, now: Nanos) -> Level {
        each!(self, give_back(level, cost, taken_at, now))
    }

    /// How much of a count that was taken ahead at `taken_at`, and is not used yet, may still be used: less what came
    /// back to the limit by itself since, and nothing once the window is over. `level` is that which it was taken into.
    /// Several who hold some, each of its own, use no more together than if each had taken it when it was used.
    #[must_use]
    pub fn still_held(&self, level: Level, count: u32, taken_at: Nanos, now: Nanos) -> u32 {
        each!(self, still_held(level, count, taken_at, now))
    }

    /// Whether what is held of the count taken into `level` may be added to that taken into `later`.
    #[must_use]
    pub fn joins(&self, level: Level, later: Level) -> bool {
        matches!(self, Self::TokenBucket(_)) || level.until == later.until
    }

    /// How long until the cost fits; `None` where it never does.
    fn wait(&self, level: Level, cost: u32, now: Nanos) -> Option<Duration> {
        match cost {
            0 => Some(Duration::ZERO),
            _ if cost > self.capacity() => None,
            _ => Some(each!(self, wait(level, cost, now))),
        }
    }

    fn standing(&self, level: Level, now: Nanos) -> Standing {
        let remaining = each!(self, remaining(level, now));
        let more_in = self.wait(level, remaining.saturating_add(1), now).unwrap_or_default();
        Standing { remaining, more_in, fresh_in: level.fresh_in(now) }
    }
}
