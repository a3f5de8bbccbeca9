mod model;

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use super::*;
use crate::admit::fake::{BOTH, Process};
use crate::quota::Align;
use crate::table::{Overflow, Shape};

/// At the beginning of a minute.
const NOW: Nanos = Nanos(1_700_000_040_000_000_000);

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn window(requests: u32) -> Quota {
    Quota::fixed_window(number(requests), Duration::from_secs(60), Align::FirstRequest).unwrap()
}

/// So many in each second, and at once.
fn bucket(requests: u32) -> Quota {
    Quota::token_bucket(number(requests), Duration::from_secs(1), number(requests)).unwrap()
}

fn charge<'a>(name: &str, quota: &'a Quota) -> Charge<'a> {
    let tag = Tag::new(name, "any");
    Charge { tag, quota, ceiling: quota.ceiling(), cost: 1, binding: true, count_rejected: false }
}

fn table(ways: u32) -> Table {
    Table::new("general", "ip", Shape { buckets: 1, ways }, &mut BTreeSet::new())
}

fn demand<'a>(table: &'a Table, key: &'a [u8], charges: &'a [Charge<'a>]) -> Demand<'a> {
    Demand { table, overflow: Overflow::Inherit, key, charges }
}

fn at(millis: u64) -> Nanos {
    NOW.plus(Duration::from_millis(millis))
}

fn told(admission: &Admission) -> (bool, u32) {
    let (Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. }) = admission.judged[0];
    (admission.passes, standing.remaining)
}

/// Asks so many times at once; says how many passed and how often the store was read.
fn ask(process: &Process, leases: &Leases, demand: &Demand<'_>, times: u32, now: Nanos) -> (u32, u32) {
    let before = process.calls.get().0;
    let demands = std::slice::from_ref(demand);
    let passed = (0..times).filter(|_| leases.admit(process, demands, now).unwrap().passes).count();
    (u32::try_from(passed).unwrap(), process.calls.get().0 - before)
}

#[test]
fn most_requests_do_not_ask_the_store_and_clients_are_told_the_same() {
    for (quota, dialect) in [(window(1_000), BOTH[0]), (bucket(1_000), BOTH[1])] {
        let process = Process::new(dialect);
        let (table, leases, charges) = (table(2), Leases::default(), [charge("a", &quota)]);
        table.start(&process);
        process.calls.set((0, 0));
        let demand = [demand(&table, b"john", &charges)];
        for asked in 1..=1_000 {
            let admission = leases.admit(&process, &demand, NOW).unwrap();
            assert_eq!(told(&admission), (true, 1_000 - asked));
        }
        let (reads, writes) = process.calls.get();
        assert_eq!(reads, writes);
        assert!((59..90).contains(&reads), "one in seventeen, and more often near the limit: {reads}");
        assert_eq!(told(&leases.admit(&process, &demand, NOW).unwrap()), (false, 0));
    }
}

/// Two requests at once by the first worker; what the second gets after a pause, and what the first still has.
#[test]
fn what_is_held_dwindles_as_it_would_in_the_store() {
    struct Case {
        name: &'static str,
        quota: Quota,
        pause: u64,
        other: u32,
        first: u32,
    }
    let sliding = Quota::sliding_window(number(100), Duration::from_secs(60)).unwrap();
    let epoch = Quota::fixed_window(number(100), Duration::from_secs(60), Align::Epoch).unwrap();
    let cases = [
        Case { name: "a window", quota: epoch, pause: 0, other: 86, first: 12 },
        Case { name: "lasts to its end", quota: epoch, pause: 59_999, other: 86, first: 12 },
        Case { name: "and not longer", quota: epoch, pause: 60_000, other: 100, first: 0 },
        Case { name: "a sliding window", quota: sliding, pause: 59_999, other: 86, first: 12 },
        Case { name: "of which a part counts behind its end", quota: sliding, pause: 90_000, other: 93, first: 0 },
        Case { name: "a bucket", quota: bucket(100), pause: 0, other: 86, first: 12 },
        Case { name: "a token has come back", quota: bucket(100), pause: 10, other: 87, first: 11 },
        Case { name: "a part of one has", quota: bucket(100), pause: 11, other: 87, first: 10 },
        Case { name: "all have", quota: bucket(100), pause: 140, other: 100, first: 0 },
    ];
    for Case { name, quota, pause, other, first } in cases {
        let process = Process::new(BOTH[0]);
        let (table, workers, charges) = (table(2), [Leases::default(), Leases::default()], [charge("a", &quota)]);
        let demand = demand(&table, b"john", &charges);
        assert_eq!(ask(&process, &workers[0], &demand, 2, NOW).0, 2);
        assert_eq!(ask(&process, &workers[1], &demand, 200, at(pause)).0, other, "{name}");
        assert_eq!(ask(&process, &workers[0], &demand, 200, at(pause)).0, first, "{name}");
    }
}

#[test]
fn a_key_that_is_asked_about_too_seldom_has_no_batch() {
    struct Case {
        name: &'static str,
        quota: Quota,
        pause: u64,
        /// Of the reads of twelve requests.
        reads: u32,
    }
    let cases = [
        Case { name: "at half the rate of the bucket", quota: bucket(100), pause: 20, reads: 12 },
        Case { name: "at its rate", quota: bucket(100), pause: 10, reads: 12 },
        Case { name: "at twice its rate", quota: bucket(100), pause: 5, reads: 3 },
        Case { name: "once in half a window", quota: window(1_000), pause: 30_000, reads: 12 },
        Case { name: "often in a window", quota: window(1_000), pause: 100, reads: 2 },
    ];
    for Case { name, quota, pause, reads } in cases {
        let process = Process::new(BOTH[0]);
        let (table, leases, charges) = (table(2), Leases::default(), [charge("a", &quota)]);
        table.start(&process);
        let demand = demand(&table, b"john", &charges);
        let read: u32 = (0..12).map(|index| ask(&process, &leases, &demand, 1, at(index * pause)).1).sum();
        assert_eq!(read, reads, "{name}");
    }
}

#[test]
fn some_requests_are_decided_in_the_store() {
    struct Case<'a> {
        name: &'static str,
        charge: Charge<'a>,
        reads: u32,
    }
    let (wide, narrow) = (window(1_000), window(15));
    let plain = charge("a", &wide);
    let cases = [
        Case { name: "none", charge: plain, reads: 2 },
        Case { name: "half a batch", charge: Charge { cost: 8, ..plain }, reads: 4 },
        Case { name: "a batch", charge: Charge { cost: 16, ..plain }, reads: 6 },
        Case { name: "more than a batch", charge: Charge { cost: 17, ..plain }, reads: 10 },
        Case { name: "nothing", charge: Charge { cost: 0, ..plain }, reads: 10 },
        Case { name: "a shadow", charge: Charge { binding: false, ..plain }, reads: 10 },
        Case { name: "refusals count", charge: Charge { count_rejected: true, ..plain }, reads: 10 },
        // The second request finds 13 left, and draws one; the fourth 11, and draws one; the others less.
        Case { name: "near the limit", charge: charge("a", &narrow), reads: 7 },
    ];
    for Case { name, charge, reads } in cases {
        let process = Process::new(BOTH[0]);
        let (table, leases, charges) = (table(2), Leases::default(), [charge]);
        table.start(&process);
        assert_eq!(ask(&process, &leases, &demand(&table, b"john", &charges), 10, NOW), (10, reads), "{name}");
    }
    let (process, other) = (Process::new(BOTH[0]), Table::new("general", "consumer", SHAPE, &mut BTreeSet::new()));
    let (table, leases, charges) = (table(2), Leases::default(), [plain]);
    let demands = [demand(&table, b"1.2.3.4", &charges), demand(&other, b"john", &charges)];
    for asked in 1..10 {
        assert_eq!(told(&leases.admit(&process, &demands, NOW).unwrap()), (true, 1_000 - asked), "several keys");
    }
    assert!(leases.slots.borrow().is_empty());
}

const SHAPE: Shape = Shape { buckets: 1, ways: 2 };

#[test]
fn a_newcomer_to_a_full_bucket_has_no_batch() {
    let process = Process::new(BOTH[0]);
    let (table, leases, quota) = (table(2), Leases::default(), window(1_000));
    let charges = [charge("a", &quota)];
    table.start(&process);
    for key in [b"a", b"b"] {
        assert_eq!(ask(&process, &Leases::default(), &demand(&table, key, &charges), 10, NOW), (10, 2));
    }
    let deny = Demand { overflow: Overflow::Deny, ..demand(&table, b"c", &charges) };
    assert_eq!(ask(&process, &leases, &deny, 5, NOW), (0, 5));
    let share = Demand { overflow: Overflow::Share, ..demand(&table, b"c", &charges) };
    assert_eq!(ask(&process, &leases, &share, 5, NOW), (5, 5));
}

#[test]
fn a_batch_is_not_displaced() {
    let process = Process::new(BOTH[0]);
    let (table, leases, quota) = (table(32), Leases::default(), window(200));
    let charges = [charge("a", &quota)];
    let key = b"john";
    let slot = |key: &[u8]| Owner::of(&process, &demand(&table, key, &charges)).unwrap().slot(&charges);
    let other = (0..10_000_u32).map(u32::to_le_bytes).find(|other| slot(other) == slot(key)).unwrap();
    let (john, other) = (demand(&table, key, &charges), demand(&table, &other, &charges));
    assert_eq!(ask(&process, &leases, &john, 2, NOW), (2, 2));
    assert_eq!(ask(&process, &leases, &other, 5, NOW), (5, 5), "the other goes without");
    assert_eq!(ask(&process, &leases, &john, 16, NOW), (16, 0), "nothing is lost");
    assert_eq!(ask(&process, &leases, &other, 10, NOW), (10, 2), "until the batch is used up");
}

#[test]
fn a_batch_is_for_the_very_limits_it_was_drawn_for() {
    let process = Process::new(BOTH[0]);
    let (table, leases, wide, tight) = (table(2), Leases::default(), window(1_000), window(3));
    let of_wide = [charge("a", &wide)];
    assert_eq!(ask(&process, &leases, &demand(&table, b"john", &of_wide), 3, NOW).0, 3);
    // Another rule's limit of the same name: the level of both is 18 by now.
    let of_tight = [charge("a", &tight)];
    assert_eq!(ask(&process, &leases, &demand(&table, b"john", &of_tight), 3, NOW).0, 0);
    let both = [charge("a", &wide), charge("b", &tight)];
    assert_eq!(ask(&process, &leases, &demand(&table, b"john", &both), 5, NOW).0, 3, "the tighter decides");
}

#[test]
fn what_a_later_stage_refuses_returns_to_the_batch() {
    let process = Process::new(BOTH[0]);
    let (table, leases, quota) = (table(2), Leases::default(), bucket(1_000));
    let charges = [charge("a", &quota)];
    let demands = [demand(&table, b"john", &charges)];
    for refused in 0..100 {
        let mut admission = leases.admit(&process, &demands, NOW).unwrap();
        assert_eq!(told(&admission), (true, 999), "{refused}");
        leases.give_back(&mut admission, &process, &demands, NOW);
        leases.give_back(&mut admission, &process, &demands, NOW);
    }
    assert_eq!(ask(&process, &leases, &demands[0], 2_000, NOW).0, 1_000);
}

#[test]
fn what_came_of_another_batch_returns_to_the_store() {
    for refused in 0..40 {
        let process = Process::new(BOTH[0]);
        let (table, leases, quota) = (table(2), Leases::default(), window(1_000));
        let charges = [charge("a", &quota)];
        let demands = [demand(&table, b"john", &charges)];
        ask(&process, &leases, &demands[0], refused, NOW);
        let mut admission = leases.admit(&process, &demands, NOW).unwrap();
        ask(&process, &leases, &demands[0], 40, at(1));
        leases.give_back(&mut admission, &process, &demands, at(1));
        assert_eq!(ask(&process, &leases, &demands[0], 2_000, at(1)).0, 960 - refused, "{refused}");
    }
}

#[test]
fn a_clock_that_is_set_back_drops_all() {
    for (back, reads) in [(1_000, 0), (1_001, 1)] {
        let process = Process::new(BOTH[0]);
        let (table, leases, quota) = (table(2), Leases::default(), window(1_000));
        let charges = [charge("a", &quota)];
        let demand = demand(&table, b"john", &charges);
        ask(&process, &leases, &demand, 2, NOW);
        let now = NOW.minus(Duration::from_millis(back));
        assert_eq!(ask(&process, &leases, &demand, 1, now), (1, reads), "{back} ms back");
    }
}

#[test]
fn a_store_that_fails_is_told() {
    let process = Process::new(BOTH[0]);
    let (table, leases, quota) = (table(2), Leases::default(), window(1_000));
    let charges = [charge("a", &quota)];
    let demands = [demand(&table, b"john", &charges)];
    table.start(&process);
    ask(&process, &leases, &demands[0], 1, NOW);
    process.fail_after(1);
    assert!(leases.admit(&process, &demands, NOW).is_err(), "when a batch is drawn");
    assert_eq!(told(&leases.admit(&process, &demands, NOW).unwrap()), (true, 998), "nothing was drawn");
    process.fail_after(0);
    assert_eq!(told(&leases.admit(&process, &demands, NOW).unwrap()), (true, 997), "a batch needs no store");
}
