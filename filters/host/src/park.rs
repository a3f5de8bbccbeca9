//! Streams that wait for background work.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::chain::Chain;
use sluicegate_common::filter::Topic;
use sluicegate_common::time::Nanos;

use crate::stream::Stream;

/// A stream as its HTTP context and the park list hold it.
pub type SharedStream<C> = Rc<RefCell<Stream<C>>>;

/// A parked stream and what wakes it.
pub struct Parked<C: Chain> {
    /// The stream's HTTP context.
    pub context: u32,
    pub stream: SharedStream<C>,
    /// The filter that waits.
    pub at: usize,
    pub topic: Topic,
    pub until: Nanos,
}

/// All parked streams of a root context, in the order they came.
pub struct ParkList<C: Chain>(Vec<Parked<C>>);

impl<C: Chain> Default for ParkList<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C: Chain> ParkList<C> {
    pub fn add(&mut self, parked: Parked<C>) {
        self.0.push(parked);
    }

    /// The stream ended by itself.
    pub fn forget(&mut self, context: u32) {
        self.0.retain(|parked| parked.context != context);
    }

    /// The clock was set back by so much: they wait no longer for that.
    pub fn set_back(&mut self, by: Duration) {
        self.0.iter_mut().for_each(|parked| parked.until = parked.until.minus(by));
    }

    /// Takes those for which `wakes` holds.
    pub fn take(&mut self, wakes: impl Fn(&Parked<C>) -> bool) -> Vec<Parked<C>> {
        let (taken, stay) = std::mem::take(&mut self.0).into_iter().partition(wakes);
        self.0 = stay;
        taken
    }
}
