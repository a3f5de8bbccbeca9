//! How workers learn that something was revoked: a counter that all of them can read.

use sluicegate_common::proxy::{Counter, Proxy, Status};

/// The counter of revocations in this proxy process. Reading it costs a tenth of what reading the table does.
#[derive(Debug)]
pub(super) struct Epoch(Counter);

/// A reading of the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark(Option<u64>);

impl Mark {
    /// Whether something may have been revoked since `earlier`. Always, where the counter cannot be read.
    #[must_use]
    pub fn has_moved_since(self, earlier: Self) -> bool {
        self.0.is_none() || self != earlier
    }
}

impl Default for Epoch {
    fn default() -> Self {
        Self(Counter::new("sluicegate_auth_revocations_total"))
    }
}

impl Epoch {
    /// The counter as it stands.
    pub(super) fn mark(&self, proxy: &dyn Proxy) -> Mark {
        Mark(self.0.value(proxy).ok())
    }

    /// Makes sure that the counter is there, for this worker to move and for others to see.
    ///
    /// # Errors
    /// Other workers could not be told.
    pub(super) fn prepare(&self, proxy: &dyn Proxy) -> Result<(), Status> {
        self.0.value(proxy).map(drop)
    }

    /// Moves it: all that was checked before is checked again.
    ///
    /// # Errors
    /// Whatever the host answered.
    pub(super) fn advance(&self, proxy: &dyn Proxy) -> Result<(), Status> {
        self.0.try_increment(proxy)
    }
}
