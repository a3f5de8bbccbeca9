//! Workers that are asked at once, interleaved at every access to shared data, in every order.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use sluicegate_common::store::memory::{Dialect, MemoryShared};
use sluicegate_common::store::replay::{Answer, Call, replay};

use super::*;
use crate::lease::Leases;

/// A worker: its requests are all alike, and each a pure function of what the host answers.
#[derive(Debug, Clone)]
struct Worker<'a> {
    demands: &'a [Demand<'a>],
    left: u32,
    passed: u32,
    /// As they were before the request that is under way.
    leases: Option<Leases>,
    /// Of that request.
    answers: Vec<Answer>,
}

impl Worker<'_> {
    /// Goes on until it needs the host; `None` once all its requests are decided.
    fn next(&mut self) -> Option<Call> {
        while self.left > 0 {
            let mut leases = self.leases.clone();
            let admission = replay(&self.answers, |host| match &mut leases {
                Some(leases) => leases.admit(host, self.demands, NOW),
                None => admit(host, self.demands, NOW),
            });
            let admission = match admission {
                Ok(admission) => admission,
                Err(call) => return Some(call),
            };
            self.leases = leases;
            self.answers.clear();
            self.left -= 1;
            self.passed += u32::from(admission.is_ok_and(|admission| admission.passes));
        }
        None
    }
}

/// Walks on in every order of calls; those that lead to the same state go on alike, and are followed once.
fn walk(
    shared: &MemoryShared,
    workers: &[Worker<'_>],
    seen: &mut HashSet<String>,
    end: &mut dyn FnMut(&MemoryShared, u32),
) {
    let of =
        |worker: &Worker<'_>| format!("{} {} {:?} {:?}", worker.left, worker.passed, worker.leases, worker.answers);
    let all: Vec<String> = workers.iter().map(of).collect();
    if !seen.insert(format!("{shared:?} {all:?}")) {
        return;
    }
    let mut done = true;
    for index in 0..workers.len() {
        let mut workers = workers.to_vec();
        let Some(call) = workers[index].next() else { continue };
        done = false;
        let branch = shared.clone();
        workers[index].answers.push(call.perform(&branch));
        workers[index].next();
        walk(&branch, &workers, seen, end);
    }
    if done {
        end(shared, workers.iter().map(|worker| worker.passed).sum());
    }
}

/// What every order of a case comes to. Returns how many states there are on the way.
fn check(dialect: Dialect, quotas: [&Quota; 2], workers: usize, requests: u32, demands: usize) -> usize {
    let process = Process::new(dialect);
    let (ip, consumer) = (table("ip"), table("consumer"));
    [&ip, &consumer].iter().for_each(|table| table.start(&process));
    let (one, other) = ([charge("a", quotas[0])], [charge("b", quotas[1])]);
    let all = [demand(&ip, b"1.2.3.4", &one), demand(&consumer, b"john", &other)];
    let (here, mut there) = (all, all);
    there.reverse();
    let most = quotas[..demands].iter().map(|quota| quota.capacity()).min().unwrap();
    let asked = requests * u32::try_from(workers).unwrap();
    let of = |index: usize| if index == 1 && demands == 2 { &there[..] } else { &here[..demands] };
    let new = |index| Worker { demands: of(index), left: requests, passed: 0, leases: None, answers: Vec::new() };
    let workers: Vec<Worker<'_>> = (0..workers).map(new).collect();
    let mut seen = HashSet::new();
    walk(&process.shared, &workers, &mut seen, &mut |shared, passed| {
        assert!(passed <= most, "{passed} passed of {most}");
        assert!(passed >= 1);
        if demands == 1 {
            assert_eq!(passed, most.min(asked), "a single compare-and-swap refuses only at the limit");
        }
        let process = Process { shared: shared.clone(), ..Process::new(dialect) };
        for (demand, quota) in all[..demands].iter().zip(quotas) {
            let look = Demand { charges: &[Charge { cost: 0, ..demand.charges[0] }], ..*demand };
            let standing = admit(&process, &[look], NOW).unwrap();
            assert_eq!(left(&standing.judged[0]), quota.capacity() - passed, "what is taken is what passed");
        }
        let alone = admit(&process, &all[..demands], NOW).unwrap();
        assert_eq!(alone.passes, passed < most, "a request that comes alone");
    });
    seen.len()
}

fn bucket(requests: u32) -> Quota {
    Quota::token_bucket(number(requests), Duration::from_secs(60), number(requests)).unwrap()
}

#[test]
fn no_order_lets_more_pass_than_a_limit_allows() {
    struct Case {
        workers: usize,
        requests: u32,
        demands: usize,
        limits: RangeInclusive<u32>,
        states: usize,
    }
    let cases = [
        Case { workers: 2, requests: 4, demands: 1, limits: 1..=3, states: 50 },
        Case { workers: 3, requests: 3, demands: 1, limits: 1..=3, states: 300 },
        Case { workers: 2, requests: 4, demands: 2, limits: 1..=2, states: 500 },
        Case { workers: 3, requests: 1, demands: 2, limits: 1..=1, states: 1_000 },
    ];
    for dialect in BOTH {
        for Case { workers, requests, demands, limits, states } in &cases {
            for most in limits.clone() {
                let quotas = [bucket(most), window(3)];
                let found = check(dialect, [&quotas[0], &quotas[1]], *workers, *requests, *demands);
                assert!(found >= *states, "{dialect:?}, {workers} x {requests}, limit {most}: only {found} states");
            }
        }
    }
}

/// Of the fewest and of the most that pass, whatever the order; and how many states there are.
fn check_leases(dialect: Dialect, quota: &Quota, workers: usize, requests: u32) -> (u32, u32, usize) {
    let process = Process::new(dialect);
    let table = table("ip");
    table.start(&process);
    let charges = [charge("a", quota)];
    let demands = [demand(&table, b"1.2.3.4", &charges)];
    let worker =
        Worker { demands: &demands, left: requests, passed: 0, leases: Some(Leases::default()), answers: Vec::new() };
    let (mut fewest, mut most, mut seen) = (u32::MAX, 0, HashSet::new());
    walk(&process.shared, &vec![worker; workers], &mut seen, &mut |_, passed| {
        fewest = fewest.min(passed);
        most = most.max(passed);
    });
    (fewest, most, seen.len())
}

#[test]
fn no_order_lets_more_pass_than_a_limit_allows_that_is_drawn_ahead() {
    struct Case {
        requests: u32,
        limit: u32,
        /// The most that two workers can hold to the end.
        lost: u32,
        states: usize,
    }
    let cases =
        [Case { requests: 4, limit: 100, lost: 0, states: 90 }, Case { requests: 6, limit: 10, lost: 2, states: 500 }];
    for (dialect, quota) in BOTH.into_iter().zip([bucket, window]) {
        for Case { requests, limit, lost, states } in &cases {
            let quota = quota(*limit);
            let found = check_leases(dialect, &quota, 2, *requests);
            let (fewest, most, seen) = found;
            let wanted = (requests * 2).min(*limit);
            assert_eq!(most, wanted, "{quota:?}, {found:?}");
            assert!(fewest + lost >= wanted && seen >= *states, "{quota:?}, {found:?}");
        }
    }
}
