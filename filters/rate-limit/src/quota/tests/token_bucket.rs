use super::*;

#[test]
fn a_million_requests_do_not_drift() {
    // 7 in 1.000000007 s: no token takes a whole number of nanoseconds.
    let (requests, per, burst) = (7, 1_000_000_007_u64, 3);
    let quota = Quota::token_bucket(count(requests), Duration::from_nanos(per), count(burst)).unwrap();
    let (mut level, mut now) = (Level::default(), START);
    for n in 1..=1_000_000_u64 {
        let (after, standing) = match quota.judge(level, 1, now) {
            Judged::Fits { after, standing, .. } => (after, standing),
            Judged::Exceeds { retry_in, .. } => panic!("request {n} is refused for {retry_in:?}"),
        };
        let tokens = u128::from(n.saturating_sub(burst.into()));
        let due = (tokens * u128::from(per)).div_ceil(requests.into());
        assert_eq!(now.since(START).as_nanos(), due, "request {n}");
        level = after;
        now = now.plus(if standing.remaining == 0 { standing.more_in } else { Duration::ZERO });
    }
}

#[test]
fn faster_than_a_nanosecond() {
    // Ten in each nanosecond: after five of them half a nanosecond is used, and the level says so.
    let quota = Quota::token_bucket(count(10), Duration::from_nanos(1), count(10)).unwrap();
    let (level, _) = play(&quota, &[(START, 5)]);
    assert!(!level.is_fresh(START));
    assert_eq!(standing(&quota, level, START).remaining, 5);
    assert!(level.is_fresh(START.plus(Duration::from_nanos(1))));
}

proptest! {
    /// In any time of length t at most burst + floor(t * requests / per).
    #[test]
    fn never_one_more(
        rate in 1_u32..12, per in prop_oneof![1_u64..50, 900_u64..1_100], burst in 1_u32..12, schedule in any_schedule(),
    ) {
        let quota = Quota::token_bucket(count(rate), Duration::from_nanos(per), count(burst)).unwrap();
        let (_, taken) = play(&quota, &requests(&quota, &schedule));
        for first in 0..taken.len() {
            for last in first..taken.len() {
                let time = taken[last].0.since(taken[first].0).as_nanos();
                let most = u128::from(burst) + time * u128::from(rate) / u128::from(per);
                prop_assert!(sum(&taken[first..=last]) <= most);
            }
        }
    }

    /// The level against a bucket that is counted token by token, in fractions.
    #[test]
    fn is_a_bucket(
        rate in 1_u32..12, per in 1_u64..1_100, burst in 1_u32..12, schedule in any_schedule(),
    ) {
        let quota = Quota::token_bucket(count(rate), Duration::from_nanos(per), count(burst)).unwrap();
        let full = u128::from(burst) * u128::from(per);
        let (mut tokens, mut last, mut level) = (full, START, Level::default());
        for (now, cost) in requests(&quota, &schedule) {
            tokens = full.min(tokens + now.since(last).as_nanos() * u128::from(rate));
            last = now;
            let price = u128::from(cost) * u128::from(per);
            let judged = quota.judge(level, cost, now);
            prop_assert_eq!(matches!(judged, Judged::Fits { .. }), price <= tokens);
            if let Judged::Fits { after, .. } = judged {
                tokens -= price;
                level = after;
            }
            prop_assert_eq!(u128::from(standing(&quota, level, now).remaining), tokens / u128::from(per));
        }
    }
}
