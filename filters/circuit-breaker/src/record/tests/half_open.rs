use super::*;

const EIGHT: u32 = 8;

/// Takes all permits and reports those calls.
fn judged(rules: &Rules, calls: &[Call]) -> Transition {
    let rules = Rules { permitted_calls: u32::try_from(calls.len()).unwrap(), ..rules.clone() };
    let mut record = half_open(&rules, at(0));
    let permits: Vec<Permit> = calls.iter().map(|_| permit(&mut record, &rules, at(0))).collect();
    let mut last = None;
    for (permit, call) in permits.into_iter().zip(calls) {
        assert_eq!(last, None, "decided before all were reported");
        let counted = record.report(&rules, permit, *call, at(1), 0);
        assert!(counted.counted && counted.changed && !counted.eager);
        last = counted.transition;
        record = reread(&record);
    }
    last.unwrap()
}

#[test]
fn permitted_calls_are_judged_once_all_are_reported() {
    let rates = Rules { failure_rate: 50, slow_call_rate: 75, consecutive_failures: 3, ..rules() };
    let slow = Rules { failure_rate: 0, slow_call_rate: 75, consecutive_failures: 0, ..rates.clone() };
    let slow_or_row = Rules { consecutive_failures: 3, ..slow.clone() };
    let row = Rules { slow_call_rate: 0, ..slow_or_row.clone() };
    let long_row = Rules { consecutive_failures: 50, ..row.clone() };
    let cases = [
        ("good", &rates, vec![GOOD; 4], Cause::Recovered),
        ("below the rate", &rates, vec![GOOD, BAD, GOOD, GOOD], Cause::Recovered),
        ("at the rate", &rates, vec![GOOD, BAD, GOOD, BAD], Cause::FailureRate),
        ("below the minimum of calls, which does not matter here", &rates, vec![BAD], Cause::FailureRate),
        ("slow below the rate", &rates, vec![SLOW, GOOD, SLOW, GOOD], Cause::Recovered),
        ("slow at the rate", &rates, vec![SLOW, GOOD, SLOW, SLOW], Cause::SlowCallRate),
        ("a failure that is slow counts for both", &rates, vec![SLOW, BAD_AND_SLOW, SLOW, GOOD], Cause::SlowCallRate),
        ("failures first", &rates, vec![BAD_AND_SLOW; 4], Cause::FailureRate),
        ("a row that is below the rate", &rates, [[BAD; 3], [GOOD; 3], [GOOD; 3]].concat(), Cause::Recovered),
        ("failures where nothing asks for them", &slow, vec![BAD; 4], Cause::Recovered),
        ("slow calls where nothing else counts", &slow, vec![SLOW; 4], Cause::SlowCallRate),
        ("a row where no rate counts failures", &slow_or_row, vec![GOOD, BAD, BAD, BAD], Cause::ConsecutiveFailures),
        ("a row", &row, vec![BAD, BAD, BAD, GOOD], Cause::ConsecutiveFailures),
        ("a broken row", &row, vec![BAD, BAD, GOOD, BAD, BAD], Cause::Recovered),
        ("a slow success breaks a row", &row, vec![BAD, BAD, SLOW, BAD], Cause::Recovered),
        ("a row longer than there are permits", &long_row, vec![BAD; 4], Cause::ConsecutiveFailures),
        ("all but one", &long_row, vec![BAD, BAD, BAD, GOOD], Cause::Recovered),
    ];
    for (name, rules, calls, want) in cases {
        let Transition { from, to, generation, why } = judged(rules, &calls);
        assert_eq!(why.cause, want, "{name}");
        assert_eq!((from, generation), (State::HalfOpen, 3), "{name}");
        assert_eq!(to, if want == Cause::Recovered { State::Closed } else { State::Open }, "{name}");
        assert_eq!(why.totals.calls as usize, calls.len(), "{name}");
    }
}

#[test]
fn as_many_pass_as_there_are_permits() {
    for (permitted, want) in [(0, 1), (1, 1), (2, 2), (8, 8), (100, 100), (u32::MAX, 100)] {
        let rules = Rules { permitted_calls: permitted, ..rules() };
        let mut record = half_open(&rules, at(0));
        for _ in 0..want {
            permit(&mut record, &rules, at(1_000));
            record = reread(&record);
        }
        let before = record.clone();
        let asked = record.ask(&rules, at(2_000), 0);
        let verdict = Verdict::Rejected { state: State::HalfOpen, retry_in: Duration::from_secs(4) };
        assert_eq!(asked, Asked { verdict, transition: None, changed: false }, "until the first lease ends");
        assert_eq!(record, before);
    }
}

#[test]
fn a_reported_permit_is_not_given_again() {
    let mut record = half_open(&rules(), at(0));
    let first = permit(&mut record, &rules(), at(0));
    let second = permit(&mut record, &rules(), at(0));
    assert!(record.report(&rules(), first, GOOD, at(1), 0).counted);
    assert_eq!(rejected(&mut record, &rules(), at(1)).0, State::HalfOpen);
    assert_eq!(record.report(&rules(), first, BAD, at(1), 0), Counted::default(), "reported twice");
    assert!(!record.give_back(first, at(1)));
    assert!(record.give_back(second, at(1)));
    assert!(!record.give_back(second, at(1)), "given back twice");
    let third = permit(&mut record, &rules(), at(1));
    assert_eq!(record.report(&rules(), second, BAD, at(1), 0), Counted::default(), "of who gave it back");
    let counted = record.report(&rules(), third, GOOD, at(1), 0);
    assert_eq!(counted.transition.map(|transition| transition.why.cause), Some(Cause::Recovered));
}

#[test]
fn a_lease_ends() {
    let mut record = half_open(&rules(), at(0));
    let lost = permit(&mut record, &rules(), at(0));
    let late = permit(&mut record, &rules(), at(2_000));
    assert_eq!(rejected(&mut record, &rules(), at(4_999)).1, Duration::from_millis(1));
    let third = permit(&mut record, &rules(), at(5_000));
    assert_eq!(record.report(&rules(), lost, BAD, at(5_000), 0), Counted::default(), "its place is another's");
    let counted = record.report(&rules(), late, BAD, at(7_000), 0);
    assert_eq!(counted, Counted { changed: true, ..Counted::default() }, "at the end it is too late");
    assert!(!record.give_back(late, at(7_000)));
    assert!(!record.answered(late, GOOD, at(7_000)));
    assert!(record.report(&rules(), third, GOOD, at(9_999), 0).counted);
    let last = permit(&mut record, &rules(), at(10_000));
    let decided = record.report(&rules(), last, GOOD, at(10_000), 0);
    assert_eq!(decided.transition.map(|transition| transition.to), Some(State::Closed));
}

#[test]
fn an_answered_call_counts_when_its_lease_ends() {
    struct Case {
        name: &'static str,
        answers: [Option<Call>; 2],
        want: Option<Cause>,
    }
    let cases = [
        Case { name: "good", answers: [Some(GOOD); 2], want: Some(Cause::Recovered) },
        Case { name: "slow", answers: [Some(SLOW); 2], want: Some(Cause::SlowCallRate) },
        Case { name: "one is lost", answers: [Some(GOOD), None], want: None },
        Case { name: "failed", answers: [Some(BAD), Some(GOOD)], want: Some(Cause::FailureRate) },
    ];
    for Case { name, answers, want } in cases {
        let rules = Rules { slow_call_rate: 100, ..rules() };
        let mut record = half_open(&rules, at(0));
        for call in answers {
            let permit = permit(&mut record, &rules, at(0));
            if let Some(call) = call {
                assert!(record.answered(permit, call, at(1)), "{name}");
                assert!(!record.answered(permit, call, at(1)), "{name}: said already");
            }
        }
        record = reread(&record);
        assert_eq!(record.observe_due(&rules, at(4_999), 0), Settled::default(), "{name}");
        let mut asked = record.clone();
        let settled = record.observe_due(&rules, at(5_000), 0);
        assert_eq!(settled.transition.map(|transition| transition.why.cause), want, "{name}");
        assert!(settled.changed, "{name}");
        let asked = asked.ask(&rules, at(5_000), 0);
        assert_eq!(asked.transition.map(|transition| transition.why.cause), want, "{name}");
        match want {
            Some(Cause::Recovered) => assert_eq!(asked.verdict, Verdict::Passes, "{name}"),
            Some(_) => assert!(matches!(asked.verdict, Verdict::Rejected { state: State::Open, .. }), "{name}"),
            None => assert!(matches!(asked.verdict, Verdict::Permit(_)), "{name}"),
        }
    }
}

#[test]
fn a_lease_that_is_over_is_settled_and_not_changed() {
    let rules = Rules { permitted_calls: 1, ..rules() };
    let mut record = half_open(&rules, at(0));
    let permit = permit(&mut record, &rules, at(0));
    assert!(record.answered(permit, GOOD, at(1)));
    assert!(record.answered(permit, SLOW, at(1)), "another answer");
    let before = record.clone();
    assert!(!record.answered(permit, BAD, at(5_000)));
    assert!(!record.give_back(permit, at(5_000)));
    assert_eq!(record, before);
    let totals = record.observe_due(&rules, at(5_000), 0).transition.unwrap().why.totals;
    assert_eq!(totals, Totals { calls: 1, failed: 0, slow: 1 });
}

#[test]
fn what_an_answered_call_came_to_counts_instead() {
    let rules = Rules { permitted_calls: 1, ..rules() };
    let mut record = half_open(&rules, at(0));
    let permit = permit(&mut record, &rules, at(0));
    assert!(record.answered(permit, GOOD, at(1)));
    let counted = record.report(&rules, permit, BAD, at(2), 0);
    assert_eq!(counted.transition.map(|transition| transition.why.cause), Some(Cause::FailureRate));
}

#[test]
fn half_open_does_not_last_longer_than_it_may() {
    let rules = Rules { max_wait_in_half_open: Some(Duration::from_secs(8)), multiplier: 2.0, ..rules() };
    let mut record = half_open(&rules, at(0));
    let late = at(20_000);
    assert_eq!(record.observe_due(&rules, late, 0), Settled::default(), "nobody has tried");
    let first = permit(&mut record, &rules, late);
    assert!(record.report(&rules, first, GOOD, late, 0).counted);
    permit(&mut record, &rules, at(27_000));
    assert_eq!(record.observe_due(&rules, at(27_999), 0), Settled::default());
    let asked = record.ask(&rules, at(28_000), 0);
    let wait = Duration::from_secs(20);
    assert_eq!(asked.verdict, Verdict::Rejected { state: State::Open, retry_in: wait });
    let totals = Totals { calls: 1, failed: 0, slow: 0 };
    let why = Why { cause: Cause::Undecided, totals, consecutive: 0, threshold: 0, wait };
    let transition = Transition { from: State::HalfOpen, to: State::Open, generation: 3, why };
    assert_eq!((asked.transition, asked.changed), (Some(transition), true));
}

#[test]
fn the_last_report_decides_even_if_it_comes_after_that() {
    let rules = Rules { max_wait_in_half_open: Some(Duration::from_secs(8)), permitted_calls: 1, ..rules() };
    let mut record = half_open(&rules, at(0));
    let lost = permit(&mut record, &rules, at(0));
    assert!(record.give_back(lost, at(1)));
    let permit = permit(&mut record, &rules, at(7_000));
    let counted = record.report(&rules, permit, GOOD, at(9_000), 0);
    assert_eq!(counted.transition.map(|transition| transition.why.cause), Some(Cause::Recovered));
}

#[test]
fn the_number_of_permits_does_not_change_while_half_open() {
    let [few, many] = [2, EIGHT].map(|permitted_calls| Rules { permitted_calls, ..rules() });
    let mut record = half_open(&few, at(0));
    permit(&mut record, &many, at(0));
    permit(&mut record, &many, at(0));
    assert_eq!(rejected(&mut record, &many, at(0)).0, State::HalfOpen);
}

#[test]
fn an_older_generation_s_permits_change_nothing() {
    let rules = Rules { permitted_calls: 1, ..rules() };
    let mut record = half_open(&rules, at(0));
    let old = permit(&mut record, &rules, at(0));
    let new = permit(&mut record, &rules, at(5_000));
    record.report(&rules, new, BAD, at(5_001), 0);
    assert_eq!(record.state(), State::Open);
    let same_ticket = {
        let mut record = record.clone();
        let permit = permit(&mut record, &rules, at(20_000));
        assert_eq!(permit.ticket, old.ticket);
        (record, at(20_001))
    };
    for (mut record, now) in [(record, at(5_002)), same_ticket] {
        let before = record.clone();
        assert_eq!(record.report(&rules, old, GOOD, now, 0), Counted::default());
        assert!(!record.answered(old, GOOD, now));
        assert!(!record.give_back(old, now));
        assert_eq!(record, before);
    }
}
