//! What every algorithm keeps.

use super::super::Invalid;
use super::*;

const ONE: Duration = Duration::from_nanos(1);
const YEAR: Duration = Duration::from_hours(365 * 24);

#[test]
fn numbers_that_cannot_be_counted() {
    struct Case {
        name: &'static str,
        given: Result<Quota, Invalid>,
        want: &'static str,
    }
    let zero = Duration::ZERO;
    let cases = [
        Case {
            name: "no time",
            given: Quota::token_bucket(count(1), zero, count(1)),
            want: "`per` must be longer than zero",
        },
        Case {
            name: "too long a window",
            given: Quota::sliding_window(count(1), 100 * YEAR + ONE),
            want: "`per` must be at most 100 years",
        },
        Case {
            name: "longer than any clock",
            given: Quota::fixed_window(count(1), Duration::MAX, Align::Epoch),
            want: "`per` must be at most 100 years",
        },
        Case {
            name: "too slow a bucket",
            given: Quota::token_bucket(count(1), YEAR, count(101)),
            want: "`burst` would take more than 100 years to come back at `requests` per `per`",
        },
        Case {
            name: "a day later is another day",
            given: Quota::calendar(count(1), Period::Day, Duration::from_hours(24)),
            want: "`offset` must be less than 24h",
        },
        Case {
            name: "February is short",
            given: Quota::calendar(count(1), Period::Month, Duration::from_hours(24 * 28)),
            want: "`offset` must be less than 672h",
        },
    ];
    for Case { name, given, want } in cases {
        assert_eq!(given.map_err(|e| e.to_string()), Err(want.to_owned()), "{name}");
    }
    assert!(Quota::token_bucket(count(1), YEAR, count(100)).is_ok());
    assert!(Quota::token_bucket(count(u32::MAX), 100 * YEAR, count(u32::MAX)).is_ok());
}

#[test]
fn what_a_short_time_takes_does_not_bring_a_long_one_nearer() {
    let hour = Duration::from_hours(1);
    let second = Duration::from_secs(1);
    let pairs = [
        (Quota::fixed_window(count(9), second, Align::Epoch), Quota::fixed_window(count(2), hour, Align::Epoch)),
        (
            Quota::fixed_window(count(9), second, Align::FirstRequest),
            Quota::fixed_window(count(2), hour, Align::FirstRequest),
        ),
        (Quota::sliding_window(count(9), second), Quota::sliding_window(count(2), hour)),
        (Quota::token_bucket(count(9), second, count(9)), Quota::token_bucket(count(2), hour, count(2))),
    ];
    for (short, long) in pairs {
        let (short, long) = (short.unwrap(), long.unwrap());
        let (level, _) = play(&long, &[(START, 2)]);
        let now = START.plus(second);
        let level = match short.judge(level, 1, now) {
            Judged::Fits { after, .. } => after,
            Judged::Exceeds { .. } => short.punish(level, 1, now),
        };
        assert!(!fits(&long, level, 1, now.plus(60 * second)), "{long:?} {level:?}");
    }
}

proptest! {
    /// After any history, a client that waits as long as it is told fits, and not a nanosecond earlier.
    #[test]
    fn who_waits_fits(quota in any_quota(), schedule in any_schedule(), cost in 1_u32..14) {
        let requests = requests(&quota, &schedule);
        let now = requests.last().unwrap().0;
        let (level, _) = play(&quota, &requests);
        match quota.judge(level, cost, now) {
            Judged::Fits { .. } => {}
            Judged::Exceeds { retry_in: None, .. } => prop_assert!(cost > quota.capacity()),
            Judged::Exceeds { retry_in: Some(wait), standing } => {
                prop_assert!(wait > Duration::ZERO && wait <= standing.fresh_in && cost <= quota.capacity());
                prop_assert!(fits(&quota, level, cost, now.plus(wait)));
                prop_assert!(!fits(&quota, level, cost, now.plus(wait - ONE)));
                prop_assert!(cost > 1 || wait == standing.more_in);
            }
        }
    }

    /// `remaining` fits and one more does not; it grows after `more_in`, and is all of it after `fresh_in`.
    #[test]
    fn a_standing_is_true(quota in any_quota(), schedule in any_schedule()) {
        let requests = requests(&quota, &schedule);
        let now = requests.last().unwrap().0;
        let (level, _) = play(&quota, &requests);
        let Standing { remaining, more_in, fresh_in } = standing(&quota, level, now);
        prop_assert!(fits(&quota, level, remaining, now) && !fits(&quota, level, remaining + 1, now));
        prop_assert!(fresh_in <= quota.ceiling());
        prop_assert_eq!(more_in == Duration::ZERO, fresh_in == Duration::ZERO);
        if more_in > Duration::ZERO {
            prop_assert_eq!(standing(&quota, level, now.plus(more_in - ONE)).remaining, remaining);
            prop_assert!(standing(&quota, level, now.plus(more_in)).remaining > remaining);
        }
        let fresh = Standing { remaining: quota.capacity(), more_in: Duration::ZERO, fresh_in: Duration::ZERO };
        prop_assert_eq!(standing(&quota, level, now.plus(fresh_in)), fresh);
    }

    #[test]
    fn a_lone_client_reaches_the_limit_exactly(quota in any_quota()) {
        let burst = vec![(START, 1); 20];
        prop_assert_eq!(sum(&play(&quota, &burst).1), u128::from(quota.capacity()));
    }

    #[test]
    fn looking_changes_nothing(quota in any_quota(), schedule in any_schedule()) {
        let requests = requests(&quota, &schedule);
        let now = requests.last().unwrap().0;
        let (level, _) = play(&quota, &requests);
        let same = Judged::Fits { before: level, after: level, standing: standing(&quota, level, now) };
        prop_assert_eq!(quota.judge(level, 0, now), same);
        prop_assert_eq!(quota.punish(level, 0, now), level);
    }

    /// Refusals that count keep a client out as long as it goes on, and no longer than until all is back.
    #[test]
    fn punishment_is_bounded(quota in any_quota(), schedule in any_schedule(), costs in prop::collection::vec(1_u32.., 1..5)) {
        let requests = requests(&quota, &schedule);
        let now = requests.last().unwrap().0;
        let (before, _) = play(&quota, &requests);
        let after = costs.iter().fold(before, |level, &cost| quota.punish(level, cost, now));
        prop_assert!(after.fresh_in(now) <= quota.ceiling());
        prop_assert!(standing(&quota, after, now).remaining <= standing(&quota, before, now).remaining);
        prop_assert!(fits(&quota, after, quota.capacity(), now.plus(quota.ceiling())));
        let most = quota.punish(before, u32::MAX, now);
        prop_assert_eq!(standing(&quota, most, now).remaining, 0);
        prop_assert_eq!(quota.punish(most, u32::MAX, now), most);
    }

    /// Any level, any time, any numbers: no panic, and what is said holds together.
    #[test]
    fn nothing_overflows(
        requests in 1_u32.., per in 1..=100 * YEAR.as_nanos() as u64, burst in 1_u32.., algorithm in 0_u8..5,
        level: [u8; 16], near in prop::option::of(0_u64..1_000), cost: u32, now: u64, taken_at: u64,
    ) {
        let (requests, per) = (count(requests), Duration::from_nanos(per));
        let quota = match algorithm {
            0 => Quota::token_bucket(requests, per, count(burst)),
            1 => Quota::fixed_window(requests, per, Align::Epoch),
            2 => Quota::fixed_window(requests, per, Align::FirstRequest),
            3 => Quota::calendar(requests, Period::Month, Duration::from_hours(24 * 28) - ONE),
            _ => Quota::sliding_window(requests, per),
        };
        // A slow bucket is no quota.
        let Ok(quota) = quota else { return Ok(()) };
        let level = Level::decode(level);
        let now = Nanos(near.map_or(now, |by| u64::MAX - by));
        let taken_at = Nanos(taken_at);
        prop_assert!(quota.window() <= quota.ceiling());
        match quota.judge(level, cost, now) {
            Judged::Fits { after, standing, .. } => {
                prop_assert!(standing.remaining <= quota.capacity() && cost <= quota.capacity());
                let _ = quota.give_back(after, cost, now, Nanos(u64::MAX));
            }
            Judged::Exceeds { standing, .. } => prop_assert!(standing.remaining < cost),
        }
        let back = quota.give_back(level, cost, taken_at, now);
        prop_assert!(standing(&quota, back, now).remaining >= standing(&quota, level, now).remaining);
        let punished = quota.punish(level, cost, now);
        // Where time ends before the window does, its end is not told.
        let ends = now.plus(quota.ceiling()) < Nanos(u64::MAX);
        let (harder, softer) = (standing(&quota, punished, now), standing(&quota, level, now));
        prop_assert!(!ends || harder.remaining <= softer.remaining);
        let _ = level.join(back);
    }
}
