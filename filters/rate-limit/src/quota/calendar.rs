//! Days, ISO weeks and months of the proleptic Gregorian calendar, in UTC without leap seconds as Unix time has it.

use std::num::NonZeroU64;
use std::time::Duration;

use sluicegate_common::time::Nanos;

/// A window of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From midnight.
    Day,
    /// From Monday's midnight (ISO 8601).
    Week,
    /// From the first of the month.
    Month,
}

const NANOS_OF_DAY: u64 = 24 * 60 * 60 * 1_000_000_000;
const NANOS_OF_WEEK: u64 = 7 * NANOS_OF_DAY;

/// The epoch was a Thursday.
const FIRST_MONDAY: u64 = 4 * NANOS_OF_DAY;

/// A day, in nanoseconds.
pub(super) const DAY: NonZeroU64 = NonZeroU64::MIN.saturating_add(NANOS_OF_DAY - 1);

/// A week, in nanoseconds.
pub(super) const WEEK: NonZeroU64 = NonZeroU64::MIN.saturating_add(NANOS_OF_WEEK - 1);

pub(super) const LONGEST_MONTH: Duration = Duration::from_nanos(31 * NANOS_OF_DAY);

impl Period {
    pub(super) fn shortest(self) -> Duration {
        Duration::from_nanos(match self {
            Self::Day => NANOS_OF_DAY,
            Self::Week => NANOS_OF_WEEK,
            Self::Month => 28 * NANOS_OF_DAY,
        })
    }
}

/// How long after the epoch the first week begins that begins `offset` after Monday's midnight.
pub(super) fn from_monday(offset: u64) -> u64 {
    offset.saturating_add(FIRST_MONDAY) % WEEK
}

/// The first of the times `phase`, `phase + length`, `phase + 2 length`, .. that comes after `at`.
pub(super) fn next(at: Nanos, length: NonZeroU64, phase: u64) -> Nanos {
    let Some(since) = at.0.checked_sub(phase) else { return Nanos(phase) };
    let gone = since % length;
    Nanos(at.0.saturating_add(length.get().saturating_sub(gone)))
}

/// The first time after `at` that lies `offset` after the beginning of a month.
pub(super) fn next_month(at: Nanos, offset: u64) -> Nanos {
    let Some(since) = at.0.checked_sub(offset) else { return Nanos(offset) };
    let days = first_of_next_month(since / DAY);
    Nanos(days.saturating_mul(NANOS_OF_DAY).saturating_add(offset))
}

/// From a day to the first of the month after it, both as days since the epoch.
///
/// The two directions of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms" in one. Years begin in March,
/// so that a leap day is a year's last, and are counted from the year 0 in eras of 400, of 146097 days each.
fn first_of_next_month(day: u64) -> u64 {
    const TO_EPOCH: u64 = 719_468;
    const ERA: u64 = 146_097;
    let day = day.saturating_add(TO_EPOCH);
    let (era, day_of_era) = (day / ERA, day % ERA);
    let leaps = (day_of_era / 1_460).saturating_add(day_of_era / 146_096);
    let year = day_of_era.saturating_add(day_of_era / 36_524).saturating_sub(leaps) / 365;
    let first_of_year = year.saturating_mul(365).saturating_add(year / 4).saturating_sub(year / 100);
    let day_of_year = day_of_era.saturating_sub(first_of_year);
    let month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    // A year's last month is February: the next one is the first of the next year, whether it has a leap day or not.
    let next = if month >= 11 {
        let year = year.saturating_add(1);
        year.saturating_mul(365).saturating_add(year / 4).saturating_sub(year / 100).saturating_add(year / 400)
    } else {
        first_of_year.saturating_add(month.saturating_add(1).saturating_mul(153).saturating_add(2) / 5)
    };
    era.saturating_mul(ERA).saturating_add(next).saturating_sub(TO_EPOCH)
}
