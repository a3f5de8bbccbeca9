//! Virtual time: a wall clock that can be set, a monotonic clock that only advances, and timers.

use std::collections::BTreeMap;
use std::time::Duration;

/// Nanoseconds on the monotonic clock; 0 is the start of the proxy.
pub type Instant = u64;

/// Both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    unix_nanos: u64,
    now: Instant,
}

impl Clock {
    pub fn new(unix_nanos: u64) -> Self {
        Clock { unix_nanos, now: 0 }
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn unix_nanos(&self) -> u64 {
        self.unix_nanos
    }

    /// Sets the wall clock only.
    pub fn set_unix_nanos(&mut self, unix_nanos: u64) {
        self.unix_nanos = unix_nanos;
    }

    /// Moves both clocks forward to a monotonic instant; earlier instants change nothing.
    pub fn move_to(&mut self, instant: Instant) {
        let step = instant.saturating_sub(self.now);
        self.now += step;
        self.unix_nanos = self.unix_nanos.saturating_add(step);
    }
}

/// Adds a duration to an instant.
pub fn after(now: Instant, duration: Duration) -> Instant {
    now.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// The tick timers of a VM's root contexts.
#[derive(Debug, Default)]
pub struct Ticks {
    timers: BTreeMap<u32, Tick>,
}

#[derive(Clone, Copy, Debug)]
struct Tick {
    period: Duration,
    due: Instant,
}

impl Ticks {
    /// Starts, restarts or (period zero) stops the timer of a root context.
    pub fn set_period(&mut self, root: u32, period: Duration, now: Instant) {
        if period.is_zero() {
            self.timers.remove(&root);
        } else {
            self.timers.insert(root, Tick { period, due: after(now, period) });
        }
    }

    /// Whether a root context has a timer.
    pub fn is_set(&self, root: u32) -> bool {
        self.timers.contains_key(&root)
    }

    /// Stops all timers.
    pub fn stop(&mut self) {
        self.timers.clear();
    }

    /// When the next timer fires.
    pub fn next_due(&self) -> Option<Instant> {
        self.timers.values().map(|tick| tick.due).min()
    }

    /// The root context whose timer is due first; it is armed again.
    pub fn take_due(&mut self, now: Instant) -> Option<u32> {
        let (&root, tick) = self.timers.iter_mut().filter(|(_, tick)| tick.due <= now).min_by_key(|(_, t)| t.due)?;
        tick.due = after(now, tick.period);
        Some(root)
    }
}
