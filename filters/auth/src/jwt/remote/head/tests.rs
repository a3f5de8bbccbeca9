use super::*;

const NOW: Nanos = Nanos(1_700_000_000_000_000_000);

const TIMINGS: Timings = Timings {
    cache_ttl: Duration::from_secs(600),
    stale_ttl: Duration::from_secs(86_400),
    min_refresh: Duration::from_secs(30),
    timeout: Duration::from_secs(2),
};

fn at(seconds: u64) -> Nanos {
    NOW.plus(Duration::from_secs(seconds))
}

#[test]
fn what_is_written_is_read() {
    let head = Head {
        document: [7; 16],
        fetched_at: Nanos(1),
        attempted_at: Nanos(2),
        failures: 3,
        asked_at: Nanos(4),
        lease: 5,
        lease_until: Nanos(6),
        ended: u64::MAX,
        succeeded: 8,
    };
    let bytes = head.encode();
    assert_eq!(Head::decode(&bytes), Some(head));
    assert_eq!(Head::decode(&[]), None);
    assert_eq!(Head::decode(&bytes[1..]), None);
    assert_eq!(Head::decode(&[&bytes[..], &[0]].concat()), None);
}

#[test]
fn when_the_next_fetch_is_due() {
    struct Case {
        name: &'static str,
        head: Head,
        want: Nanos,
    }
    let held = Head { document: [1; 16], fetched_at: NOW, ..Head::default() };
    let tried = |failures| Head { failures, attempted_at: NOW, ..Head::default() };
    for Case { name, head, want } in [
        Case { name: "never fetched", head: Head::default(), want: Nanos(0) },
        Case { name: "fetched", head: held, want: at(480) },
        Case { name: "first failure", head: tried(1), want: at(1) },
        Case { name: "second failure", head: tried(2), want: at(2) },
        Case { name: "fifth failure", head: tried(5), want: at(16) },
        Case { name: "sixth failure", head: tried(6), want: at(30) },
        Case { name: "many failures", head: tried(u64::MAX), want: at(30) },
        Case { name: "old keys", head: Head { failures: 3, attempted_at: at(500), ..held }, want: at(504) },
    ] {
        assert_eq!(head.due(&TIMINGS), want, "{name}");
    }
}

#[test]
fn one_lease_at_a_time() {
    let mut head = Head::default();
    assert_eq!(head.take(Why::Due, NOW, &TIMINGS), Some(1));
    assert_eq!((head.failures, head.attempted_at, head.lease_until), (1, NOW, at(3)));
    assert_eq!(head.take(Why::Due, at(2), &TIMINGS), None);
    assert_eq!(head.take(Why::Asked, at(2), &TIMINGS), None);
    assert_eq!(head.take(Why::Due, at(3), &TIMINGS), Some(2));
    let before = head;
    head.failed(1);
    head.brought(1, [1; 16], at(3));
    assert!(!head.extend(1, at(3), TIMINGS.timeout));
    assert_eq!(head, before, "the first lease is lost");
    head.brought(2, [1; 16], at(4));
    assert_eq!((head.failures, head.fetched_at, head.ended, head.succeeded), (0, at(4), 1, 1));
    assert!(!head.under_way(at(4)));
}

#[test]
fn asking_off_schedule_leaves_the_schedule_alone() {
    let mut head = Head { document: [1; 16], fetched_at: NOW, ..Head::default() };
    assert_eq!(head.take(Why::Due, at(100), &TIMINGS), None);
    assert_eq!(head.take(Why::Asked, at(100), &TIMINGS), Some(1));
    head.failed(1);
    assert_eq!((head.failures, head.due(&TIMINGS), head.ended, head.succeeded), (0, at(480), 1, 0));
    assert_eq!(head.take(Why::Asked, Nanos(at(130).0 - 1), &TIMINGS), None);
    assert_eq!(head.take(Why::Asked, at(130), &TIMINGS), Some(2));
}

#[test]
fn a_clock_that_is_set_back_keeps_ages() {
    let head = Head {
        document: [1; 16],
        fetched_at: at(10_000),
        attempted_at: at(9_000),
        asked_at: Nanos(0),
        lease_until: at(10_002),
        ..Head::default()
    };
    for same in [at(20_000), at(10_000), at(9_995)] {
        assert_eq!(head.rebased(same), head);
    }
    let rebased = head.rebased(at(5_000));
    let want = Head { fetched_at: at(5_000), attempted_at: at(4_000), lease_until: at(5_002), ..head };
    assert_eq!(rebased, want);
    assert_eq!(rebased.rebased(at(5_000)), rebased);
}
