//! Workers racing for one key, interleaved at every host call, in every order there is.

use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZeroU32;

use crate::proxy::Status;
use crate::store::memory::{Dialect, MemoryShared};
use crate::store::{SharedData, SharedStore, State, StoreError};

const KEY: &str = "sg:race:0";

/// What a worker asks of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    Get,
    Set(Vec<u8>, Option<u32>),
}

#[derive(Debug, Clone)]
enum Answer {
    Got(Option<(Vec<u8>, Option<NonZeroU32>)>),
    Wrote(Result<(), Status>),
}

/// Stands for the host while a worker is replayed: repeats the answers it got so far, then stops it
/// at its next call. A worker is a pure function of its answers, so no thread is needed.
struct Replay<'a> {
    answers: RefCell<std::slice::Iter<'a, Answer>>,
    next: RefCell<Option<Call>>,
}

const STOPPED: Status = Status::Other(u32::MAX);

impl SharedData for Replay<'_> {
    fn get(&self, _: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        match self.answers.borrow_mut().next() {
            Some(Answer::Got(entry)) => Ok(entry.clone()),
            Some(Answer::Wrote(_)) => panic!("a worker called get where it had called set"),
            None => {
                *self.next.borrow_mut() = Some(Call::Get);
                Err(STOPPED)
            }
        }
    }

    fn set(&self, _: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        match self.answers.borrow_mut().next() {
            Some(Answer::Wrote(result)) => *result,
            Some(Answer::Got(_)) => panic!("a worker called set where it had called get"),
            None => {
                *self.next.borrow_mut() = Some(Call::Set(value.to_vec(), cas));
                Err(STOPPED)
            }
        }
    }
}

/// A worker's program: how many increments it made, or where the host stopped it.
type Program = fn(&Replay<'_>, u32) -> Result<u32, StoreError>;

fn increments(data: &Replay<'_>, times: u32) -> Result<u32, StoreError> {
    for _ in 0..times {
        data.update(KEY, |state| state.set(&(count(state) + 1).to_le_bytes()))?;
    }
    Ok(times)
}

/// What the store must not be: creates against no version, which Envoy takes as "whatever".
fn careless_increments(data: &Replay<'_>, times: u32) -> Result<u32, StoreError> {
    for _ in 0..times {
        loop {
            let entry = data.get(KEY)?;
            let cas = entry.as_ref().and_then(|(_, cas)| cas.map(u32::from));
            let mut state = entry.map_or_else(State::default, |(value, _)| State::read(KEY, value));
            state.set(&(count(&state) + 1).to_le_bytes());
            let value = state.into_changed(KEY)?.expect("a count always changes");
            match data.set(KEY, &value, cas) {
                Ok(()) => break,
                Err(Status::CasMismatch) => {}
                Err(status) => return Err(status.into()),
            }
        }
    }
    Ok(times)
}

fn count(state: &State) -> u32 {
    state.get().map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
}

/// The next call of a worker that got these answers; `None` when it is done.
fn next_call(program: Program, answers: &[Answer], times: u32) -> Option<Call> {
    let replay = Replay { answers: RefCell::new(answers.iter()), next: RefCell::default() };
    match program(&replay, times) {
        Ok(_) => None,
        Err(StoreError::Host(STOPPED)) => replay.next.into_inner(),
        Err(other) => panic!("{other}"),
    }
}

fn perform(shared: &MemoryShared, call: Call) -> Answer {
    match call {
        Call::Get => Answer::Got(shared.get(KEY).unwrap()),
        Call::Set(value, cas) => Answer::Wrote(shared.set(KEY, &value, cas)),
    }
}

/// Every state the workers can reach together, and the final count of each complete one.
struct Search {
    program: Program,
    times: u32,
    seen: HashSet<String>,
    finals: Vec<u32>,
}

impl Search {
    /// Walks on from here in every order of calls. Orders that lead to the same state (what is
    /// shared, and what each worker was answered) go on alike, and are followed once.
    fn walk(&mut self, shared: &MemoryShared, workers: &mut Vec<Vec<Answer>>) {
        if !self.seen.insert(format!("{shared:?} {workers:?}")) {
            return;
        }
        let mut all_done = true;
        for worker in 0..workers.len() {
            let Some(call) = next_call(self.program, &workers[worker], self.times) else {
                continue;
            };
            all_done = false;
            let branch = shared.clone();
            let answer = perform(&branch, call);
            workers[worker].push(answer);
            self.walk(&branch, workers);
            workers[worker].pop();
        }
        if all_done {
            self.finals.push(count(&shared.read(KEY).unwrap()));
        }
    }
}

/// The final counts of workers that each increment that many times.
fn finals_of(program: Program, dialect: Dialect, workers: usize, times: u32, start: Option<u32>) -> Vec<u32> {
    let shared = MemoryShared::new(dialect);
    if let Some(start) = start {
        shared.update(KEY, |state| state.set(&start.to_le_bytes())).unwrap();
    }
    let mut search = Search { program, times, seen: HashSet::new(), finals: Vec::new() };
    search.walk(&shared, &mut vec![Vec::new(); workers]);
    search.finals
}

#[test]
fn no_interleaving_loses_an_update() {
    struct Case {
        name: &'static str,
        dialect: Dialect,
        workers: usize,
        times: u32,
        start: Option<u32>,
    }
    let mut cases = Vec::new();
    for dialect in [Dialect::Envoy, Dialect::Kong] {
        for start in [None, Some(7)] {
            cases.push(Case { name: "two workers, twice each", dialect, workers: 2, times: 2, start });
            cases.push(Case { name: "three workers, once each", dialect, workers: 3, times: 1, start });
        }
    }
    for Case { name, dialect, workers, times, start } in cases {
        let finals = finals_of(increments, dialect, workers, times, start);
        let want = start.unwrap_or(0) + times * u32::try_from(workers).unwrap();
        assert!(finals.len() >= 20, "{name}, {dialect:?}: only {} endings", finals.len());
        assert!(
            finals.iter().all(|&found| found == want),
            "{name}, {dialect:?}, starting at {start:?}: expected {want} in each of {} endings, found {:?}",
            finals.len(),
            finals.iter().min(),
        );
    }
}

#[test]
fn the_search_finds_an_update_lost_at_creation() {
    let finals = finals_of(careless_increments, Dialect::Envoy, 2, 1, None);
    assert!(finals.contains(&1), "no lost update among {} endings", finals.len());
    assert!(finals.contains(&2));
}
