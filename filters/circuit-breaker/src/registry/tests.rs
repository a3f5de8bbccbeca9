use std::num::NonZeroU32;

use sluicegate_common::proxy::Status;
use sluicegate_common::store::SharedData as _;
use sluicegate_common::store::memory::{Dialect, GetFault};
use sluicegate_common::time::Nanos;

use super::*;
use crate::call::Call;
use crate::process::{BOTH, Process};
use crate::record::Verdict;
use crate::rules::{Rules, State};

const NOW: Nanos = Nanos(1_800_000_000_000_000_000);
const WINDOW: Shape = Shape::Count(NonZeroU32::MIN.saturating_add(9));

/// A worker.
fn registry() -> Registry {
    of_id(None)
}

fn of_id(id: Option<&str>) -> Registry {
    let id = id.and_then(Name::parse);
    let raw = RawRegistry { id, scope: None, hosts: Vec::new(), max_breakers: Some(4), status_path: None };
    let registry = raw.compile().unwrap();
    registry.add_shape(WINDOW).unwrap();
    registry
}

/// Two failures in a row open it.
fn rules() -> Rc<Rules> {
    Rc::new(Rules {
        window: WINDOW,
        minimum_calls: 10,
        failure_rate: 0,
        slow_call_rate: 0,
        consecutive_failures: 2,
        wait: Duration::from_secs(60),
        multiplier: 1.0,
        max_wait: Duration::from_secs(60),
        jitter: 0.0,
        permitted_calls: 1,
        permit_lease: Duration::from_secs(15),
        max_wait_in_half_open: None,
    })
}

fn of(registry: &Registry, name: &str, process: &Process) -> Rc<Breaker> {
    registry.breaker(name, process).unwrap()
}

/// Asks, and reports a failure if the request passes.
fn fail(registry: &Registry, name: &str, process: &Process) -> bool {
    let breaker = of(registry, name, process);
    let passes = breaker.ask(&rules(), NOW, process) == Ok(Verdict::Passes);
    if passes {
        breaker.count(&rules(), Call { failed: true, slow: false }, NOW, NOW, process);
    }
    passes
}

fn states(registry: &Registry, process: &Process) -> Vec<(String, State)> {
    let all = registry.all(process).unwrap();
    let state = |breaker: &Rc<Breaker>| breaker.look(&rules(), NOW, process).unwrap().state();
    all.iter().map(|breaker| (breaker.name().to_owned(), state(breaker))).collect()
}

fn pairs(want: &[(&str, State)]) -> Vec<(String, State)> {
    want.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect()
}

#[test]
fn workers_share_breakers() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (one, other) = (registry(), registry());
        one.start(&process);
        assert!(fail(&one, "orders", &process) && fail(&other, "users", &process), "{dialect:?}");
        assert!(fail(&other, "orders", &process), "{dialect:?}: the second in a row");
        assert!(!fail(&one, "orders", &process), "{dialect:?}: open in every worker");
        assert!(fail(&one, "users", &process), "{dialect:?}");
        for registry in [&one, &other] {
            let want = pairs(&[("orders", State::Open), ("users", State::Open)]);
            assert_eq!(states(registry, &process), want, "{dialect:?}");
        }
    }
}

#[test]
fn names_without_a_slot_share_a_breaker() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let registry = registry();
        registry.start(&process);
        for name in ["a", "b", "c", "d"] {
            assert!(fail(&registry, name, &process), "{dialect:?}: {name}");
        }
        assert!(fail(&registry, "e", &process) && fail(&registry, "f", &process), "{dialect:?}");
        assert!(!fail(&registry, "g", &process), "{dialect:?}: opened by e and f");
        assert!(fail(&registry, "a", &process), "{dialect:?}: has its own");
        let states = states(&registry, &process);
        assert_eq!(states.last(), Some(&("other".to_owned(), State::Open)), "{dialect:?}");
    }
}

#[test]
fn a_breaker_whose_slot_was_lost_finds_another() {
    let process = Process::new(Dialect::Kong);
    let (one, other) = (registry(), registry());
    one.start(&process);
    assert!(fail(&one, "orders", &process) && fail(&one, "orders", &process) && !fail(&one, "orders", &process));
    process.shared.evict("sg:cb:default:0");
    assert!(fail(&other, "users", &process), "claims the slot of orders, which is free");
    assert!(fail(&one, "orders", &process), "finds the slot taken, and leaves it alone");
    assert!(fail(&other, "users", &process) && !fail(&other, "users", &process), "nothing of users is lost");
    assert!(fail(&one, "orders", &process) && fail(&one, "orders", &process));
    assert!(!fail(&one, "orders", &process), "counted in a slot of its own");
    assert!(!fail(&other, "orders", &process), "which all workers find");
    for registry in [&one, &other] {
        assert_eq!(states(registry, &process), pairs(&[("orders", State::Open), ("users", State::Open)]));
    }
}

#[test]
fn a_breaker_that_was_evicted_begins_anew() {
    let process = Process::new(Dialect::Kong);
    let (one, other) = (registry(), registry());
    one.start(&process);
    assert!(fail(&one, "orders", &process) && fail(&other, "orders", &process) && !fail(&one, "orders", &process));
    process.shared.evict("sg:cb:default:0");
    assert!(fail(&one, "orders", &process) && fail(&other, "orders", &process) && !fail(&one, "orders", &process));
    assert_eq!(states(&other, &process), pairs(&[("orders", State::Open)]));
}

#[test]
fn breakers_of_two_ids_know_nothing_of_each_other() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let all = [of_id(None), of_id(Some("inside")), of_id(Some("outside"))];
        all.iter().for_each(|registry| registry.start(&process));
        assert!(fail(&all[1], "orders", &process) && fail(&all[1], "orders", &process), "{dialect:?}: opens");
        for _ in 0..3 {
            assert!(!fail(&all[1], "orders", &process), "{dialect:?}: whatever becomes of the others");
            for other in [&all[0], &all[2]] {
                assert!(fail(other, "orders", &process), "{dialect:?}");
                of(other, "orders", &process).count(&rules(), Call::default(), NOW, NOW, &process);
            }
        }
    }
}

#[test]
fn a_worker_that_cannot_read_an_open_breaker_lets_it_be() {
    let process = Process::new(Dialect::Envoy);
    let (one, later) = (registry(), registry());
    one.start(&process);
    assert!(fail(&one, "orders", &process) && fail(&one, "orders", &process) && !fail(&one, "orders", &process));
    later.table.find(&process, "orders").unwrap();
    for _ in 0..2 {
        process.shared.fail_get(GetFault::Fails(Status::InternalFailure));
    }
    of(&later, "orders", &process);
    while process.shared.get("any").is_err() {} // However many of them it met.
    assert!(!fail(&one, "orders", &process) && !fail(&later, "orders", &process));
}
