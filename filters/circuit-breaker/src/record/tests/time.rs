use super::*;

#[test]
fn open_ends_after_its_wait() {
    let mut record = opened(&rules(), at(0));
    for (now, retry_in) in [(0, 10_000), (1, 9_999), (9_999, 1)] {
        let asked = reread(&record).ask(&rules(), at(now), 0);
        let verdict = Verdict::Rejected { state: State::Open, retry_in: Duration::from_millis(retry_in) };
        assert_eq!(asked, Asked { verdict, transition: None, changed: false });
    }
    let mut observed = record.clone();
    let asked = record.ask(&rules(), at(10_000), 0);
    assert_eq!(asked.verdict, Verdict::Permit(Permit { generation: 2, ticket: 0 }), "the first permit at once");
    let transition = asked.transition.unwrap();
    assert_eq!((transition.from, transition.to), (State::Open, State::HalfOpen));
    assert_eq!((transition.why.cause, transition.why.wait), (Cause::WaitOver, Duration::from_secs(10)));
    assert_eq!(observed.observe_due(&rules(), at(10_000), 0), Settled { transition: Some(transition), changed: true });
    permit(&mut observed, &rules(), at(10_000));
    assert_eq!(observed, record);
}

#[test]
fn a_clock_set_back_prolongs_nothing() {
    let mut record = opened(&rules(), at(3_600_000));
    let back = record.ask(&rules(), at(0), 0);
    assert_eq!(
        back.verdict,
        Verdict::Rejected { state: State::Open, retry_in: Duration::from_secs(10) },
        "not longer than the wait from now on"
    );
    assert!(back.changed, "or it would be the wait from the next ask on");
    permit(&mut record, &rules(), at(10_000));
    let mut record = half_open(&rules(), at(3_600_000));
    permit(&mut record, &rules(), at(3_600_000));
    permit(&mut record, &rules(), at(3_600_000));
    let back = record.ask(&rules(), at(0), 0);
    let verdict = Verdict::Rejected { state: State::HalfOpen, retry_in: Duration::from_secs(5) };
    assert_eq!((back.verdict, back.changed), (verdict, true));
    permit(&mut record, &rules(), at(5_000));
}

#[test]
fn a_clock_set_back_does_not_hide_calls_of_a_closed_breaker() {
    let mut record = half_open(&rules(), at(3_600_000));
    for _ in 0..2 {
        let permit = permit(&mut record, &rules(), at(3_600_000));
        record.report(&rules(), permit, GOOD, at(3_600_000), 0);
    }
    assert_eq!(record.state(), State::Closed);
    assert!(feed(&mut record, &rules(), &[BAD; 4], at(0)).transition.is_some());
}

#[test]
fn a_clock_set_forward_ends_what_lasts() {
    let mut record = opened(&rules(), at(0));
    permit(&mut record, &rules(), Nanos(u64::MAX));
    permit(&mut record, &rules(), Nanos(u64::MAX));
    // The end of time: leases have no length left there.
    permit(&mut record, &rules(), Nanos(u64::MAX));
}

#[test]
fn a_policy_s_longest_wait_holds_for_waits_of_others() {
    let mut record = opened(&rules(), at(0));
    let short = Rules { wait: Duration::from_secs(1), max_wait: Duration::from_secs(2), ..rules() };
    assert_eq!(rejected(&mut record, &short, at(0)), (State::Open, Duration::from_secs(2)));
    permit(&mut record, &short, at(2_000));
}

#[test]
fn the_first_call_after_the_clock_was_set_back_counts() {
    let rules = Rules { permitted_calls: 1, ..rules() };
    let mut record = half_open(&rules, at(100_000));
    let probe = permit(&mut record, &rules, at(100_000));
    record.report(&rules, probe, GOOD, at(100_000), 0);
    let batch = Batch { last: Some((BAD, at(0))), ..Batch::default() };
    assert!(record.count(&rules, &batch, at(5), 0).counted);
}
