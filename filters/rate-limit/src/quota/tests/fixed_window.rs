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
    assert_eq!((level.until, level.used[0]), (Nanos(1_150), 2));
    assert!(fits(&quota, level, 2, Nanos(1_150)));
}

#[test]
fn given_back_the_first_request_began_no_window() {
    let quota = Quota::fixed_window(count(5), Duration::from_nanos(100), Align::FirstRequest).unwrap();
    let (level, _) = play(&quota, &[(Nanos(1_000), 1), (Nanos(1_050), 1)]);
    let [_, mark] = level.used;
    assert_eq!(quota.give_back(level, 1, Nanos(1_050), Nanos(1_060)), Level { until: Nanos(1_100), used: [1, mark] });
    assert_eq!(quota.give_back(level, 1, Nanos(1_000), Nanos(1_060)), Level { until: Nanos(1_160), used: [1, mark] });
    assert_eq!(quota.give_back(level, 1, Nanos(999), Nanos(1_060)), level, "of the window before");
    assert_eq!(quota.give_back(level, 2, Nanos(1_000), Nanos(1_060)), Level::default());
}

#[test]
fn a_short_window_does_not_end_a_long_one() {
    for align in [Align::Epoch, Align::FirstRequest] {
        let window = |per| Quota::fixed_window(count(3), Duration::from_nanos(per), align).unwrap();
        let (short, long) = (window(10), window(1_000));
        let take = |quota: &Quota, level, now| match quota.judge(level, 1, now) {
            Judged::Fits { after, .. } => after,
            Judged::Exceeds { .. } => panic!("{align:?} {now:?}"),
        };
        let begun = take(&short, Level::default(), Nanos(2_001));
        let level = take(&long, begun, Nanos(2_002));
        assert!(level.until >= Nanos(3_000), "{align:?} {level:?}");
        let both = take(&short, level, Nanos(2_003));
        assert_eq!((both.until, both.used[0]), (level.until, 3), "{align:?}");
        assert!(!fits(&long, both, 1, Nanos(2_999)), "{align:?}");
        // By itself a window is as long as it was.
        let alone = take(&long, take(&long, Level::default(), Nanos(2_001)), Nanos(2_500));
        assert_eq!(alone.until, take(&long, Level::default(), Nanos(2_001)).until, "{align:?}");
    }
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
