use std::num::NonZeroU32;

use serde_json::{Value, json};

use super::*;
use crate::call::Call;
use crate::record::{Batch, Verdict};
use crate::window::Shape;

/// 2026-11-23T11:00:00Z
const NOW: Nanos = Nanos(1_795_431_600_000_000_000);

fn rules() -> Rules {
    Rules {
        window: Shape::Count(NonZeroU32::MIN.saturating_add(9)),
        minimum_calls: 10,
        failure_rate: 0,
        slow_call_rate: 0,
        consecutive_failures: 3,
        wait: Duration::from_secs(60),
        multiplier: 1.0,
        max_wait: Duration::from_secs(300),
        jitter: 0.0,
        permitted_calls: 2,
        permit_lease: Duration::from_secs(15),
        max_wait_in_half_open: None,
    }
}

fn entry(record: &Record, now: Nanos) -> Value {
    let page = page(std::slice::from_ref(record), &rules(), now);
    let mut page: Value = serde_json::from_slice(&page).unwrap();
    page["circuitBreakers"][0].take()
}

fn fail(record: &mut Record, times: u32, now: Nanos) {
    for _ in 0..times {
        let batch = Batch { last: Some((Call { failed: true, slow: false }, now)), ..Batch::default() };
        assert!(record.count(&rules(), &batch, now, 0).counted);
    }
}

#[test]
fn members_and_breakers_stand_in_their_order() {
    assert_eq!(page(&[], &rules(), NOW), br#"{"circuitBreakers":[]}"#);
    let mut open = Record::new("orders");
    open.shape_up(&[rules().window]);
    fail(&mut open, 3, NOW);
    let want = concat!(
        r#"{"circuitBreakers":[{"name":"orders","state":"OPEN","failures":3,"nextAttempt":"2026-11-23T11:01:00.000Z"},"#,
        r#"{"name":"alpha","state":"CLOSED","failures":0}]}"#
    );
    let found = page(&[open, Record::new("alpha")], &rules(), NOW);
    assert_eq!(std::str::from_utf8(&found), Ok(want));
}

#[test]
fn any_name_is_written_as_json() {
    for name in [r#"a"b"#, r"a\b", "a\u{1}b", "</script>", "\u{e9}", ""] {
        assert_eq!(entry(&Record::new(name), NOW)["name"], *name);
    }
}

#[test]
fn times_are_written_to_the_millisecond() {
    for (nanos, want) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (NOW.0 + 999_999, "2026-11-23T11:00:00.000Z"),
        (NOW.0 + 1_000_000, "2026-11-23T11:00:00.001Z"),
        (u64::MAX, "2554-07-21T23:34:33.709Z"),
    ] {
        assert_eq!(rfc3339(Nanos(nanos)).as_deref(), Some(want));
    }
}

#[test]
fn a_breaker_is_shown_in_each_state() {
    let mut record = Record::new("orders");
    record.shape_up(&[rules().window]);
    assert_eq!(entry(&record, NOW), json!({"name": "orders", "state": "CLOSED", "failures": 0}));
    fail(&mut record, 2, NOW);
    assert_eq!(entry(&record, NOW), json!({"name": "orders", "state": "CLOSED", "failures": 2}));
    fail(&mut record, 1, NOW);
    let open = json!({"name": "orders", "state": "OPEN", "failures": 3, "nextAttempt": "2026-11-23T11:01:00.000Z"});
    assert_eq!(entry(&record, NOW), open);
    assert_eq!(entry(&record, NOW.plus(Duration::from_secs(59))), open, "however late it is asked");
    let later = NOW.plus(Duration::from_secs(60));
    let Verdict::Permit(permit) = record.ask(&rules(), later, 0).verdict else { panic!("{record:?}") };
    assert_eq!(entry(&record, later), json!({"name": "orders", "state": "HALF_OPEN", "failures": 0}));
    record.report(&rules(), permit, Call { failed: true, slow: false }, later, 0);
    assert_eq!(entry(&record, later), json!({"name": "orders", "state": "HALF_OPEN", "failures": 1}));
}
