//! A bucket of `burst` tokens into which `requests` tokens flow evenly in each `per`.
//!
//! It is kept as the generic cell rate algorithm does (ITU-T I.371, annex A.1): a level is the theoretical arrival
//! time, the time at which the bucket is full again. What is used is the time from now until then, in units of
//! 1/`requests` of a nanosecond, of which a token takes exactly `per`: nothing is ever rounded.
//!
//! `until` is the first nanosecond at which the bucket is full, `used[0]` how much of the nanosecond before that is
//! used, 1 to `requests`.

use std::num::{NonZeroU32, NonZeroU64, NonZeroU128};
use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::Level;
use super::invalid::{self, Invalid};

/// `requests` in each `per`, at most `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenBucket {
    requests: NonZeroU32,
    /// In nanoseconds. A token takes as many units.
    per: NonZeroU64,
    burst: NonZeroU32,
}

impl TokenBucket {
    pub(super) fn new(requests: NonZeroU32, per: Duration, burst: NonZeroU32) -> Result<Self, Invalid> {
        let this = Self { requests, per: invalid::per(per)?, burst };
        if this.nanos(this.full()) > u128::from(invalid::LONGEST) {
            return Err(Invalid::Burst);
        }
        Ok(this)
    }

    pub(super) fn capacity(&self) -> u32 {
        self.burst.get()
    }

    pub(super) fn window(&self) -> Duration {
        duration(self.nanos(self.full()))
    }

    pub(super) fn remaining(&self, level: Level, now: Nanos) -> u32 {
        let left = self.full().saturating_sub(self.used(level, now)) / NonZeroU128::from(self.per);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    pub(super) fn wait(&self, level: Level, cost: u32, now: Nanos) -> Duration {
        let after = self.used(level, now).saturating_add(self.tokens(cost));
        duration(self.nanos(after.saturating_sub(self.full())))
    }

    pub(super) fn take(&self, level: Level, cost: u32, now: Nanos) -> Level {
        self.level(self.used(level, now).saturating_add(self.tokens(cost)), now)
    }

    pub(super) fn punish(&self, level: Level, cost: u32, now: Nanos) -> Level {
        let used = self.used(level, now);
        self.level(used.saturating_add(self.tokens(cost)).min(self.full()).max(used), now)
    }

    /// Had the cost not been taken, the bucket may have stood full ever since: less would be used by what is left of
    /// the cost after that time.
    pub(super) fn give_back(&self, level: Level, cost: u32, taken_at: Nanos, now: Nanos) -> Level {
        let decayed = now.since(taken_at).as_nanos().saturating_mul(self.denominator().get());
        let left = self.tokens(cost).saturating_sub(decayed);
        self.level(self.used(level, now).saturating_sub(left), now)
    }

    /// The bucket fills by what is used first. Nobody knows who that was, so it counts against everybody.
    pub(super) fn still_held(&self, _: Level, count: u32, taken_at: Nanos, now: Nanos) -> u32 {
        let filled = now.since(taken_at).as_nanos().saturating_mul(self.denominator().get());
        let left = self.tokens(count).saturating_sub(filled) / NonZeroU128::from(self.per);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    fn tokens(&self, count: u32) -> u128 {
        u128::from(count).saturating_mul(self.per.get().into())
    }

    fn full(&self) -> u128 {
        self.tokens(self.burst.get())
    }

    /// Units of a nanosecond.
    fn denominator(&self) -> NonZeroU128 {
        self.requests.into()
    }

    /// The first whole nanosecond after so many units.
    fn nanos(&self, units: u128) -> u128 {
        units.saturating_add(u128::from(self.requests.get()).saturating_sub(1)) / self.denominator()
    }

    fn used(&self, level: Level, now: Nanos) -> u128 {
        let [fraction, _] = level.used;
        match level.until.0.saturating_sub(now.0).checked_sub(1) {
            None => 0,
            Some(whole) => u128::from(whole)
                .saturating_mul(self.denominator().get())
                .saturating_add(fraction.min(self.requests.get()).into()),
        }
    }

    fn level(&self, used: u128, now: Nanos) -> Level {
        let Some(before) = used.checked_sub(1) else { return Level::default() };
        let whole = u64::try_from(before / self.denominator()).unwrap_or(u64::MAX);
        let fraction = u32::try_from(before % self.denominator()).unwrap_or(u32::MAX).saturating_add(1);
        Level { until: Nanos(now.0.saturating_add(whole).saturating_add(1)), used: [fraction, 0] }
    }
}

fn duration(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
