//! How far two counters err, against an exact log.

use super::*;

/// The most in any time shorter than `length`.
fn most_within(taken: &[(Nanos, u32)], length: u64) -> u128 {
    let from = |first: usize| {
        let end = taken[first].0.0 + length;
        taken[first..].iter().take_while(|(at, _)| at.0 < end).map(|&(_, cost)| u128::from(cost)).sum()
    };
    (0..taken.len()).map(from).max().unwrap_or(0)
}

/// Sends all at the last nanosecond of a window, then as much as is let in at any time.
fn greedy(quota: &Quota, per: u64) -> Vec<(Nanos, u32)> {
    let boundary = (START.0 / per + 1) * per;
    let (mut level, mut now, mut taken) = (Level::default(), Nanos(boundary - 1), Vec::new());
    while now.0 < boundary + 2 * per {
        match quota.judge(level, 1, now) {
            Judged::Fits { after, .. } => {
                taken.push((now, 1));
                level = after;
            }
            Judged::Exceeds { retry_in, .. } => now = now.plus(retry_in.unwrap()),
        }
    }
    taken
}

#[test]
fn the_worst_client_reaches_the_bound() {
    for (requests, per) in [(1, 1_000), (2, 1_000), (10, 1_000), (100, 60_000), (499, 1_000)] {
        let quota = Quota::sliding_window(count(requests), Duration::from_nanos(per)).unwrap();
        let most = most_within(&greedy(&quota, per), per);
        assert_eq!(most, 2 * u128::from(requests) - 1, "{requests} in {per} ns");
    }
}

#[test]
fn an_even_client_gets_its_rate() {
    // Two below the limit are never refused; twice the limit gets the limit, give or take one.
    let (requests, per) = (100_u32, 1_000_000_u64);
    let quota = Quota::sliding_window(count(requests), Duration::from_nanos(per)).unwrap();
    let even = |in_window: u64| -> Vec<_> {
        (0..in_window * 20).map(|i| (Nanos(START.0 / per * per + i * per / in_window), 1)).collect()
    };
    let below = even(98);
    assert_eq!(play(&quota, &below).1.len(), below.len());
    let taken = play(&quota, &even(200)).1;
    let most = most_within(&taken[200..], per);
    assert!((99..=101).contains(&most), "{most}");
}

/// Requests at random times, on average three times as many as are allowed: far from what the worst client reaches.
#[test]
fn a_random_client_gets_little_more() {
    let (requests, per) = (100_u32, 1_000_000_u64);
    let quota = Quota::sliding_window(count(requests), Duration::from_nanos(per)).unwrap();
    let (mut seed, mut now) = (1_u64, START);
    let mut random = || {
        // Knuth's MMIX generator.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let pauses = per * 2 / 300;
    let sent: Vec<_> = (0..30_000)
        .map(|_| {
            now = now.plus(Duration::from_nanos(random() % pauses));
            (now, 1)
        })
        .collect();
    let most = most_within(&play(&quota, &sent).1[200..], per);
    eprintln!("at most {most} of {requests} in any window");
    assert!(most <= 105, "{most}");
}

proptest! {
    #[test]
    fn errs_no_further_than_documented(rate in 1_u32..12, per in prop_oneof![1_u64..50, 900_u64..1_100], schedule in any_schedule()) {
        let quota = Quota::sliding_window(count(rate), Duration::from_nanos(per)).unwrap();
        let (_, taken) = play(&quota, &requests(&quota, &schedule));
        for first in 0..taken.len() {
            for last in first..taken.len() {
                let time = taken[last].0.since(taken[first].0).as_nanos();
                if time < u128::from(per) {
                    // sum < rate * (1 + d / per), where d is longer than the time from first to last, or no boundary
                    // lies in it.
                    let sum = sum(&taken[first..=last]);
                    let one_window = taken[first].0.0 / per == taken[last].0.0 / per;
                    let below = u128::from(rate) * (u128::from(per) + time);
                    prop_assert!(sum <= u128::from(rate) || (!one_window && sum * u128::from(per) < below));
                }
            }
        }
        prop_assert!(most_within(&taken, per) < 2 * u128::from(rate));
    }
}
