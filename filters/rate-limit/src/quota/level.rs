//! How far one limit is used up under one key.
//!
//! ```text
//! 0       8         12        16
//! | until | used[0] | used[1] |     little-endian
//! ```

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

    /// How long until nothing is used.
    #[must_use]
    pub fn fresh_in(self, now: Nanos) -> Duration {
        self.until.since(now)
    }

    /// A level that allows nothing that either of the two refuses, whatever the algorithm.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.used, other.used);
        Self { until: self.until.max(other.until), used: [a.max(c), b.max(d)] }
    }

    /// As it stands in shared data. Every 16 bytes are a level.
    #[must_use]
    pub fn decode(bytes: [u8; Self::SIZE]) -> Self {
        let word = u128::from_le_bytes(bytes);
        #[expect(clippy::cast_possible_truncation, reason = "three fields of one word")]
        Self { until: Nanos(word as u64), used: [(word >> 64) as u32, (word >> 96) as u32] }
    }

    /// As it stands in shared data.
    #[must_use]
    pub fn encode(self) -> [u8; Self::SIZE] {
        let [a, b] = self.used.map(u128::from);
        (u128::from(self.until.0) | a << 64 | b << 96).to_le_bytes()
    }
}
