//! What became of a request at the upstream, as a window counts it.

/// A call that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Call {
    /// The upstream failed.
    pub failed: bool,
    /// It took at least `slow_call_duration` until the response's head was there.
    pub slow: bool,
}

/// Calls of a window, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// All of them.
    pub calls: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that were slow; a slow call may have failed as well.
    pub slow: u32,
}

impl Totals {
    /// Counts one more.
    pub fn add(&mut self, call: Call) {
        self.calls = self.calls.saturating_add(1);
        self.failed = self.failed.saturating_add(u32::from(call.failed));
        self.slow = self.slow.saturating_add(u32::from(call.slow));
    }

    /// Takes one of them back.
    pub fn remove(&mut self, call: Call) {
        self.calls = self.calls.saturating_sub(1);
        self.failed = self.failed.saturating_sub(u32::from(call.failed));
        self.slow = self.slow.saturating_sub(u32::from(call.slow));
    }
}
