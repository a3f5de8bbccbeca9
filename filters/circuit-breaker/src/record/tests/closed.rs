use super::*;

fn batch(successes: u32, oldest: Nanos, call: Option<Call>, began: Nanos) -> Batch {
    Batch { successes, oldest, newest: oldest, last: call.map(|call| (call, began)) }
}

#[test]
fn calls_open_a_closed_breaker() {
    struct Case {
        name: &'static str,
        rules: Rules,
        calls: Vec<Call>,
        /// Which of the calls opens it, from 0 on, and why: the rule, its threshold.
        want: Option<(usize, Cause, u32)>,
    }
    let both = Rules { slow_call_rate: 50, ..rules() };
    let row = Rules { failure_rate: 0, consecutive_failures: 3, ..rules() };
    let cases = [
        Case { name: "no failure", rules: rules(), calls: vec![GOOD; 30], want: None },
        Case { name: "below the minimum nothing is judged", rules: rules(), calls: vec![BAD, BAD, BAD], want: None },
        Case { name: "at the minimum", rules: rules(), calls: vec![BAD; 5], want: Some((3, Cause::FailureRate, 50)) },
        Case {
            name: "exactly the threshold",
            rules: rules(),
            calls: vec![GOOD, GOOD, BAD, BAD],
            want: Some((3, Cause::FailureRate, 50)),
        },
        Case {
            name: "a success that completes the minimum",
            rules: rules(),
            calls: vec![BAD, BAD, GOOD, GOOD],
            want: Some((3, Cause::FailureRate, 50)),
        },
        Case { name: "just below the threshold", rules: rules(), calls: vec![GOOD, GOOD, GOOD, BAD, BAD], want: None },
        Case {
            name: "a minimum above the window counts as the window",
            rules: Rules { minimum_calls: 99, ..rules() },
            calls: vec![BAD; 12],
            want: Some((9, Cause::FailureRate, 50)),
        },
        Case {
            name: "what left the window does not count",
            rules: Rules { minimum_calls: 10, ..rules() },
            calls: [vec![GOOD; 10], vec![BAD; 6]].concat(),
            want: Some((14, Cause::FailureRate, 50)),
        },
        Case {
            name: "slow calls",
            rules: both.clone(),
            calls: vec![SLOW, SLOW, GOOD, GOOD],
            want: Some((3, Cause::SlowCallRate, 50)),
        },
        Case {
            name: "a failure first where both reach theirs",
            rules: both.clone(),
            calls: vec![BAD_AND_SLOW; 4],
            want: Some((3, Cause::FailureRate, 50)),
        },
        Case {
            name: "slow calls and failures are not added up",
            rules: both,
            calls: vec![SLOW, BAD, GOOD, GOOD, GOOD],
            want: None,
        },
        Case { name: "slow calls where nothing asks for them", rules: rules(), calls: vec![SLOW; 20], want: None },
        Case {
            name: "in a row, below any minimum",
            rules: row.clone(),
            calls: vec![BAD; 5],
            want: Some((2, Cause::ConsecutiveFailures, 3)),
        },
        Case { name: "a success resets", rules: row.clone(), calls: vec![BAD, BAD, GOOD, BAD, BAD], want: None },
        Case { name: "a slow success resets", rules: row.clone(), calls: vec![BAD, BAD, SLOW, BAD, BAD], want: None },
        Case {
            name: "a slow failure does not",
            rules: row,
            calls: vec![BAD, BAD, BAD_AND_SLOW],
            want: Some((2, Cause::ConsecutiveFailures, 3)),
        },
        Case {
            name: "one percent",
            rules: Rules { failure_rate: 1, minimum_calls: 1, window: last(100), ..rules() },
            calls: [vec![GOOD; 99], vec![BAD]].concat(),
            want: Some((99, Cause::FailureRate, 1)),
        },
        Case {
            name: "a hundred percent",
            rules: Rules { failure_rate: 100, ..rules() },
            calls: [vec![GOOD], vec![BAD; 9], vec![BAD]].concat(),
            want: Some((10, Cause::FailureRate, 100)),
        },
    ];
    for Case { name, rules, calls, want } in cases {
        let mut record = Record::new("cluster");
        let mut found = None;
        for (index, call) in calls.iter().enumerate() {
            let counted = feed(&mut record, &rules, &[*call], at(0));
            assert!(counted.counted && counted.changed, "{name}");
            record = reread(&record);
            if let Some(Transition { from: State::Closed, to: State::Open, generation: 1, why }) = counted.transition {
                found = Some((index, why.cause, why.threshold));
                break;
            }
        }
        assert_eq!(found, want, "{name}");
        assert_eq!(record.state() == State::Open, want.is_some(), "{name}");
    }
}

#[test]
fn a_transition_tells_its_numbers() {
    let rules = Rules { consecutive_failures: 9, ..rules() };
    let counted = feed(&mut Record::new("cluster"), &rules, &[GOOD, SLOW, BAD_AND_SLOW, BAD], at(0));
    let totals = Totals { calls: 4, failed: 2, slow: 2 };
    let why = Why { cause: Cause::FailureRate, totals, consecutive: 2, threshold: 50, wait: Duration::from_secs(10) };
    let want = Transition { from: State::Closed, to: State::Open, generation: 1, why };
    assert_eq!(counted, Counted { counted: true, transition: Some(want), changed: true, eager: false });
}

#[test]
fn a_batch_counts_as_its_calls_do_one_by_one() {
    for successes in 0..12 {
        for call in [None, Some(GOOD), Some(BAD), Some(SLOW)] {
            for before in [vec![], vec![BAD], vec![BAD, BAD, BAD], vec![GOOD, BAD, BAD, BAD, BAD]] {
                let mut one = Record::new("cluster");
                feed(&mut one, &rules(), &before, at(0));
                let mut all = one.clone();
                let counted = all.count(&rules(), &batch(successes, at(0), call, at(0)), at(0), 0);
                let calls: Vec<Call> = (0..successes).map(|_| GOOD).chain(call).collect();
                let want = feed(&mut one, &rules(), &calls, at(0));
                assert_eq!(all, one);
                assert_eq!(counted.transition, want.transition);
                let passed = before.len() < 4 && (successes > 0 || call.is_some());
                assert_eq!((counted.counted, counted.changed), (passed, passed), "{successes} {call:?} {before:?}");
            }
        }
    }
}

#[test]
fn a_success_is_awaited_when_it_may_matter() {
    let rates = Rules { slow_call_rate: 100, ..rules() };
    let row = Rules { failure_rate: 0, consecutive_failures: 3, ..rules() };
    let cases = [
        ("no call", rates.clone(), vec![], false),
        ("successes", rates.clone(), vec![GOOD, GOOD], false),
        ("a failure was the last", rates.clone(), vec![GOOD, GOOD, GOOD, GOOD, GOOD, BAD], true),
        ("a rate that waits for its minimum", rates.clone(), vec![BAD, GOOD], true),
        ("a rate of slow calls that waits for its minimum", rates.clone(), vec![SLOW], true),
        ("a rate below its threshold", rates.clone(), vec![BAD, GOOD, GOOD], false),
        ("at the minimum it was judged", rates, vec![BAD, GOOD, GOOD, GOOD], false),
        ("a row that ended", row.clone(), vec![BAD, BAD, GOOD], false),
        ("a row", row, vec![BAD, BAD], true),
    ];
    for (name, rules, calls, want) in cases {
        let mut record = Record::new("cluster");
        feed(&mut record, &rules, &calls, at(0));
        let counted = record.count(&rules, &Batch::default(), at(0), 0);
        assert_eq!(counted, Counted { eager: want, ..Counted::default() }, "{name}");
    }
}

#[test]
fn policies_judge_by_their_own_windows() {
    let small = Rules { window: last(4), ..rules() };
    let large = Rules { window: last(100), minimum_calls: 100, ..rules() };
    let timed = Rules { window: seconds(60), minimum_calls: 5, ..rules() };
    let shapes = [small.window, large.window, timed.window];
    let mut record = Record::new("cluster");
    record.shape_up(&shapes);
    feed(&mut record, &large, &[BAD; 4], at(0));
    assert_eq!(record.state(), State::Closed, "by the large window");
    assert!(shapes.map(|shape| record.totals(shape, at(0)).calls) == [4, 4, 4], "each call is in every window");
    let mut other = record.clone();
    assert!(feed(&mut record, &small, &[GOOD], at(0)).transition.is_some(), "3 of 4");
    assert!(feed(&mut other, &timed, &[GOOD], at(0)).transition.is_some(), "4 of 5");
}

#[test]
fn windows_are_those_of_the_policies() {
    let mut record = Record::new("cluster");
    record.shape_up(&[last(10), last(10), seconds(10)]);
    feed(&mut record, &rules(), &[BAD], at(0));
    record.shape_up(&[last(20), last(10)]);
    let calls = |record: &mut Record, shape| record.totals(shape, at(0)).calls;
    assert_eq!(calls(&mut record, last(10)), 1, "kept");
    assert_eq!(calls(&mut record, last(20)), 0, "new");
    assert_eq!(calls(&mut record, seconds(10)), 1, "another config's, for which there is room");
    record.shape_up(&[last(30), last(20), last(40)]);
    assert_eq!([last(10), seconds(10)].map(|shape| calls(&mut record, shape)), [0, 1], "those go that make room");
    record.shape_up(&[1, 2, 3, 4, 5].map(last));
    feed(&mut record, &Rules { window: last(1), ..rules() }, &[GOOD], at(0));
    assert_eq!([1, 2, 3, 4, 5].map(|size| calls(&mut record, last(size))), [1, 1, 1, 1, 0], "no more than four");
}

#[test]
fn an_older_generation_s_calls_change_nothing() {
    let mut record = half_open(&rules(), at(0));
    for _ in 0..2 {
        let permit = permit(&mut record, &rules(), at(1));
        record.report(&rules(), permit, GOOD, at(1), 0);
    }
    assert_eq!(record.state(), State::Closed);
    let before = record.clone();
    let [old, new] = [at(0), at(1)];
    let counted = record.count(&rules(), &batch(3, old, Some(BAD), old), at(2), 0);
    assert_eq!(counted, Counted::default(), "began before it was closed");
    assert_eq!(record, before);
    for (oldest, began, want) in [(old, new, (1, 1)), (new, old, (3, 0)), (new, new, (4, 1))] {
        let mut record = before.clone();
        assert!(record.count(&rules(), &batch(3, oldest, Some(BAD), began), at(2), 0).counted);
        let totals = record.totals(rules().window, at(2));
        assert_eq!((totals.calls, totals.failed), want, "successes from {oldest:?} on, a failure from {began:?}");
    }
    for mut record in [opened(&rules(), at(0)), half_open(&rules(), at(0))] {
        let before = record.clone();
        assert_eq!(record.count(&rules(), &batch(3, at(5), Some(BAD), at(5)), at(5), 0), Counted::default());
        assert_eq!(record, before);
    }
}

#[test]
fn successes_that_are_written_late_end_no_row_that_began_after_them() {
    let rules = Rules { failure_rate: 0, consecutive_failures: 3, ..rules() };
    let failed = |at| Batch { last: Some((BAD, at)), ..Batch::default() };
    let late = |ended| Batch { successes: 2, oldest: at(0), newest: ended, last: None };
    let cases = [
        ("before the row", at(999), true),
        ("with its first failure", at(1_000), false),
        ("amid it", at(1_500), false),
    ];
    for (name, ended, opens) in cases {
        let mut record = Record::new("orders");
        assert!(record.count(&rules, &failed(at(1_000)), at(1_000), 0).eager);
        record.count(&rules, &failed(at(2_000)), at(2_000), 0);
        assert!(record.count(&rules, &late(ended), at(2_050), 0).counted, "{name}");
        let third = record.count(&rules, &failed(at(2_100)), at(2_100), 0);
        assert_eq!(third.transition.is_some(), opens, "{name}");
    }
}

#[test]
fn a_clock_that_was_set_back_lets_successes_end_a_row() {
    let rules = Rules { failure_rate: 0, consecutive_failures: 2, ..rules() };
    let mut record = Record::new("orders");
    let failed = |at| Batch { last: Some((BAD, at)), ..Batch::default() };
    record.count(&rules, &failed(at(90_000)), at(90_000), 0);
    let good = Batch { successes: 1, oldest: at(1_000), newest: at(1_000), last: None };
    record.count(&rules, &good, at(1_000), 0);
    assert_eq!(record.count(&rules, &failed(at(1_001)), at(1_001), 0).transition, None);
}
