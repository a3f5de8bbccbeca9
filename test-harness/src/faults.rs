//! Faults on demand: what a real proxy does once in a while, and never when a test looks.

use crate::record::Place;
use crate::status::Status;

/// One fault. It happens as often as it says, from when it is injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Calls of a host function answer a status and do nothing.
    Answer {
        /// The import, e.g. `proxy_set_shared_data`.
        call: String,
        /// What it answers; not [`Status::Ok`].
        status: Status,
        /// So many calls are as ever before it begins.
        skip: u32,
        /// How many calls it hits, at least 1.
        times: u32,
    },
    /// The next read of a key of shared data sees a write half done: the second half is of the value
    /// before.
    Torn {
        /// The key.
        key: Vec<u8>,
    },
    /// Ticks are lost; the timer goes on.
    DroppedTicks {
        /// How many, over all threads.
        times: u32,
    },
    /// The VMs of a thread die instead of running a callback.
    Kill {
        /// Whose VMs.
        place: Place,
        /// The exported function they do not live to run, e.g. `proxy_on_response_headers`.
        before: String,
    },
}

/// All faults, and whether they ever happened. Those that are over stay: where several requests run at once, who is hit
/// by one depends on who comes first, also for those that come later.
#[derive(Debug, Default)]
pub struct Faults(Vec<(Fault, bool)>);

impl Faults {
    pub fn inject(&mut self, fault: Fault) {
        self.0.push((fault, false));
    }

    /// Those that never happened: a test that counts on them proves nothing.
    pub fn unused(&self) -> Vec<Fault> {
        self.0.iter().filter(|(_, happened)| !happened).map(|(fault, _)| fault.clone()).collect()
    }

    /// Whether calls of a host function are to fail, or have failed.
    pub fn concerns_call(&self, name: &str) -> bool {
        self.0.iter().any(|(fault, _)| matches!(fault, Fault::Answer { call, .. } if call == name))
    }

    /// Whether a key is to be torn, or has been.
    pub fn concerns_read(&self, read: &[u8]) -> bool {
        self.0.iter().any(|(fault, _)| matches!(fault, Fault::Torn { key } if key == read))
    }

    /// What a call of a host function answers without being run.
    pub fn answer(&mut self, name: &str) -> Option<Status> {
        let hits = |(fault, _): &(Fault, bool)| matches!(fault, Fault::Answer { call, times: 1.., .. } if call == name);
        let at = self.0.iter().position(hits)?;
        let (Fault::Answer { status, skip, times, .. }, happened) = &mut self.0[at] else { return None };
        if *skip > 0 {
            *skip -= 1;
            return None;
        }
        let status = *status;
        *happened = true;
        *times -= 1;
        Some(status)
    }

    /// Whether this read of a key is torn.
    pub fn tears(&mut self, read: &[u8]) -> bool {
        self.take(|fault| matches!(fault, Fault::Torn { key } if key == read))
    }

    /// Whether this tick is lost.
    pub fn drops_tick(&mut self) -> bool {
        let hits = |(fault, _): &&mut (Fault, bool)| matches!(fault, Fault::DroppedTicks { times: 1.. });
        let Some((Fault::DroppedTicks { times }, happened)) = self.0.iter_mut().find(hits) else { return false };
        *times -= 1;
        *happened = true;
        true
    }

    /// Whether the VMs of a thread die before this callback.
    pub fn kills(&mut self, thread: Place, callback: &str) -> bool {
        self.take(|fault| matches!(fault, Fault::Kill { place, before } if *place == thread && before == callback))
    }

    /// Lets a fault happen that happens once.
    fn take(&mut self, hits: impl Fn(&Fault) -> bool) -> bool {
        let pending = self.0.iter_mut().find(|(fault, happened)| !happened && hits(fault));
        pending.map(|(_, happened)| *happened = true).is_some()
    }
}
