//! Workers that look for breakers at once, interleaved at every access to shared data, in every order.

use std::collections::HashSet;

use sluicegate_common::store::memory::{Dialect, MemoryShared};
use sluicegate_common::store::replay::{Answer, Call, replay};

use super::*;

/// A worker: what it looks for, one after the other, and what the host has answered. It is a pure function of both.
#[derive(Debug, Clone)]
struct Worker {
    slots: u32,
    names: &'static [&'static str],
    answers: Vec<Answer>,
}

impl Worker {
    /// Where its breakers are, or what it asks of the host next.
    fn go(&self) -> Result<Vec<Place>, Call> {
        let table = Table::new("services", self.slots);
        let find = |host: &dyn Proxy| self.names.iter().map(|name| table.find(host, name)).collect();
        replay(&self.answers, find).map(|found: Result<Vec<Place>, StoreError>| found.unwrap())
    }
}

/// Walks on in every order of calls; those that lead to the same state go on alike, and are followed once.
fn walk(
    shared: &MemoryShared,
    workers: &[Worker],
    seen: &mut HashSet<String>,
    end: &mut dyn FnMut(&MemoryShared, &[Vec<Place>]),
) {
    if !seen.insert(format!("{shared:?} {workers:?}")) {
        return;
    }
    let mut done = Vec::new();
    for (index, worker) in workers.iter().enumerate() {
        let call = match worker.go() {
            Ok(places) => {
                done.push(places);
                continue;
            }
            Err(call) => call,
        };
        let branch = shared.clone();
        let mut workers = workers.to_vec();
        workers[index].answers.push(call.perform(&branch));
        walk(&branch, &workers, seen, end);
    }
    if done.len() == workers.len() {
        end(shared, &done);
    }
}

struct Case {
    slots: u32,
    /// Whether the slots were made at the start.
    started: bool,
    workers: &'static [&'static [&'static str]],
    /// Of the least different states that there must be on the way.
    states: usize,
}

impl Case {
    /// In every order each name has one place, no two have the same but for those that share, and a worker that comes
    /// later finds them all there.
    fn check(&self, dialect: Dialect) -> usize {
        let process = Process::new(dialect);
        if self.started {
            Table::new("services", self.slots).start(&process);
        }
        let new = |names: &&'static [&'static str]| Worker { slots: self.slots, names, answers: Vec::new() };
        let workers: Vec<Worker> = self.workers.iter().map(new).collect();
        let names: BTreeSet<&str> = self.workers.iter().copied().flatten().copied().collect();
        let mut seen = HashSet::new();
        walk(&process.shared, &workers, &mut seen, &mut |shared, found| {
            let process = Process::with_shared(dialect, shared.clone());
            let late = Table::new("services", self.slots);
            let writes = shared.writes();
            let mut keys = BTreeSet::new();
            let mut others = 0;
            for name in &names {
                let place = late.find(&process, name).unwrap();
                keys.insert(place.key().to_owned());
                others += usize::from(place.is_other());
                let of = |(asked, found): (&&'static [&'static str], &Vec<Place>)| {
                    let index = asked.iter().position(|asked| asked == name)?;
                    Some(found[index].clone())
                };
                let all: Vec<Place> = self.workers.iter().zip(found).filter_map(of).collect();
                assert!(!all.is_empty() && all.iter().all(|found| *found == place), "{name}: {all:?}, {place:?}");
            }
            assert_eq!(process.shared.writes(), writes, "all was claimed");
            let slots = usize::try_from(self.slots).unwrap().min(names.len());
            assert_eq!(keys.len(), slots + usize::from(others > 0));
            assert_eq!(others, names.len() - slots);
        });
        seen.len()
    }
}

#[test]
fn no_order_gives_two_slots_to_a_name_or_two_names_to_a_slot() {
    let cases = [
        Case { slots: 2, started: true, workers: &[&["a"], &["a"]], states: 10 },
        Case { slots: 2, started: true, workers: &[&["a"], &["b"]], states: 10 },
        Case { slots: 2, started: false, workers: &[&["a"], &["a"]], states: 10 },
        Case { slots: 2, started: false, workers: &[&["a"], &["b"]], states: 10 },
        Case { slots: 3, started: true, workers: &[&["a", "b", "c"], &["c", "b", "a"]], states: 50 },
        Case { slots: 3, started: false, workers: &[&["a", "b", "c"], &["c", "b", "a"]], states: 50 },
        Case { slots: 2, started: true, workers: &[&["a", "b", "c"], &["c", "a"]], states: 50 },
        Case { slots: 1, started: true, workers: &[&["a", "b"], &["b", "a"]], states: 30 },
        Case { slots: 1, started: false, workers: &[&["a", "b"], &["b", "a"]], states: 30 },
        Case { slots: 2, started: true, workers: &[&["a", "b"], &["b", "a"], &["c", "b"]], states: 300 },
    ];
    for dialect in BOTH {
        for case in &cases {
            let found = case.check(dialect);
            let Case { slots, started, workers, states } = case;
            assert!(found >= *states, "{dialect:?}, {slots} slots, {started}, {workers:?}: only {found} states");
        }
    }
}
