use super::super::calendar::{DAY, next_month};
use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// The start of a day. The count of leap days is that of the years before.
fn date(year: u64, month: usize, day: u64) -> Nanos {
    let before = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<u64>();
    let months = (1..month).map(|month| days_of(year, month)).sum::<u64>();
    Nanos((before + months + day - 1) * DAY.get())
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: usize) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[test]
fn every_month_until_the_end_of_time() {
    // 2^64 nanoseconds end in July 2554.
    for year in 1970..2554 {
        for month in 1..=12 {
            let (first, last) = (date(year, month, 1), date(year, month, days_of(year, month)));
            let want = if month == 12 { date(year + 1, 1, 1) } else { date(year, month + 1, 1) };
            for day in [first, Nanos(first.0 + 1), Nanos(last.0 - 1), last, Nanos(want.0 - 1)] {
                assert!(day < first || next_month(day, 0) == want, "{year}-{month} {day:?}");
            }
        }
    }
}

#[test]
fn quotas_of_the_calendar() {
    struct Case {
        name: &'static str,
        given: (Period, Duration, Nanos),
        want: Nanos,
    }
    let noon = |date: Nanos| date.plus(12 * HOUR);
    let cases = [
        Case {
            name: "a day",
            given: (Period::Day, Duration::ZERO, noon(date(2026, 11, 23))),
            want: date(2026, 11, 24),
        },
        Case {
            name: "begins at its midnight",
            given: (Period::Day, Duration::ZERO, date(2026, 11, 23)),
            want: date(2026, 11, 24),
        },
        Case {
            name: "a day from six, before six",
            given: (Period::Day, 6 * HOUR, date(2026, 11, 23).plus(5 * HOUR)),
            want: date(2026, 11, 23).plus(6 * HOUR),
        },
        Case {
            name: "2026-11-23 is a Monday",
            given: (Period::Week, Duration::ZERO, noon(date(2026, 11, 22))),
            want: date(2026, 11, 23),
        },
        Case {
            name: "a week from Monday",
            given: (Period::Week, Duration::ZERO, noon(date(2026, 11, 23))),
            want: date(2026, 11, 30),
        },
        Case {
            name: "a week from Sunday",
            given: (Period::Week, 6 * 24 * HOUR, noon(date(2026, 11, 23))),
            want: date(2026, 11, 29),
        },
        Case {
            name: "the epoch was a Thursday",
            given: (Period::Week, Duration::ZERO, Nanos(0)),
            want: date(1970, 1, 5),
        },
        Case {
            name: "a leap year's February",
            given: (Period::Month, Duration::ZERO, noon(date(2028, 2, 29))),
            want: date(2028, 3, 1),
        },
        Case {
            name: "December",
            given: (Period::Month, Duration::ZERO, noon(date(2026, 12, 31))),
            want: date(2027, 1, 1),
        },
        Case {
            name: "a month from the 15th, on the 3rd",
            given: (Period::Month, 14 * 24 * HOUR, noon(date(2026, 3, 3))),
            want: date(2026, 3, 15),
        },
        Case {
            name: "a month from the 15th, on the 20th",
            given: (Period::Month, 14 * 24 * HOUR, noon(date(2026, 2, 20))),
            want: date(2026, 3, 15),
        },
        Case {
            name: "before the first offset",
            given: (Period::Month, 14 * 24 * HOUR, Nanos(0)),
            want: date(1970, 1, 15),
        },
        Case {
            name: "the end of time",
            given: (Period::Month, Duration::ZERO, Nanos(u64::MAX)),
            want: Nanos(u64::MAX),
        },
    ];
    for Case { name, given: (period, offset, now), want } in cases {
        let quota = Quota::calendar(count(5), period, offset).unwrap();
        let Judged::Fits { after, .. } = quota.judge(Level::default(), 1, now) else { panic!("{name}") };
        assert_eq!((after.until, after.used[0]), (want, 1), "{name}");
    }
}
