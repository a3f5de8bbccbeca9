use super::*;

fn begins_with_requests(quota: &Quota) -> bool {
    matches!(quota, Quota::FixedWindow(window) if window.begins_with_requests())
}

proptest! {
    /// One request of a history is given back, later. The level is never lower than if it had never come and all others
    /// had: at no time does anything fit that would not have.
    #[test]
    fn makes_nobody_richer(
        quota in any_quota(), schedule in any_schedule(), which: prop::sample::Index, (part, nanos) in (0_u32..900, 0_u64..3),
    ) {
        let all = requests(&quota, &schedule);
        let (level, taken) = play(&quota, &all);
        if taken.is_empty() {
            return Ok(());
        }
        let which = which.index(taken.len());
        let (taken_at, cost) = taken[which];
        let pause = quota.window() * (part * part / 900) / 1_000 + Duration::from_nanos(nanos);
        let now = all.last().unwrap().0.plus(pause);
        let back = quota.give_back(level, cost, taken_at, now);

        let others: Vec<_> = taken.iter().enumerate().filter(|&(i, _)| i != which).map(|(_, &one)| one).collect();
        let (model, fitted) = play(&quota, &others);
        // Later windows begin at other times without it: then nothing is given back, and nothing can be compared.
        if begins_with_requests(&quota) && back == level {
            return Ok(());
        }
        prop_assert_eq!(fitted.len(), others.len());
        for at in later(&quota, now) {
            let (got, most) = (standing(&quota, back, at), standing(&quota, model, at));
            prop_assert!(got.remaining <= most.remaining && got.fresh_in >= most.fresh_in, "{got:?} {most:?} at {at:?}");
        }
    }

    /// At once, with nobody in between, it is as if nothing had been.
    #[test]
    fn at_once_undoes(quota in any_quota(), schedule in any_schedule(), cost in 1_u32..5) {
        let all = requests(&quota, &schedule);
        let (level, _) = play(&quota, &all);
        let now = all.last().unwrap().0;
        if let Judged::Fits { after, .. } = quota.judge(level, cost, now) {
            let back = quota.give_back(after, cost, now, now);
            for at in later(&quota, now) {
                prop_assert_eq!(standing(&quota, back, at), standing(&quota, level, at));
            }
        }
    }
}
