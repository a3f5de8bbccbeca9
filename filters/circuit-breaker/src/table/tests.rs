mod interleaving;

use std::collections::BTreeSet;

use sluicegate_common::proxy::Status;
use sluicegate_common::store::memory::{GetFault, SetFault};

use super::*;
use crate::process::{BOTH, Process};

fn table() -> Table {
    Table::new("services", 4)
}

/// The keys and names of all that any worker has claimed, as one that knows nothing finds it.
fn occupied(process: &Process) -> Vec<(String, String)> {
    let places = table().occupied(process).unwrap();
    places.iter().map(|place| (place.key().to_owned(), place.name().to_owned())).collect()
}

fn pairs(want: &[(&str, &str)]) -> Vec<(String, String)> {
    want.iter().map(|(slot, name)| (format!("sg:cb:services:{slot}"), (*name).to_owned())).collect()
}

#[test]
fn all_that_is_ever_there_is_made_at_the_start() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        table().start(&process);
        assert_eq!(process.shared.len(), 5, "{dialect:?}: four slots and that of the others");
        let place = table().find(&process, "orders").unwrap();
        let writes = process.shared.writes();
        let table = table();
        table.start(&process);
        assert_eq!(process.shared.writes(), writes, "{dialect:?}: what is there stays");
        let calls = process.calls.get();
        table.start(&process);
        assert_eq!(process.calls.get(), calls, "{dialect:?}: once in a VM, however many policies share the table");
        assert_eq!(table.find(&process, "orders"), Ok(place));
    }
}

#[test]
fn a_start_that_fails_is_made_up_for() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let table = table();
        process.shared.fail_set(SetFault::Fails(Status::InternalFailure));
        table.start(&process);
        assert!(process.shared.is_empty());
        assert_eq!(table.find(&process, "orders").unwrap().key(), "sg:cb:services:0");
        assert_eq!(process.shared.len(), 1);
        table.start(&process);
        assert_eq!(process.shared.len(), 5);
        assert_eq!(occupied(&process), pairs(&[("0", "orders")]));
    }
}

#[test]
fn workers_find_the_same_breakers() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (one, other) = (table(), table());
        one.start(&process);
        let first = one.find(&process, "orders").unwrap();
        assert_eq!(other.find(&process, "users").unwrap().key(), "sg:cb:services:1");
        assert_eq!(other.find(&process, "orders").as_ref(), Ok(&first));
        assert_eq!(one.find(&process, "users"), other.find(&process, "users"));
        assert!(!first.is_other());
        assert_eq!(occupied(&process), pairs(&[("0", "orders"), ("1", "users")]));
    }
}

#[test]
fn what_is_known_costs_no_host_call() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let table = table();
        table.start(&process);
        let before = process.calls.get();
        for (name, calls) in [("a", 2), ("b", 2), ("a", 0), ("b", 0), ("other", 2), ("other", 0), ("c", 2), ("d", 2)] {
            let before = process.calls.get();
            table.find(&process, name).unwrap();
            assert_eq!(process.calls.get() - before, calls, "{dialect:?}: {name}");
        }
        assert!(process.calls.get() > before);
        for stranger in 0..100 {
            let before = process.calls.get();
            let place = table.find(&process, &format!("stranger {stranger}")).unwrap();
            assert!(place.is_other() && place.name() == OTHER && place.key() == "sg:cb:services:other");
            assert_eq!(process.calls.get() - before, 0, "{dialect:?}: stranger {stranger}");
        }
    }
}

#[test]
fn a_worker_walks_a_full_table_once() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let first = table();
        first.start(&process);
        for name in ["d", "b", "a", "c"] {
            first.find(&process, name).unwrap();
        }
        let second = table();
        for (name, calls, key) in [
            ("stranger", 6, "sg:cb:services:other"),
            ("another", 0, "sg:cb:services:other"),
            ("a", 0, "sg:cb:services:2"),
            ("d", 0, "sg:cb:services:0"),
        ] {
            let before = process.calls.get();
            assert_eq!(second.find(&process, name).unwrap().key(), key, "{dialect:?}: {name}");
            assert_eq!(process.calls.get() - before, calls, "{dialect:?}: {name}");
        }
        assert_eq!(occupied(&process), pairs(&[("2", "a"), ("1", "b"), ("3", "c"), ("0", "d"), ("other", "other")]));
    }
}

#[test]
fn other_is_no_name_of_a_slot() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        table().start(&process);
        assert_eq!(occupied(&process), []);
        assert!(table().find(&process, "other").unwrap().is_other());
        assert_eq!(occupied(&process), pairs(&[("other", "other")]));
    }
}

#[test]
fn the_status_page_reads_only_what_is_not_known() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let (one, other) = (table(), table());
        one.start(&process);
        one.find(&process, "b").unwrap();
        other.find(&process, "a").unwrap();
        for (calls, want) in [(4, &["a", "b"][..]), (3, &["a", "b"])] {
            let before = process.calls.get();
            let places = one.occupied(&process).unwrap();
            assert_eq!(places.iter().map(Place::name).collect::<Vec<_>>(), want, "{dialect:?}");
            assert_eq!(process.calls.get() - before, calls, "{dialect:?}");
        }
        one.find(&process, "other").unwrap();
        let before = process.calls.get();
        assert_eq!(one.occupied(&process).unwrap().len(), 3);
        assert_eq!(process.calls.get() - before, 2, "{dialect:?}: the two slots that are free");
    }
}

#[test]
fn a_host_that_fails_claims_nothing() {
    let process = Process::new(BOTH[0]);
    let table = table();
    table.start(&process);
    process.shared.fail_get(GetFault::Fails(Status::InternalFailure));
    assert_eq!(table.find(&process, "a"), Err(StoreError::Host(Status::InternalFailure)));
    process.shared.fail_set(SetFault::Fails(Status::BadArgument));
    assert_eq!(table.find(&process, "a"), Err(StoreError::Host(Status::BadArgument)));
    process.shared.fail_set(SetFault::Fails(Status::BadArgument));
    assert_eq!(table.find(&process, "other"), Err(StoreError::Host(Status::BadArgument)));
    process.shared.fail_get(GetFault::Fails(Status::InternalFailure));
    assert_eq!(table.occupied(&process), Err(StoreError::Host(Status::InternalFailure)));
    assert_eq!(occupied(&process), []);
    assert_eq!(table.find(&process, "a").unwrap().key(), "sg:cb:services:0");
}

#[test]
fn what_is_no_record_is_free() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        table().start(&process);
        process.shared.update("sg:cb:services:0", |state| state.set(b"\xffsomething")).unwrap();
        assert_eq!(occupied(&process), []);
        assert_eq!(table().find(&process, "a").unwrap().key(), "sg:cb:services:0");
        assert_eq!(occupied(&process), pairs(&[("0", "a")]));
    }
}

#[test]
fn a_larger_table_has_the_same_breakers() {
    let process = Process::new(BOTH[0]);
    let (small, large) = (table(), Table::new("services", 64));
    small.start(&process);
    large.start(&process);
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(small.find(&process, name).unwrap().is_other(), name == "e");
    }
    for name in ["c", "b", "a", "d"] {
        assert_eq!(large.find(&process, name), small.find(&process, name));
    }
    assert_eq!(large.find(&process, "e").unwrap().key(), "sg:cb:services:4");
}

#[test]
fn a_slot_that_was_evicted_may_be_somebody_elses() {
    let process = Process::new(BOTH[1]);
    let (one, other) = (table(), table());
    one.start(&process);
    let lost = one.find(&process, "a").unwrap();
    let kept = one.find(&process, "b").unwrap();
    process.shared.evict(lost.key());
    assert_eq!(other.find(&process, "c").unwrap().key(), lost.key());
    assert_eq!(one.find(&process, "a").as_ref(), Ok(&lost), "until its record is read");
    one.forget(&lost);
    assert_eq!(one.find(&process, "a").unwrap().key(), "sg:cb:services:2");
    assert_eq!(one.find(&process, "b").as_ref(), Ok(&kept));
    assert_eq!(one.find(&process, "c"), other.find(&process, "c"));
    assert_eq!(occupied(&process), pairs(&[("2", "a"), ("1", "b"), ("0", "c")]));
    let before = process.calls.get();
    one.forget(&one.find(&process, "a").unwrap());
    one.forget(&one.find(&process, "other").unwrap());
    assert_eq!(one.find(&process, "a").unwrap().key(), "sg:cb:services:2", "nothing was lost: it is found again");
    assert_eq!(process.calls.get() - before, 3, "a slot is read, and that of the others claimed");
}

#[test]
fn of_two_slots_with_one_name_the_first_counts() {
    let process = Process::new(BOTH[1]);
    let one = table();
    one.start(&process);
    one.find(&process, "a").unwrap();
    one.find(&process, "b").unwrap();
    process.shared.evict("sg:cb:services:0");
    let other = table();
    assert_eq!(other.find(&process, "b").unwrap().key(), "sg:cb:services:0");
    assert_eq!(other.find(&process, "c").unwrap().key(), "sg:cb:services:2");
    assert_eq!(occupied(&process), pairs(&[("0", "b"), ("2", "c")]));
}

#[test]
fn a_large_table_is_filled_to_the_last_slot() {
    let process = Process::new(BOTH[1]);
    let table = Table::new("services", 1024);
    table.start(&process);
    let find = |number: u32| table.find(&process, &format!("service {number}")).unwrap();
    let keys: BTreeSet<String> = (0..1024).map(|number| find(number).key().to_owned()).collect();
    assert_eq!(keys.len(), 1024);
    assert!(find(1024).is_other());
    let before = process.calls.get();
    assert!((0..1024).all(|number| keys.contains(find(number).key())));
    assert_eq!(process.calls.get(), before);
}
