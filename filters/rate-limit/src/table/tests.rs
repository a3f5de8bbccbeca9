mod model;

use std::num::NonZeroU32;
use std::time::Duration;

use sluicegate_common::proxy::Status;
use sluicegate_common::store::memory::{GetFault, SetFault};

use super::*;
use crate::admit::Charge;
use crate::admit::fake::{BOTH, Process, admit};
use crate::quota::{Align, Quota};

const SHAPE: Shape = Shape { buckets: 4, ways: 8 };

fn table() -> Table {
    Table::new("general", "ip", SHAPE, &mut BTreeSet::new())
}

#[test]
fn all_that_is_ever_there_is_made_at_the_start() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        table().start(&process);
        assert_eq!(process.shared.len(), 5, "{dialect:?}: four buckets and the seed");
        let writes = process.shared.writes();
        let table = table();
        table.start(&process);
        assert_eq!(process.shared.writes(), writes, "{dialect:?}: what is there stays");
        let calls = process.calls.get();
        table.start(&process);
        assert_eq!(process.calls.get(), calls, "{dialect:?}: once in a VM, however many rules share the table");
    }
}

#[test]
fn a_start_that_fails_is_made_up_for() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let table = table();
        process.random.set(Err(Status::InternalFailure));
        table.start(&process);
        assert!(process.shared.is_empty());
        process.random.set(Ok(3));
        process.shared.fail_set(SetFault::Fails(Status::InternalFailure));
        table.start(&process);
        assert!(process.shared.is_empty());
        assert_eq!(table.seed(&process), Ok([3; 16]));
    }
}

#[test]
fn all_workers_have_one_seed() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (one, other) = (table(), Table::new("general", "consumer", SHAPE, &mut BTreeSet::new()));
        assert_eq!(one.seed(&process), Ok([7; 16]));
        process.random.set(Ok(9));
        assert_eq!(other.seed(&process), Ok([7; 16]));
        process.shared.fail_get(GetFault::Fails(Status::BadArgument));
        assert_eq!(one.seed(&process), Ok([7; 16]), "kept once it was read");
        assert_eq!(table().seed(&process), Err(StoreError::Host(Status::BadArgument)));
    }
}

#[test]
fn who_inherits_is_told_what_is_written() {
    let process = Process::new(BOTH[0]);
    let table = Table::new("general", "ip", Shape { buckets: 1, ways: 1 }, &mut BTreeSet::new());
    let per = Duration::from_secs(60);
    let quota = Quota::fixed_window(NonZeroU32::MIN.saturating_add(9), per, Align::FirstRequest).unwrap();
    let ask = |key: &[u8], cost, now| {
        let (tag, ceiling) = (Tag::new("a", "b"), quota.ceiling());
        let charges = [Charge { tag, quota: &quota, ceiling, cost, binding: true, count_rejected: false }];
        let demand = Demand { table: &table, overflow: Overflow::Inherit, key, charges: &charges };
        let admission = admit(&process, &[demand], now).unwrap();
        match admission.judged[..] {
            [Judged::Fits { standing, .. }] => standing,
            ref other => panic!("{other:?}"),
        }
    };
    let (first, second) = (Nanos(1_000_000_000_000), Nanos(1_000_200_000_000));
    ask(b"first", 1, first);
    let told = ask(b"second", 1, second);
    assert_eq!(told.fresh_in, per, "its window begins with it");
    assert_eq!(told, ask(b"second", 0, second), "another look says the same");
}
