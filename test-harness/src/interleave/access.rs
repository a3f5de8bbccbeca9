//! What a step touches, and which steps may change places.

use std::fmt;

use bstr::ByteSlice;

/// What a step begins with; all else that it does is its thread's own business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// An event of a worker: a request arrives, an answer, a timer. It waits for the end of the one before.
    Event,
    /// A VM of a worker dies in the middle of an event, or all of them between two.
    Kill,
    /// Nobody can go on, and time moves to where somebody can.
    Wait,
    /// Reads something shared.
    Read(Shared),
    /// Changes something shared, or tries to.
    Write(Shared),
    /// Adds to a counter: the order of additions does not show.
    Add(Shared),
}

/// State that all threads share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    /// A key of shared data in the namespace of a `vm_id`.
    Data(String, Vec<u8>),
    /// A metric, by its id.
    Metric(u32),
    /// All queues: resolving, registering and using them depend on each other.
    Queues,
    /// What a cluster answers.
    Cluster(String),
    /// Faults that are to hit a host function, whoever calls it first.
    Fault(&'static str),
}

impl Access {
    /// Whether the order of two accesses of different threads cannot show.
    pub fn commutes(&self, other: &Access) -> bool {
        match (self, other) {
            (Access::Wait, _) | (_, Access::Wait) => false,
            (Access::Event | Access::Kill, _) | (_, Access::Event | Access::Kill) => true,
            (Access::Read(_), Access::Read(_)) | (Access::Add(_), Access::Add(_)) => true,
            (
                Access::Read(one) | Access::Write(one) | Access::Add(one),
                Access::Read(two) | Access::Write(two) | Access::Add(two),
            ) => one != two,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Access::Event => f.write_str("next event"),
            Access::Kill => f.write_str("killed"),
            Access::Wait => f.write_str("time goes by"),
            Access::Read(shared) => write!(f, "read {shared}"),
            Access::Write(shared) => write!(f, "write {shared}"),
            Access::Add(shared) => write!(f, "add to {shared}"),
        }
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shared::Data(_, key) => write!(f, "shared data \"{}\"", key.escape_bytes()),
            Shared::Metric(id) => write!(f, "metric {id}"),
            Shared::Queues => f.write_str("the queues"),
            Shared::Cluster(name) => write!(f, "cluster {name}"),
            Shared::Fault(name) => write!(f, "the fault of {name}"),
        }
    }
}
