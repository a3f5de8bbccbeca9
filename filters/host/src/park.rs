//! Streams that wait for background work.

use std::time::Duration;

use sluicegate_common::filter::Topic;
use sluicegate_common::time::Nanos;

/// A parked stream and what wakes it.
#[derive(Debug, Clone, Copy)]
pub struct Parked {
    /// The stream's context.
    pub context: u32,
    /// The root context whose background work it waits for.
    pub root: u32,
    /// The filter that waits.
    pub at: usize,
    pub topic: Topic,
    pub until: Nanos,
}

/// All parked streams of a VM, in the order they came.
#[derive(Default)]
pub struct ParkList(Vec<Parked>);

impl ParkList {
    pub fn add(&mut self, parked: Parked) {
        self.0.push(parked);
    }

    /// The stream waits for that no more.
    pub fn forget(&mut self, context: u32) {
        self.0.retain(|parked| parked.context != context);
    }

    /// The clock was set back by so much: those of that root wait no longer for that.
    pub fn set_back(&mut self, root: u32, by: Duration) {
        let of_root = self.0.iter_mut().filter(|parked| parked.root == root);
        of_root.for_each(|parked| parked.until = parked.until.minus(by));
    }

    /// Takes those for which `wakes` holds.
    pub fn take(&mut self, wakes: impl Fn(&Parked) -> bool) -> Vec<Parked> {
        self.0.extract_if(.., |parked| wakes(parked)).collect()
    }
}
