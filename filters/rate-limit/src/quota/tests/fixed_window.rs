use std::collections::BTreeMap;

use super::*;

#[test]
fn a_window_that_was_begun_is_not_cut_short_by_another_clock() {
    let quota = Quota::fixed_window(count(2), Duration::from_nanos(100), Align::Epoch).unwrap();
    let (level, _) = play(&quota, &[(Nanos(1_000), 2)]);
    assert_eq!(level.until, Nanos(1_100));
    // Just before the boundary, by the clock of another worker.
    assert!(!fits(&quota, level, 1, Nanos(999)));
    assert!(!fits(&quota, level, 1, Nanos(1_099)));
    assert!(fits(&quota, level, 2, Nanos(1_100)));
}

#[test]
fn the_first_request_begins_a_window() {
    let quota = Quota::fixed_window(count(2), Duration::from_nanos(100), Align::FirstRequest).unwrap();
    let (level, _) = play(&quota, &[(Nanos(1_050), 1), (Nanos(1_149), 1)]);
    assert_eq!(level, Level { until: Nanos(1_150), used: [2, 0] });
    assert!(fits(&quota, level, 2, Nanos(1_150)));
}

#[test]
fn given_back_the_first_request_began_no_window() {
    let quota = Quota::fixed_window(count(5), Duration::from_nanos(100), Align::FirstRequest).unwrap();
    let (level, _) = play(&quota, &[(Nanos(1_000), 1), (Nanos(1_050), 1)]);
    assert_eq!(quota.give_back(level, 1, Nanos(1_050), Nanos(1_060)), Level { until: Nanos(1_100), used: [1, 0] });
    assert_eq!(quota.give_back(level, 1, Nanos(1_000), Nanos(1_060)), Level { until: Nanos(1_160), used: [1, 0] });
    assert_eq!(quota.give_back(level, 1, Nanos(999), Nanos(1_060)), level, "of the window before");
    assert_eq!(quota.give_back(level, 2, Nanos(1_000), Nanos(1_060)), Level::default());
}

proptest! {
    #[test]
    fn never_one_more_in_a_window(requests_ in 1_u32..12, per in 1_u64..1_100, schedule in any_schedule()) {
        let quota = Quota::fixed_window(count(requests_), Duration::from_nanos(per), Align::Epoch).unwrap();
        let (_, taken) = play(&quota, &requests(&quota, &schedule));
        let mut windows: BTreeMap<u64, u32> = BTreeMap::new();
        for (now, cost) in taken {
            *windows.entry(now.0 / per).or_default() += cost;
        }
        prop_assert!(windows.values().all(|&count| count <= requests_), "{windows:?}");
    }
}
