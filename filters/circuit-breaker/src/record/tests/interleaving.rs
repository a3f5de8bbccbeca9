//! Two workers whose requests are under way at once, interleaved at every access to shared data, in every order; and one
//! of them may die before any of its accesses.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use sluicegate_common::proxy::Status;
use sluicegate_common::store::memory::Dialect;
use sluicegate_common::store::{MemoryShared, SharedData, SharedStore};

use super::*;

const KEY: &str = "sg:cb:test:0";
const STOPPED: Status = Status::Other(u32::MAX);

/// The last state, and its generation.
type End = (&'static str, u32);

type Entry = Option<(Vec<u8>, Option<NonZeroU32>)>;

/// What a worker asks of the host.
#[derive(Debug, Clone)]
enum Access {
    Get,
    Set(Vec<u8>, Option<u32>),
}

#[derive(Debug, Clone)]
enum Answer {
    Got(Entry),
    Wrote(Result<(), Status>),
}

/// Stands for the host while a step is replayed: repeats the answers it got so far, then stops it at its next access.
struct Replay<'a> {
    answers: RefCell<std::slice::Iter<'a, Answer>>,
    next: RefCell<Option<Access>>,
}

impl Replay<'_> {
    fn ask(&self, access: Access) -> Result<Answer, Status> {
        if let Some(answer) = self.answers.borrow_mut().next() {
            return Ok(answer.clone());
        }
        self.next.borrow_mut().get_or_insert(access);
        Err(STOPPED)
    }
}

impl SharedData for Replay<'_> {
    fn get(&self, _: &str) -> Result<Entry, Status> {
        match self.ask(Access::Get)? {
            Answer::Got(entry) => Ok(entry),
            other @ Answer::Wrote(_) => panic!("get was answered {other:?}"),
        }
    }

    fn set(&self, _: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        match self.ask(Access::Set(value.to_vec(), cas))? {
            Answer::Wrote(result) => result,
            other @ Answer::Got(_) => panic!("set was answered {other:?}"),
        }
    }
}

/// What happens to one of a worker's requests.
#[derive(Debug, Clone, Copy)]
enum Step {
    Asks,
    Ends(Call),
    IsCancelled,
}

/// A worker: the steps of its requests, by their numbers, in its order.
#[derive(Debug, Clone)]
struct Worker<'a> {
    rules: &'a Rules,
    script: &'a [(usize, Step)],
    verdicts: [Option<Verdict>; 3],
    told: Vec<Transition>,
    /// Permits whose calls count.
    counted: Vec<Permit>,
    returned: Vec<Permit>,
    /// After how many accesses it dies.
    lives: Option<u32>,
    /// Of the step that is under way.
    answers: Vec<Answer>,
}

impl<'a> Worker<'a> {
    fn new(rules: &'a Rules, script: &'a [(usize, Step)]) -> Self {
        let (told, counted, returned, answers) = (vec![], vec![], vec![], vec![]);
        Self { rules, script, verdicts: [None; 3], told, counted, returned, lives: None, answers }
    }

    /// Goes on until it needs the host; `None` once all is done.
    fn next(&mut self) -> Option<Access> {
        if self.lives == Some(0) {
            return None;
        }
        while let Some(((request, step), rest)) = self.script.split_first() {
            let mut done = self.clone();
            let host = Replay { answers: RefCell::new(self.answers.iter()), next: RefCell::default() };
            done.act(&host, *request, *step);
            if let Some(access) = host.next.into_inner() {
                return Some(access);
            }
            done.answers.clear();
            done.script = rest;
            *self = done;
        }
        None
    }

    fn act(&mut self, host: &Replay<'_>, request: usize, step: Step) {
        let rules = self.rules;
        match (step, self.verdicts[request]) {
            (Step::Asks, _) => {
                let asked = change(host, |record| {
                    let asked = record.ask(rules, NOW, 0);
                    (asked, asked.changed)
                });
                let Some(asked) = asked else { return };
                self.verdicts[request] = Some(asked.verdict);
                self.told.extend(asked.transition);
            }
            (Step::Ends(call), Some(Verdict::Permit(permit))) => {
                let counted = change(host, |record| {
                    let counted = record.report(rules, permit, call, NOW, 0);
                    (counted, counted.changed)
                });
                let Some(counted) = counted else { return };
                self.counted.extend(counted.counted.then_some(permit));
                self.told.extend(counted.transition);
            }
            (Step::Ends(call), Some(Verdict::Passes)) => {
                let batch = Batch { last: Some((call, NOW)), ..Batch::default() };
                let counted = change(host, |record| {
                    let counted = record.count(rules, &batch, NOW, 0);
                    (counted, counted.changed)
                });
                self.told.extend(counted.and_then(|counted| counted.transition));
            }
            (Step::IsCancelled, Some(Verdict::Permit(permit))) => {
                let returned = change(host, |record| {
                    let changed = record.give_back(permit, NOW);
                    (changed, changed)
                });
                self.returned.extend((returned == Some(true)).then_some(permit));
            }
            (Step::Ends(_) | Step::IsCancelled, _) => {}
        }
    }

    /// Permits of calls that are upstream, or were.
    fn permits(&self) -> impl Iterator<Item = Permit> {
        let ends =
            self.script.first().filter(|(_, step)| matches!(step, Step::IsCancelled) && !self.answers.is_empty());
        let upstream =
            self.verdicts.iter().enumerate().filter(move |(request, _)| ends.is_none_or(|end| end.0 != *request));
        let permit = |(_, verdict): (usize, &Option<Verdict>)| match verdict {
            Some(Verdict::Permit(permit)) => Some(*permit),
            _ => None,
        };
        upstream.filter_map(permit).filter(|permit| !self.returned.contains(permit))
    }
}

const NOW: Nanos = Nanos(START);

/// One step of the record in shared data; `None` if the host stopped it.
fn change<T>(host: &dyn SharedData, mut act: impl FnMut(&mut Record) -> (T, bool)) -> Option<T> {
    let done = host.update(KEY, |state| {
        let mut record = state.get().and_then(Record::read).unwrap_or_else(|| Record::new("cluster"));
        let (done, changed) = act(&mut record);
        if changed {
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            state.set(&bytes);
        }
        done
    });
    done.ok()
}

/// What the orders of a case came to.
#[derive(Default)]
struct Seen {
    /// The generation from which they go on.
    began: u32,
    states: HashSet<String>,
    /// How often a worker found that another one had been faster.
    lost_rounds: usize,
    ends: BTreeSet<End>,
}

/// Walks on in every order of accesses; those that lead to the same state go on alike, and are followed once.
fn walk(shared: &MemoryShared, workers: &[Worker<'_>], seen: &mut Seen) {
    if !seen.states.insert(format!("{shared:?} {workers:?}")) {
        return;
    }
    let most = workers[0].rules.permitted_calls as usize;
    for generation in workers.iter().flat_map(Worker::permits).map(|permit| permit.generation) {
        let out = workers.iter().flat_map(Worker::permits).filter(|permit| permit.generation == generation).count();
        assert!(out <= most, "{out} upstream in generation {generation}: {workers:?}");
    }
    let mut done = true;
    for index in 0..workers.len() {
        let mut workers = workers.to_vec();
        let worker = &mut workers[index];
        let Some(access) = worker.next() else { continue };
        done = false;
        let branch = shared.clone();
        let answer = match access {
            Access::Get => Answer::Got(branch.get(KEY).unwrap()),
            Access::Set(value, cas) => Answer::Wrote(branch.set(KEY, &value, cas)),
        };
        seen.lost_rounds += usize::from(matches!(answer, Answer::Wrote(Err(_))));
        worker.answers.push(answer);
        worker.lives = worker.lives.map(|lives| lives - 1);
        worker.next();
        walk(&branch, &workers, seen);
    }
    if done {
        seen.ends.insert(ends(shared, workers, seen.began));
    }
}

/// What must hold when all is done: each transition was told by one worker, and nothing sticks.
fn ends(shared: &MemoryShared, workers: &[Worker<'_>], began: u32) -> End {
    let record = || shared.read(KEY).unwrap().get().and_then(Record::read).unwrap();
    let (state, generation) = (record().state(), record().generation());
    let mut told: Vec<u32> = workers.iter().flat_map(|worker| &worker.told).map(|told| told.generation).collect();
    told.sort_unstable();
    let untold = usize::from(workers.iter().any(|worker| worker.lives == Some(0)));
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "told twice: {told:?}");
    assert!(told.len() + untold >= (generation - began) as usize, "{told:?} of {began} to {generation}");
    let mut counted: Vec<Permit> = workers.iter().flat_map(|worker| worker.counted.clone()).collect();
    counted.sort_unstable_by_key(|permit| (permit.generation, permit.ticket));
    assert!(counted.windows(2).all(|pair| pair[0] != pair[1]), "counted twice: {counted:?}");
    recovers(&mut record(), workers[0].rules);
    (state.label(), generation)
}

/// Good calls close it: once the leases are over; after failures, once the wait is.
fn recovers(record: &mut Record, rules: &Rules) {
    let mut now = NOW;
    for _ in 0..2 {
        now = now.plus(rules.permit_lease).plus(rules.max_wait);
        for _ in 0..rules.permitted_calls {
            if let Verdict::Permit(permit) = record.ask(rules, now, 0).verdict {
                record.report(rules, permit, GOOD, now, 0);
            }
        }
    }
    assert_eq!(record.state(), State::Closed);
}

/// All orders of those scripts, from that record on; then again, with each worker dying before each of its accesses.
fn explore(record: &Record, rules: &Rules, scripts: [&[(usize, Step)]; 2]) -> (BTreeSet<End>, usize) {
    let mut found = None;
    for dialect in [Dialect::Envoy, Dialect::Kong] {
        let shared = MemoryShared::new(dialect);
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        shared.update(KEY, |state| state.set(&bytes)).unwrap();
        let workers = scripts.map(|script| Worker::new(rules, script));
        let new = || Seen { began: record.generation(), ..Seen::default() };
        let mut seen = new();
        walk(&shared, &workers, &mut seen);
        assert!(seen.lost_rounds > 0, "no order in which workers meet");
        let accesses = 2 * scripts[0].len() as u32;
        for (dies, lives) in [0, 1].into_iter().flat_map(|dies| (0..accesses).map(move |lives| (dies, lives))) {
            let mut workers = workers.clone();
            workers[dies].lives = Some(lives);
            walk(&shared, &workers, &mut new());
        }
        let Seen { states, ends, .. } = seen;
        found = Some((ends, states.len()));
    }
    found.unwrap()
}

#[test]
fn every_order_of_accesses_makes_each_transition_once() {
    use Step::{Asks, Ends, IsCancelled};
    struct Case {
        name: &'static str,
        record: Record,
        scripts: [Vec<(usize, Step)>; 2],
        /// In which states and generations it may end.
        want: Vec<End>,
        states: usize,
    }
    let rules = Rules { consecutive_failures: 3, failure_rate: 0, ..rules() };
    let waited = opened(&rules, NOW.minus(rules.wait));
    let both = |call| vec![(0, Asks), (1, Asks), (0, Ends(call)), (1, Ends(call))];
    let one_by_one = |call| vec![(0, Asks), (0, Ends(call)), (1, Asks), (1, Ends(call))];
    let cancelled = vec![(0, Asks), (0, IsCancelled), (1, Asks), (1, Ends(GOOD))];
    let all_cancelled = vec![(0, Asks), (1, Asks), (1, IsCancelled), (0, IsCancelled)];
    let closed = Record::new("cluster");
    let case = |name, record: &Record, scripts, want: &[_], states| Case {
        name,
        record: record.clone(),
        scripts,
        want: want.to_vec(),
        states,
    };
    let (closed_again, open_again, half_open) = (("closed", 3), ("open", 3), ("half_open", 2));
    let cases = [
        case("failures open it", &closed, [both(BAD), both(BAD)], &[("open", 1)], 100),
        case("good calls close it", &waited, [both(GOOD), both(GOOD)], &[closed_again], 100),
        case("good calls, one after the other", &waited, [one_by_one(GOOD), one_by_one(GOOD)], &[closed_again], 100),
        case("failures open it again", &waited, [both(BAD), one_by_one(BAD)], &[open_again], 100),
        case("of each", &waited, [both(BAD), both(GOOD)], &[closed_again, open_again], 100),
        case("one cancelled", &waited, [cancelled, one_by_one(GOOD)], &[closed_again], 100),
        case("all cancelled", &waited, [all_cancelled.clone(), all_cancelled], &[half_open], 100),
    ];
    for Case { name, record, scripts: [one, other], want, states } in cases {
        let (found, seen) = explore(&record, &rules, [&one, &other]);
        assert_eq!(found, want.into_iter().collect(), "{name}");
        assert!(seen >= states, "{name}: only {seen} states");
    }
}
