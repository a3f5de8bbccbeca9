mod clock;
mod flood;
mod interleaving;

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use sluicegate_common::proxy::Status;
use sluicegate_common::store::memory::{GetFault, SetFault};

use super::fake::{BOTH, Process, admit};
use super::*;
use crate::quota::Align;
use crate::table::Shape;

const NOW: Nanos = Nanos(1_700_000_000_000_000_000);

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn window(requests: u32) -> Quota {
    Quota::fixed_window(number(requests), Duration::from_secs(60), Align::FirstRequest).unwrap()
}

fn charge<'a>(name: &str, quota: &'a Quota) -> Charge<'a> {
    let tag = Tag::new(name, "fixed_window");
    Charge { tag, quota, ceiling: quota.ceiling(), cost: 1, binding: true, count_rejected: false }
}

fn table(expression: &str) -> Table {
    Table::new("general", expression, Shape { buckets: 1, ways: 2 }, &mut BTreeSet::new())
}

fn demand<'a>(table: &'a Table, key: &'a [u8], charges: &'a [Charge<'a>]) -> Demand<'a> {
    Demand { table, overflow: Overflow::Inherit, key, charges }
}

fn left(judged: &Judged) -> u32 {
    match judged {
        Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. } => standing.remaining,
    }
}

#[test]
fn a_limit_passes_what_it_says() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (table, quota) = (table("ip"), window(3));
        table.start(&process);
        let charges = [charge("a", &quota)];
        for remaining in [2, 1, 0] {
            let admission = admit(&process, &[demand(&table, b"john", &charges)], NOW).unwrap();
            assert_eq!((admission.passes, left(&admission.judged[0])), (true, remaining), "{dialect:?}");
        }
        process.calls.set((0, 0));
        let refused = admit(&process, &[demand(&table, b"john", &charges)], NOW).unwrap();
        assert!(!refused.passes);
        assert!(matches!(refused.judged[0], Judged::Exceeds { retry_in: Some(wait), .. } if wait.as_secs() == 60));
        assert_eq!(process.calls.get(), (1, 0), "a refusal reads once and writes nothing");
        assert!(admit(&process, &[demand(&table, b"jane", &charges)], NOW).unwrap().passes);
        assert_eq!(process.calls.get(), (2, 1));
        assert!(
            admit(&process, &[demand(&table, b"john", &charges)], NOW.plus(Duration::from_secs(60))).unwrap().passes
        );
    }
}

#[test]
fn what_is_refused_takes_nothing() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (ip, consumer, wide, tight) = (table("ip"), table("consumer"), window(10), window(1));
        let both = [charge("wide", &wide), charge("tight", &tight)];
        let (wide, tight) = ([both[0]], [both[1]]);
        let one_key = [demand(&ip, b"1.2.3.4", &both)];
        let two_keys = [demand(&consumer, b"john", &wide), demand(&consumer, b"jane", &tight)];
        for (name, demands) in [("one key", &one_key[..]), ("two keys", &two_keys)] {
            let ask = || admit(&process, demands, NOW).unwrap();
            assert!(ask().passes, "{name}");
            for _ in 0..20 {
                let refused = ask();
                assert!(!refused.passes, "{name}");
                assert_eq!((left(&refused.judged[0]), left(&refused.judged[1])), (9, 0), "{name}");
            }
        }
    }
}

#[test]
fn a_shadow_never_refuses_and_takes_only_what_fits() {
    let process = Process::new(BOTH[0]);
    let (table, wide, tight) = (table("ip"), window(3), window(1));
    let charges = [charge("wide", &wide), Charge { binding: false, ..charge("tight", &tight) }];
    let mut found = Vec::new();
    for _ in 0..4 {
        let admission = admit(&process, &[demand(&table, b"john", &charges)], NOW).unwrap();
        found.push((admission.passes, matches!(admission.judged[1], Judged::Fits { .. })));
    }
    assert_eq!(found, [(true, true), (true, false), (true, false), (false, false)]);
}

#[test]
fn what_a_later_stage_refuses_is_given_back() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (ip, consumer, quota) = (table("ip"), table("consumer"), window(2));
        let charges = [charge("a", &quota)];
        let demands = [demand(&ip, b"1.2.3.4", &charges), demand(&consumer, b"john", &charges)];
        for _ in 0..10 {
            let mut admission = admit(&process, &demands, NOW).unwrap();
            assert!(admission.passes);
            assert_eq!(left(&admission.judged[0]), 1, "{dialect:?}");
            admission.give_back(&process, &demands, NOW);
        }
    }
}

#[test]
fn a_store_that_fails_half_way_takes_nothing() {
    let host = StoreError::Host(Status::InternalFailure);
    for dialect in BOTH {
        let (ip, consumer, quota) = (table("ip"), table("consumer"), window(1));
        let charges = [charge("a", &quota)];
        let demands = [demand(&ip, b"1.2.3.4", &charges), demand(&consumer, b"john", &charges)];
        for succeed in 0..4 {
            let process = Process::new(dialect);
            [&ip, &consumer].iter().for_each(|table| table.start(&process));
            assert!(admit(&process, &[demand(&ip, b"other", &charges)], NOW).unwrap().passes);
            process.fail_after(succeed);
            assert_eq!(admit(&process, &demands, NOW), Err(host), "{dialect:?}, call {succeed}");
            assert!(admit(&process, &demands, NOW).unwrap().passes, "{dialect:?}, call {succeed}");
        }
    }
}

#[test]
fn contention_is_no_failing_store() {
    let process = Process::new(BOTH[0]);
    let (table, quota) = (table("ip"), window(1));
    table.start(&process);
    (0..32).for_each(|_| process.shared.fail_set(SetFault::Mismatch));
    let charges = [charge("a", &quota)];
    let found = admit(&process, &[demand(&table, b"john", &charges)], NOW);
    assert_eq!(found, Err(StoreError::Contention));
    process.shared.fail_get(GetFault::Torn);
    assert!(admit(&process, &[demand(&table, b"john", &charges)], NOW).unwrap().passes, "a torn read is read again");
}

#[test]
fn who_was_overtaken_does_not_take_it_for_a_clock_that_was_set_back() {
    for dialect in BOTH {
        for (name, again, set_back) in
            [("overtaken", Some(3_600), false), ("set back", Some(0), true), ("no clock", None, true)]
        {
            let process = Process::new(dialect);
            let (table, quota) = (table("ip"), window(2));
            let charges = [charge("hourly", &quota)];
            let ask = |at| admit(&process, &[demand(&table, b"john", &charges)], at).unwrap().passes;
            let later = |seconds| NOW.plus(Duration::from_secs(seconds));
            assert!(ask(later(3_600)) && ask(later(3_600)));
            process.clock.set(again.map(later));
            // Read an hour ago.
            assert!(!ask(NOW), "{name}");
            // The window went back with the clock, or lasts its minute.
            process.clock.set(None);
            assert_eq!(ask(later(3_630)), set_back, "{name}");
        }
    }
}
