//! What all workers know of one breaker: a state machine in one value of shared data. Pure: no host, no clock.

/// The most permits that a breaker can have.
pub const MOST_PERMITS: u32 = 100;
