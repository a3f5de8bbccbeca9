use super::*;

const OK: i32 = Code::Ok as i32;
const OVER: i32 = Code::OverLimit as i32;
const MINUTE: Duration = Duration::from_secs(60);

fn status(code: i32, limit: (u32, i32, &str), remaining: u32, reset: Option<(i64, i32)>) -> DescriptorStatus {
    let (requests_per_unit, unit, name) = limit;
    DescriptorStatus {
        code,
        current_limit: Some(RateLimit { requests_per_unit, unit, name: name.to_owned() }),
        limit_remaining: remaining,
        duration_until_reset: reset.map(|(seconds, nanos)| message::Duration { seconds, nanos }),
    }
}

fn told_of(statuses: &[DescriptorStatus], refuses: bool) -> Vec<LimitUse> {
    let names: [Rc<str>; 3] = ["first".into(), "second".into(), "third".into()];
    told(statuses, names.iter(), refuses)
}

fn limit_use(name: &str, quota: u32, window: Duration, remaining: u32, more_in: Duration, refused: bool) -> LimitUse {
    LimitUse { name: name.into(), quota, window, remaining, more_in, refused }
}

#[test]
fn an_answer_tells_of_its_limits() {
    let statuses =
        [status(OK, (10, 2, "Per User"), 4, Some((30, 500_000_000))), status(OVER, (1, 1, ""), 0, Some((1, 0)))];
    let want = [
        limit_use("per-user", 10, MINUTE, 4, Duration::from_millis(30_500), false),
        limit_use("second", 1, SOON, 0, SOON, true),
    ];
    assert_eq!(told_of(&statuses, true), want);
    assert!(told_of(&statuses, false).iter().all(|told| !told.refused), "the request passed");
}

#[test]
fn what_does_not_fit_is_clipped_or_not_told() {
    let no_limit = DescriptorStatus { code: OK, ..DescriptorStatus::default() };
    let day = days(1);
    for (name, statuses, want) in [
        ("no limit", vec![no_limit], vec![]),
        ("a unit not known", vec![status(OK, (1, 0, ""), 1, None), status(OK, (1, 8, ""), 1, None)], vec![]),
        (
            "more left than there is",
            vec![status(OK, (5, 4, ""), 9, Some((7, 0)))],
            vec![limit_use("first", 5, day, 5, Duration::ZERO, false)],
        ),
        (
            "a reset after the window",
            vec![status(OK, (5, 2, ""), 1, Some((i64::MAX, 0)))],
            vec![limit_use("first", 5, MINUTE, 1, MINUTE, false)],
        ),
        (
            "a reset before now",
            vec![status(OK, (5, 2, ""), 1, Some((-3, -1)))],
            vec![limit_use("first", 5, MINUTE, 1, Duration::ZERO, false)],
        ),
        (
            "nanoseconds out of range",
            vec![status(OK, (5, 2, ""), 1, Some((3, i32::MAX)))],
            vec![limit_use("first", 5, MINUTE, 1, Duration::from_secs(3), false)],
        ),
        ("no reset", vec![status(OK, (5, 2, ""), 1, None)], vec![limit_use("first", 5, MINUTE, 1, MINUTE, false)]),
        (
            "nothing allowed",
            vec![status(OVER, (0, 2, ""), 0, None)],
            vec![limit_use("first", 0, MINUTE, 0, Duration::ZERO, true)],
        ),
        (
            "the name of another",
            vec![status(OK, (1, 2, "a"), 1, None), status(OK, (2, 2, "A"), 2, None)],
            vec![
                limit_use("a", 1, MINUTE, 1, Duration::ZERO, false),
                limit_use("second", 2, MINUTE, 2, Duration::ZERO, false),
            ],
        ),
        (
            "no name left",
            vec![status(OK, (1, 2, "second"), 1, None), status(OK, (2, 2, ""), 2, None)],
            vec![limit_use("second", 1, MINUTE, 1, Duration::ZERO, false)],
        ),
        (
            "more than was asked",
            vec![status(OK, (1, 2, ""), 1, None); 5],
            vec![
                limit_use("first", 1, MINUTE, 1, Duration::ZERO, false),
                limit_use("second", 1, MINUTE, 1, Duration::ZERO, false),
                limit_use("third", 1, MINUTE, 1, Duration::ZERO, false),
            ],
        ),
    ] {
        assert_eq!(told_of(&statuses, true), want, "{name}");
    }
}

#[test]
fn every_unit_has_its_length() {
    let told = |unit| told_of(&[status(OK, (1, unit, ""), 1, None)], false).first().map(|told| told.window.as_secs());
    let lengths: Vec<_> = (-1..9).map(told).collect();
    let want = [
        None,
        None,
        Some(1),
        Some(60),
        Some(3600),
        Some(86_400),
        Some(2_592_000),
        Some(31_536_000),
        Some(604_800),
        None,
    ];
    assert_eq!(lengths, want);
}

#[test]
fn names_hold_what_names_can() {
    for (words, want) in [
        (&["Per User"][..], Some("per-user")),
        (&["a", "b_c"], Some("a-b_c")),
        (&["remote_address"], Some("remote_address")),
        (&["\"evil\";q=1, \"x"], Some("evil--q-1---x")),
        (&["é"], None),
        (&[""], None),
        (&["", "a"], Some("a")),
    ] {
        assert_eq!(name_of(words.iter().copied()).as_deref(), want, "{words:?}");
    }
    assert_eq!(name_of(["é-".repeat(99).as_str(), "a"]), None, "cut off");
    assert_eq!(name_of(["k".repeat(99).as_str()]).map(|name| name.len()), Some(MAX_NAME));
}

#[test]
fn when_to_come_back() {
    let reset = |seconds| Some((seconds, 0));
    for (name, statuses, want) in [
        ("nothing said", vec![], SOON),
        (
            "the limit that refuses",
            vec![status(OVER, (1, 2, ""), 0, reset(9)), status(OK, (9, 3, ""), 1, reset(99))],
            Duration::from_secs(9),
        ),
        (
            "the last of several",
            vec![status(OVER, (1, 2, ""), 0, reset(9)), status(OVER, (9, 3, ""), 1, reset(99))],
            Duration::from_secs(99),
        ),
        ("no time", vec![status(OVER, (1, 2, ""), 0, None)], MINUTE),
        ("not after the window", vec![status(OVER, (1, 2, ""), 0, reset(999))], MINUTE),
        ("a window not known", vec![status(OVER, (1, 99, ""), 0, reset(i64::MAX))], YEAR),
    ] {
        assert_eq!(retry_in(&statuses), want, "{name}");
    }
}
