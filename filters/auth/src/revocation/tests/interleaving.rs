//! Workers that revoke and check at once, interleaved at every host call that others can notice, in every order.

use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZeroU32;

use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::store::SharedData;
use sluicegate_common::store::memory::Dialect;

use super::fake::{BOTH, Process, neighbours, revocation};
use super::*;

/// What a worker asks of the host.
#[derive(Debug, Clone)]
enum Call {
    Get(String),
    Set(String, Vec<u8>, Option<u32>),
    Increment,
    Metric,
}

#[derive(Debug, Clone)]
enum Answer {
    Got(Option<(Vec<u8>, Option<NonZeroU32>)>),
    Wrote(Result<(), Status>),
    Incremented,
    /// Also whether every revocation had ended by then.
    Counted(u64, bool),
}

const STOPPED: Status = Status::Other(u32::MAX);

/// Stands for the host while a worker is replayed: repeats the answers it got so far, then stops it at its next call.
struct Replay<'a> {
    answers: RefCell<std::slice::Iter<'a, Answer>>,
    next: RefCell<Option<Call>>,
    /// What the worker's random numbers are.
    random: u8,
}

impl Replay<'_> {
    fn ask(&self, call: Call) -> Result<Answer, Status> {
        if let Some(answer) = self.answers.borrow_mut().next() {
            return Ok(answer.clone());
        }
        self.next.borrow_mut().get_or_insert(call);
        Err(STOPPED)
    }
}

impl SharedData for Replay<'_> {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        match self.ask(Call::Get(key.to_owned()))? {
            Answer::Got(entry) => Ok(entry),
            other => panic!("get was answered {other:?}"),
        }
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        match self.ask(Call::Set(key.to_owned(), value.to_vec(), cas))? {
            Answer::Wrote(result) => result,
            other => panic!("set was answered {other:?}"),
        }
    }
}

impl Proxy for Replay<'_> {
    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        bytes.fill(self.random);
        Ok(())
    }

    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Ok(7)
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        self.ask(Call::Increment).map(drop)
    }

    fn metric(&self, _: u32) -> Result<u64, Status> {
        match self.ask(Call::Metric)? {
            Answer::Counted(value, _) => Ok(value),
            other => panic!("metric was answered {other:?}"),
        }
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}

/// A worker's program.
#[derive(Clone, Copy)]
enum Job<'a> {
    /// Revokes the tokens, one by one.
    Revoke(&'a [TokenId<'a>]),
    /// Serves two requests with the token; the second looks it up only if the mark has moved.
    Serve(TokenId<'a>),
    /// The same, but reads the mark when it is too late: after the table.
    ServeCarelessly(TokenId<'a>),
}

/// What became of a worker's tokens: revoked or not, found revoked or not.
type Outcome = Vec<Result<bool, RevocationError>>;

fn run(job: Job<'_>, host: &Replay<'_>) -> Outcome {
    let revocation = revocation("{}");
    let look_up = |token| revocation.is_revoked(host, &token, NOW);
    let again = |token, first, earlier| {
        let moved = revocation.mark(host).has_moved_since(earlier);
        vec![if moved { look_up(token) } else { first }]
    };
    match job {
        Job::Revoke(tokens) => tokens.iter().map(|token| revocation.revoke(host, token, NOW).map(|()| true)).collect(),
        Job::Serve(token) => {
            let mark = revocation.mark(host);
            again(token, look_up(token), mark)
        }
        Job::ServeCarelessly(token) => {
            let first = look_up(token);
            again(token, first, revocation.mark(host))
        }
    }
}

struct Worker<'a> {
    job: Job<'a>,
    answers: Vec<Answer>,
    random: u8,
}

impl Worker<'_> {
    /// Its next call, or what its tokens came to.
    fn replay(&self) -> Result<Call, Outcome> {
        let (answers, next) = (RefCell::new(self.answers.iter()), RefCell::default());
        let host = Replay { answers, next, random: self.random };
        let outcome = run(self.job, &host);
        host.next.into_inner().ok_or(outcome)
    }
}

fn perform(process: &Process, call: Call, all_revoked: bool) -> Answer {
    match call {
        Call::Get(key) => Answer::Got(process.shared.get(&key).unwrap()),
        Call::Set(key, value, cas) => Answer::Wrote(process.shared.set(&key, &value, cas)),
        Call::Increment => {
            process.increment(7, 1).unwrap();
            Answer::Incremented
        }
        Call::Metric => Answer::Counted(process.metric(7).unwrap(), all_revoked),
    }
}

/// Walks on in every order of calls; those that lead to the same state go on alike, and are followed once. Calls `end`
/// with what is shared at each end and the workers.
fn walk(
    process: &Process,
    workers: &mut [Worker<'_>],
    seen: &mut HashSet<String>,
    end: &mut dyn FnMut(&Process, &[Worker<'_>]),
) {
    let answers: Vec<&[Answer]> = workers.iter().map(|worker| worker.answers.as_slice()).collect();
    if !seen.insert(format!("{process:?} {answers:?}")) {
        return;
    }
    let next: Vec<Option<Call>> = workers.iter().map(|worker| worker.replay().ok()).collect();
    if next.iter().all(Option::is_none) {
        return end(process, workers);
    }
    let all_revoked =
        workers.iter().zip(&next).all(|(worker, next)| next.is_none() || !matches!(worker.job, Job::Revoke(_)));
    for (index, call) in next.into_iter().enumerate() {
        let Some(call) = call else { continue };
        let branch = process.clone();
        let answer = perform(&branch, call, all_revoked);
        workers[index].answers.push(answer);
        walk(&branch, workers, seen, end);
        workers[index].answers.pop();
    }
}

/// Every end of these jobs, each done by a worker of its own. Returns how many states there are on the way.
fn ends(process: &Process, jobs: &[Job<'_>], mut end: impl FnMut(&Process, Vec<Outcome>, &[Worker<'_>])) -> usize {
    let workers = (1..).zip(jobs).map(|(random, job)| Worker { job: *job, answers: Vec::new(), random });
    let mut workers: Vec<Worker<'_>> = workers.collect();
    let mut seen = HashSet::new();
    walk(process, &mut workers, &mut seen, &mut |process, workers| {
        let outcomes = workers.iter().map(|worker| worker.replay().unwrap_err()).collect();
        end(process, outcomes, workers);
    });
    seen.len()
}

/// A process in which these are revoked.
fn after(dialect: Dialect, tokens: &[TokenId<'_>]) -> Process {
    let process = Process::new(dialect);
    tokens.iter().for_each(|token| revocation("{}").revoke(&process, token, NOW).unwrap());
    process
}

#[test]
fn no_order_loses_a_revocation() {
    struct Case<'a> {
        name: &'static str,
        before: &'a [TokenId<'a>],
        jobs: [&'a [TokenId<'a>]; 2],
        /// How many of the jobs' tokens find room.
        room: usize,
        /// Another token of the subject, which nobody revoked.
        folds: bool,
    }
    let subjects = neighbours("sub", 2);
    let names: Vec<String> = (0..12).map(|number| format!("john-{number}")).collect();
    let john: Vec<TokenId<'_>> = names.iter().map(|jti| token(Some(jti), Some(&subjects[0]))).collect();
    let others = neighbours("jti", 18);
    let others: Vec<TokenId<'_>> = others.iter().map(|jti| token(Some(jti), None)).collect();
    let case = |name, before, one, other| Case { name, before, jobs: [one, other], room: 2, folds: false };
    let cases = [
        case("the first two of the process", &[], &john[0..1], &others[0..1]),
        case("the first two, one subject", &[], &john[0..1], &john[1..2]),
        case("one token twice", &[], &john[0..1], &john[0..1]),
        Case { room: 3, ..case("two and one", &john[9..10], &john[0..2], &others[0..1]) },
        case("the eighth and another", &john[0..7], &john[7..8], &others[0..1]),
        Case { folds: true, ..case("the eighth and the ninth", &john[0..7], &john[7..8], &john[8..9]) },
        Case { folds: true, ..case("the ninth and the tenth", &john[0..8], &john[8..9], &john[9..10]) },
        Case { room: 1, ..case("one place left", &others[0..15], &others[15..16], &others[16..17]) },
        Case { room: 0, ..case("no place left", &others[0..16], &others[16..17], &john[0..1]) },
    ];
    for dialect in BOTH {
        for Case { name, before, jobs, room, folds } in &cases {
            let jobs = jobs.map(Job::Revoke);
            let states = ends(&after(dialect, before), &jobs, |process, outcomes, workers| {
                let refused = |token: &TokenId<'_>| revocation("{}").is_revoked(process, token, NOW).unwrap();
                assert!(before.iter().all(refused), "{name}, {dialect:?}: an earlier one is lost");
                let mut revoked = 0;
                for (worker, outcome) in workers.iter().zip(outcomes) {
                    let Job::Revoke(tokens) = worker.job else { panic!("a worker that revokes") };
                    for (token, outcome) in tokens.iter().zip(outcome) {
                        assert!(outcome == Ok(true) || outcome == Err(RevocationError::Full), "{name}: {outcome:?}");
                        assert_eq!(refused(token), outcome.is_ok(), "{name}, {dialect:?}: {:?}", token.jti);
                        revoked += usize::from(outcome.is_ok());
                    }
                }
                assert_eq!(revoked, *room, "{name}, {dialect:?}");
                assert_eq!(refused(&john[11]), *folds, "{name}, {dialect:?}: a token nobody revoked");
            });
            assert!(states >= 16, "{name}, {dialect:?}: only {states} states");
        }
    }
}

/// How often a token was let in by a request that began after its revocation had ended, and the number of states.
fn let_in_too_late(
    serve: fn(TokenId<'static>) -> Job<'static>,
    dialect: Dialect,
    before: &[TokenId<'_>],
) -> (usize, usize) {
    let token = token(Some("a"), Some("john"));
    let tokens = [token];
    let mut wrong = 0;
    let states = ends(&after(dialect, before), &[Job::Revoke(&tokens), serve(token)], |_, outcomes, workers| {
        let last = workers[1].answers.iter().rev().find_map(|answer| match answer {
            Answer::Counted(_, all_revoked) => Some(*all_revoked),
            _ => None,
        });
        assert_eq!(outcomes[0], [Ok(true)]);
        wrong += usize::from(last == Some(true) && outcomes[1] != [Ok(true)]);
    });
    (wrong, states)
}

#[test]
fn no_order_serves_a_cached_token_once_it_is_revoked() {
    for dialect in BOTH {
        for before in [&[][..], &[token(Some("b"), Some("john"))]] {
            let (wrong, states) = let_in_too_late(Job::Serve, dialect, before);
            assert!(states >= 20, "only {states} states");
            assert_eq!(wrong, 0, "{dialect:?}");
        }
    }
}

#[test]
fn the_search_finds_a_mark_that_is_read_too_late() {
    let (wrong, states) = let_in_too_late(Job::ServeCarelessly, Dialect::Envoy, &[]);
    assert!(wrong > 0, "none of {states} states");
}
