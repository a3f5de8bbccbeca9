//! More clients than there is room for.

use std::collections::BTreeSet;

use super::*;

const WIDTH: Shape = Shape { buckets: 16, ways: 8 };

fn table() -> Table {
    Table::new("general", "ip", WIDTH, &mut BTreeSet::new())
}

fn ask(process: &Process, table: &Table, overflow: Overflow, key: &[u8], quota: &Quota, now: Nanos) -> Admission {
    let charges = [charge("a", quota)];
    admit(process, &[Demand { overflow, ..demand(table, key, &charges) }], now).unwrap()
}

#[test]
fn a_heavy_client_stays_refused_under_a_flood_of_newcomers() {
    for quota in [window(50), Quota::token_bucket(number(50), Duration::from_secs(60), number(50)).unwrap()] {
        let process = Process::new(BOTH[0]);
        let table = table();
        table.start(&process);
        let heavy = |now| ask(&process, &table, Overflow::Inherit, b"heavy", &quota, now).passes;
        let passed = (0..100).filter(|_| heavy(NOW)).count();
        assert_eq!(passed, 50);
        let mut overflowed = 0;
        for newcomer in 0..100_000_u32 {
            let admission = ask(&process, &table, Overflow::Inherit, &newcomer.to_le_bytes(), &quota, NOW);
            overflowed += u32::from(admission.overflowed);
            if newcomer % 100 == 0 {
                assert!(!heavy(NOW), "after {newcomer} newcomers");
            }
        }
        assert!(overflowed > 90_000, "{overflowed}");
        assert_eq!(process.shared.len(), 17, "sixteen buckets and the seed");
        assert!(heavy(NOW.plus(Duration::from_secs(60))), "fresh again");
        let most = process.longest.get();
        assert!(most == 24 + 9 + 8 + 17 + 8 * 33, "{most} bytes");
    }
}

#[test]
fn who_is_displaced_returns_without_credit() {
    let process = Process::new(BOTH[0]);
    let (table, quota) = (table(), window(3));
    let pass = |key: &[u8]| ask(&process, &table, Overflow::Inherit, key, &quota, NOW).passes;
    let mut passed = [0_u32; 1_000];
    for _ in 0..10 {
        for (client, passed) in (0_u32..).zip(&mut passed) {
            *passed += u32::from(pass(&client.to_le_bytes()));
        }
    }
    assert!(passed.iter().all(|passed| *passed <= 3));
}

#[test]
fn a_full_bucket_shares_or_denies() {
    struct Case {
        overflow: Overflow,
        /// Of 100 newcomers with two requests each.
        passes: u32,
    }
    for Case { overflow, passes } in
        [Case { overflow: Overflow::Share, passes: 3 }, Case { overflow: Overflow::Deny, passes: 0 }]
    {
        let process = Process::new(BOTH[0]);
        let (table, quota) = (super::table("ip"), window(3));
        let ask = |key: &[u8], now| ask(&process, &table, overflow, key, &quota, now);
        for key in [b"a", b"b"] {
            assert!(ask(key, NOW).passes);
        }
        let mut found = 0;
        for newcomer in 0..100_u32 {
            let admission = ask(&newcomer.to_le_bytes(), NOW);
            assert!(admission.overflowed);
            found += u32::from(admission.passes);
            if let [Judged::Exceeds { retry_in, .. }] = admission.judged[..] {
                assert_eq!(retry_in, Some(Duration::from_secs(60)), "{overflow:?}");
            }
        }
        assert_eq!(found, passes, "{overflow:?}");
        assert!(ask(b"a", NOW).passes, "{overflow:?}: who has an entry keeps it");
        let later = ask(b"new", NOW.plus(Duration::from_secs(60)));
        assert!(later.passes && !later.overflowed, "{overflow:?}");
    }
}
