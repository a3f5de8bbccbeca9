//! The calls that a breaker judges by: the last so many, or those of the last so many seconds.
//!
//! Bounded in size and in work per call, whatever the traffic.

mod count;
mod time;

use std::num::NonZeroU32;

use sluicegate_common::time::Nanos;

use crate::call::{Call, Totals};
use count::Ring;
use time::Buckets;

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The last so many calls, at most [`MOST_CALLS`].
    Count(NonZeroU32),
    /// The calls of the last so many seconds, at most [`MOST_SECONDS`].
    Time(NonZeroU32),
}

/// The largest window of calls.
pub const MOST_CALLS: u32 = 10_000;
/// The longest window of seconds.
pub const MOST_SECONDS: u32 = 3_600;

/// Calls, by the shape of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Count(Ring),
    Time(Buckets),
}

impl Window {
    /// Without calls. Sizes above the greatest count as those.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self(match shape {
            Shape::Count(size) => Kind::Count(Ring::new(size.get().min(MOST_CALLS))),
            Shape::Time(seconds) => Kind::Time(Buckets::new(seconds.get().min(MOST_SECONDS))),
        })
    }

    /// What it was made for.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let size = |size| NonZeroU32::new(size).unwrap_or(NonZeroU32::MIN);
        match &self.0 {
            Kind::Count(ring) => Shape::Count(size(ring.size())),
            Kind::Time(buckets) => Shape::Time(size(buckets.seconds())),
        }
    }

    /// Counts a call that ended now.
    pub fn add(&mut self, call: Call, now: Nanos) {
        match &mut self.0 {
            Kind::Count(ring) => ring.add(call),
            Kind::Time(buckets) => buckets.add(call, now),
        }
    }

    /// The calls in it now.
    pub fn totals(&mut self, now: Nanos) -> Totals {
        match &mut self.0 {
            Kind::Count(ring) => ring.totals(),
            Kind::Time(buckets) => buckets.totals(now),
        }
    }

    /// Whether it has been in use for as long as it is: all its calls are there, or its time is over once.
    pub fn is_full(&mut self, now: Nanos) -> bool {
        match &mut self.0 {
            Kind::Count(ring) => ring.is_full(),
            Kind::Time(buckets) => buckets.is_full(now),
        }
    }

    /// Appends it: its shape, then its calls.
    pub fn write(&self, to: &mut Vec<u8>) {
        match &self.0 {
            Kind::Count(ring) => {
                to.push(0);
                ring.write(to);
            }
            Kind::Time(buckets) => {
                to.push(1);
                buckets.write(to);
            }
        }
    }

    /// Reads what [`Window::write`] wrote and leaves what is behind; `None` for anything else.
    #[must_use]
    pub fn read(from: &mut &[u8]) -> Option<Self> {
        let (kind, rest) = from.split_first()?;
        *from = rest;
        Some(Self(match kind {
            0 => Kind::Count(Ring::read(from)?),
            1 => Kind::Time(Buckets::read(from)?),
            _ => return None,
        }))
    }
}

/// The next number, little-endian.
fn take_u32(from: &mut &[u8]) -> Option<u32> {
    let (number, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u32::from_le_bytes(*number))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
