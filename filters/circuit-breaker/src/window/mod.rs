//! The calls that a breaker judges by: the last so many, or those of the last so many seconds.
//!
//! Bounded in size and in work per call, whatever the traffic.

use std::num::NonZeroU32;

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The last so many calls, at most 10,000.
    Count(NonZeroU32),
    /// The calls of the last so many seconds, at most 3,600.
    Time(NonZeroU32),
}
