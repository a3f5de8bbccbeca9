//! How much is allowed in which time: pure arithmetic, no key and no store.

use std::time::Duration;

use sluicegate_common::time::Nanos;

/// How far one limit is used up under one key. What `used` means is the algorithm's business; when it is fresh again
/// is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// From then on nothing is used. The default was fresh at all times.
    pub until: Nanos,
    /// Counts, or the fraction of a nanosecond.
    pub used: [u32; 2],
}

impl Level {
    /// Bytes of a level in shared data.
    pub const SIZE: usize = 16;

    /// Whether nothing is used: as good as no level at all.
    #[must_use]
    pub fn is_fresh(self, now: Nanos) -> bool {
        self.until <= now
    }

    /// A level that allows nothing that either of the two refuses, whatever the algorithm.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.used, other.used);
        Self { until: self.until.max(other.until), used: [a.max(c), b.max(d)] }
    }
}

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
