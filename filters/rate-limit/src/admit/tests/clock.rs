//! Clocks of workers that differ, and clocks that are set.

use super::*;

struct Case {
    name: &'static str,
    /// Milliseconds after the limit was used up.
    asks: &'static [(i64, bool, u64)],
}

fn at(millis: i64) -> Nanos {
    let by = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 { NOW.minus(by) } else { NOW.plus(by) }
}

/// Whether a request passes, and the milliseconds it is told to wait.
#[test]
fn nobody_gains_by_a_clock_and_nobody_waits_for_one() {
    let cases = [
        Case { name: "no step", asks: &[(0, false, 60_000), (59_999, false, 1), (60_000, true, 0)] },
        Case {
            name: "a worker's clock is behind",
            asks: &[(-1_000, false, 61_000), (-1, false, 60_001), (0, false, 60_000)],
        },
        Case { name: "set back", asks: &[(-1_001, false, 60_000), (58_998, false, 1), (58_999, true, 0)] },
        Case {
            name: "by an hour",
            asks: &[(-3_600_000, false, 60_000), (-3_540_001, false, 1), (-3_540_000, true, 0)],
        },
        Case {
            name: "twice",
            asks: &[(-10_000, false, 60_000), (-30_000, false, 60_000), (29_999, false, 1), (30_000, true, 0)],
        },
        Case {
            name: "and forward again",
            asks: &[(-10_000, false, 60_000), (40_000, false, 10_000), (50_000, true, 0)],
        },
    ];
    for dialect in BOTH {
        for Case { name, asks } in &cases {
            let process = Process::new(dialect);
            let (table, quota) = (table("ip"), window(1));
            let charges = [charge("a", &quota)];
            let ask = |now| admit(&process, &[demand(&table, b"john", &charges)], now).unwrap();
            assert!(ask(NOW).passes);
            for (millis, passes, wait) in *asks {
                let admission = ask(at(*millis));
                assert_eq!(admission.passes, *passes, "{name}, {millis}");
                let told = match admission.judged[..] {
                    [Judged::Exceeds { retry_in: Some(wait), .. }] => wait,
                    _ => Duration::ZERO,
                };
                assert_eq!(told, Duration::from_millis(*wait), "{name}, {millis}");
            }
        }
    }
}

#[test]
fn levels_of_a_longer_window_are_clipped_for_good() {
    let process = Process::new(BOTH[0]);
    let table = table("ip");
    let hour = Quota::fixed_window(number(1), Duration::from_secs(3_600), Align::FirstRequest).unwrap();
    let minute = window(1);
    let ask = |quota, ceiling, now| {
        let charges = [Charge { ceiling, ..charge("a", quota) }];
        admit(&process, &[demand(&table, b"john", &charges)], now).unwrap().passes
    };
    assert!(ask(&hour, hour.ceiling(), at(0)));
    assert!(!ask(&minute, hour.ceiling(), at(70_000)), "another rule has an hour: the level is its");
    assert!(!ask(&minute, minute.ceiling(), at(70_000)));
    assert!(!ask(&minute, minute.ceiling(), at(129_999)));
    assert!(ask(&minute, minute.ceiling(), at(130_000)), "a minute after it was first seen");
}
