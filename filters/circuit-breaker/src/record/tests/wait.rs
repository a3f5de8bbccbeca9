use super::*;
use crate::record::wait::drawn;

const MIDDLE: u32 = u32::MAX / 2;

#[test]
fn waits_grow_and_vary() {
    struct Case {
        name: &'static str,
        rules: Rules,
        openings: u32,
        random: u32,
        /// Milliseconds.
        want: u128,
    }
    let plain = rules();
    let double = Rules { multiplier: 2.0, ..rules() };
    let slowly = Rules { multiplier: 1.5, ..rules() };
    let varied = Rules { jitter: 0.5, ..rules() };
    let wild = Rules { jitter: 1.0, ..double.clone() };
    let case =
        |name, rules: &Rules, openings, random, want| Case { name, rules: rules.clone(), openings, random, want };
    let cases = [
        case("the first", &plain, 0, 0, 10_000),
        case("by 1", &plain, 7, u32::MAX, 10_000),
        case("the first of growing ones", &double, 0, 0, 10_000),
        case("the second", &double, 1, 0, 20_000),
        case("the third", &double, 2, 0, 40_000),
        case("the most", &double, 3, 0, 60_000),
        case("after any number", &double, u32::MAX, 0, 60_000),
        case("by a half", &slowly, 3, 0, 33_750),
        case("shortest", &varied, 0, 0, 5_000),
        case("longest", &varied, 0, u32::MAX, 15_000),
        case("the most, whatever is drawn", &Rules { multiplier: 9.0, ..varied.clone() }, 9, u32::MAX, 60_000),
        case("shorter than the most", &Rules { multiplier: 9.0, ..varied }, 9, 0, 30_000),
        case("nothing", &wild, 0, 0, 0),
        case("nothing of infinity", &wild, u32::MAX, 0, 0),
    ];
    for Case { name, rules, openings, random, want } in cases {
        assert_eq!(drawn(&rules, openings, random).as_millis(), want, "{name}");
    }
    let middle = drawn(&Rules { jitter: 0.5, ..rules() }, 0, MIDDLE);
    assert!(middle.abs_diff(Duration::from_secs(10)) < Duration::from_millis(1), "{middle:?}");
}

/// What each opening waits for, in seconds.
fn openings(events: &str, rules: &Rules) -> Vec<u64> {
    let mut record = Record::new("cluster");
    let (mut now, mut waits) = (at(0), Vec::new());
    for event in events.chars() {
        let transition = match event {
            // Fails while closed.
            'f' => feed(&mut record, rules, &[BAD; 20], now).transition,
            // A good call while closed.
            'g' => feed(&mut record, rules, &[GOOD], now).transition,
            // The wait passes, the permitted call fails or succeeds.
            'F' | 'G' => {
                now = now.plus(rules.max_wait);
                let permit = permit(&mut record, rules, now);
                record.report(rules, permit, if event == 'F' { BAD } else { GOOD }, now, 0).transition
            }
            's' => {
                now = now.plus(Duration::from_secs(1));
                None
            }
            _ => panic!("{event}"),
        };
        if let Some(Transition { to: State::Open, why, .. }) = transition {
            waits.push(why.wait.as_secs());
        }
        record = reread(&record);
    }
    waits
}

#[test]
fn another_policy_s_full_window_is_no_health() {
    let rules = Rules { multiplier: 2.0, permitted_calls: 1, ..rules() };
    let mut record = opened(&rules, at(0));
    let probe = permit(&mut record, &rules, at(10_000));
    record.report(&rules, probe, GOOD, at(10_000), 0);
    record.shape_up(&[rules.window, last(1)]);
    let why = feed(&mut record, &rules, &[GOOD, BAD, BAD, BAD], at(10_000)).transition.unwrap().why;
    assert_eq!(why.wait, Duration::from_secs(20));
}

#[test]
fn openings_wait_longer_until_a_full_window_of_health() {
    let base = Rules { multiplier: 2.0, permitted_calls: 1, ..rules() };
    let full = Rules { window: last(4), ..base.clone() };
    let time = Rules { window: seconds(3), minimum_calls: 1, ..base.clone() };
    let row = Rules { consecutive_failures: 2, failure_rate: 0, window: last(3), ..base.clone() };
    let cases = [
        ("probes that fail", &base, "fFFFF", vec![10, 20, 40, 60, 60]),
        ("probes that succeed, and no health after", &base, "fGfGfGf", vec![10, 20, 40, 60]),
        ("less than a window until it opens", &base, "fGggggf", vec![10, 20]),
        ("a window that failures complete, still below the rate", &base, "fGgggggggggf", vec![10, 10]),
        ("a full window", &base, "fGggggggggggf", vec![10, 10]),
        ("a full window, then none", &base, "fFGggggggggggfGf", vec![10, 20, 10, 20]),
        ("the failing calls fill the window themselves", &full, "fGfGf", vec![10, 20, 40]),
        ("a row, and a full window before it", &row, "fGfGgggf", vec![10, 20, 10]),
        ("less than a window of time", &time, "fGgssf", vec![10, 20]),
        ("a window of time", &time, "fGgsssf", vec![10, 10]),
        ("time without a call is no health", &time, "fGssssf", vec![10, 20]),
    ];
    for (name, rules, events, want) in cases {
        assert_eq!(openings(events, rules), want, "{name}");
    }
}
