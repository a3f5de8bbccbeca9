//! Any history of one bucket, against levels of unlimited memory.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use sluicegate_common::store::memory::Dialect;

use super::*;
use crate::admit::{Admission, Charge};
use crate::quota::{Align, Level, Quota};

const PER: Duration = Duration::from_secs(10);
const START: Nanos = Nanos(1_700_000_003_000_000_000);
const WAYS: u32 = 3;

/// What becomes of a request, or of the clock.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// How much under each limit; a limit of which nothing is asked is not asked.
    Ask { key: u8, costs: [u32; 2] },
    /// The last request that passed is refused by a later stage.
    GiveBack,
    /// Milliseconds; back if negative.
    Pass(i32),
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    quotas: [Quota; 2],
    binding: [bool; 2],
    count_rejected: [bool; 2],
}

impl Limits {
    fn any(&self, is: impl Fn(&Quota) -> bool) -> bool {
        self.quotas.iter().any(is)
    }

    fn quota(&self, tag: Tag) -> &Quota {
        &self.quotas[usize::from(tag == TAGS[1])]
    }

    fn charges(&self, costs: [u32; 2]) -> Vec<Charge<'_>> {
        let all = (0..2).map(|index| Charge {
            tag: TAGS[index],
            quota: &self.quotas[index],
            ceiling: self.quotas[index].ceiling(),
            cost: costs[index],
            binding: self.binding[index],
            count_rejected: self.count_rejected[index],
        });
        all.filter(|charge| charge.cost > 0).collect()
    }
}

/// What is true: every key's levels, kept for ever.
#[derive(Debug, Default)]
struct Exact {
    last: Nanos,
    levels: BTreeMap<(u8, Tag), Level>,
}

impl Exact {
    /// The time by its clock, which is that of the bucket.
    fn at(&mut self, now: Nanos) -> Nanos {
        let behind = self.last.since(now);
        if behind > Duration::from_secs(1) {
            self.last = now;
            self.levels.values_mut().for_each(|level| level.until = level.until.minus(behind));
        }
        self.last.max(now)
    }

    fn level(&mut self, key: u8, tag: Tag) -> &mut Level {
        self.levels.entry((key, tag)).or_default()
    }
}

fn remaining(quota: &Quota, level: Level, at: Nanos) -> u32 {
    match quota.judge(level, 0, at) {
        Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. } => standing.remaining,
    }
}

struct World {
    process: Process,
    table: Table,
    limits: Limits,
    overflow: Overflow,
    exact: Exact,
    now: Nanos,
    /// The last that passed: key, costs, when, and what was said.
    last: Option<(u8, [u32; 2], Nanos, Admission)>,
}

const TAGS: [Tag; 2] = [Tag(1), Tag(2)];

impl World {
    fn bucket(&self) -> Bucket {
        let state = self.process.shared.read(self.table.names.of(&[0; 16])).unwrap();
        let mut bucket = Bucket::default();
        bucket.read(state.get().unwrap_or_default(), TAGS.into_iter()).unwrap();
        bucket
    }

    /// Asks about a request. `equal`: whether the decision must be that of unlimited memory.
    fn ask(&mut self, key: u8, costs: [u32; 2], equal: bool) -> Result<(), TestCaseError> {
        let at = self.exact.at(self.now);
        let limits = self.limits;
        let charges = limits.charges(costs);
        let demand = Demand { table: &self.table, overflow: self.overflow, key: &[key], charges: &charges };
        let admission = admit(&self.process, &[demand], self.now).unwrap();
        let denied = admission.overflowed && self.overflow == Overflow::Deny;
        let mut fits = true;
        for (charge, said) in charges.iter().zip(&admission.judged) {
            let level = self.exact.level(key, charge.tag);
            let said = matches!(said, Judged::Fits { .. });
            match charge.quota.judge(*level, charge.cost, at) {
                Judged::Fits { after, .. } => {
                    prop_assert!(said || !equal, "{charge:?} refused at {at:?}, level {level:?}");
                    if said && admission.passes {
                        *level = after;
                    }
                }
                Judged::Exceeds { .. } => {
                    prop_assert!(!said, "{charge:?} passes at {at:?}, level {level:?}");
                    fits &= !charge.binding;
                    if charge.count_rejected && !denied {
                        *level = charge.quota.punish(*level, charge.cost, at);
                    }
                }
            }
        }
        prop_assert!(fits || !admission.passes);
        prop_assert!(!equal || fits == admission.passes);
        if admission.passes {
            self.last = Some((key, costs, at, admission));
        }
        Ok(())
    }

    fn give_back(&mut self) {
        let Some((key, costs, taken_at, mut admission)) = self.last.take() else { return };
        let at = self.exact.at(self.now);
        let limits = self.limits;
        let charges = limits.charges(costs);
        for (charge, judged) in charges.iter().zip(&admission.judged) {
            if matches!(judged, Judged::Fits { .. }) && taken_at <= at {
                let level = self.exact.level(key, charge.tag);
                // What is fresh is not written, and a clock that goes back a little finds what was there.
                if !level.is_fresh(at) {
                    *level = charge.quota.give_back(*level, charge.cost, taken_at, at);
                }
            }
        }
        let demand = Demand { table: &self.table, overflow: self.overflow, key: &[key], charges: &charges };
        admission.give_back(&self.process, &[demand], self.now);
    }

    /// That of every key no more is left than is true, now and later.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let bucket = self.bucket();
        self.exact.last = bucket.last;
        prop_assert!(bucket.rows().count() <= 1 + WAYS as usize);
        prop_assert!(self.process.shared.len() <= 2);
        for ((key, tag), exact) in &self.exact.levels {
            let fingerprint = digest(&[7; 16], &[&[*key]]);
            let held = bucket.held(bucket.find(&fingerprint).unwrap_or(bucket::REST), *tag);
            let quota = self.limits.quota(*tag);
            for later in [0, 1, 3_000, 5_500, 9_999, 10_000, 15_000] {
                let at = self.exact.last.max(self.now).plus(Duration::from_millis(later));
                let (found, most) = (remaining(quota, held.level, at), remaining(quota, *exact, at));
                prop_assert!(
                    found <= most,
                    "key {key}, {later} ms later: {found} left of {held:?}, {most} of {exact:?}"
                );
            }
        }
        Ok(())
    }

    fn play(
        limits: Limits,
        overflow: Overflow,
        dialect: Dialect,
        steps: &[Step],
        keys: u8,
    ) -> Result<(), TestCaseError> {
        let mut world = World {
            process: Process::new(dialect),
            table: Table::new("model", "ip", Shape { buckets: 1, ways: WAYS }, &mut BTreeSet::new()),
            limits,
            overflow,
            exact: Exact::default(),
            now: START,
            last: None,
        };
        let equal = u32::from(keys) <= WAYS;
        let mut latest = START;
        for step in steps {
            match *step {
                Step::Ask { key, costs } => world.ask(key % keys, costs, equal)?,
                // A window that the cost began would have begun with another request, nobody knows which: the quota
                // assumes the worst, of either level, and these cannot be compared.
                Step::GiveBack if limits.any(|quota| matches!(quota, Quota::FixedWindow(_))) && !equal => continue,
                Step::GiveBack => world.give_back(),
                Step::Pass(millis) => {
                    let by = Duration::from_millis(millis.unsigned_abs().into());
                    let now = if millis < 0 { world.now.minus(by) } else { world.now.plus(by) };
                    latest = latest.max(now);
                    // Windows of a clock that was set back, at once or step by step, have boundaries of their own, and
                    // two estimates that count from different boundaries cannot be compared.
                    let is_set_back = latest.since(now) > ruling::CLOCK_ERROR;
                    if !(is_set_back && !equal && limits.any(|quota| matches!(quota, Quota::SlidingWindow(_)))) {
                        world.now = now;
                    }
                    continue;
                }
            }
            world.check()?;
        }
        Ok(())
    }
}

fn quotas() -> impl Strategy<Value = Quota> {
    let count = |requests| NonZeroU32::new(requests).unwrap();
    (1..5_u32, 0..4).prop_map(move |(requests, algorithm)| match algorithm {
        0 => Quota::token_bucket(count(requests), PER, count(requests)).unwrap(),
        1 => Quota::fixed_window(count(requests), PER, Align::Epoch).unwrap(),
        2 => Quota::fixed_window(count(requests), PER, Align::FirstRequest).unwrap(),
        _ => Quota::sliding_window(count(requests), PER).unwrap(),
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    ([quotas(), quotas()], any::<[bool; 2]>(), any::<[bool; 2]>())
        .prop_map(|(quotas, binding, count_rejected)| Limits { quotas, binding, count_rejected })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cost = || prop_oneof![1 => Just(0_u32), 4 => Just(1), 1 => 2..4_u32];
    let ask = (any::<u8>(), cost(), cost()).prop_map(|(key, a, b)| Step::Ask { key, costs: [a, b] });
    let pass = prop_oneof![10 => 0..4_000_i32, 2 => -900..0_i32, 1 => -30_000..-1_000_i32, 1 => 0..40_000_i32];
    proptest::collection::vec(prop_oneof![6 => ask, 3 => pass.prop_map(Step::Pass), 1 => Just(Step::GiveBack)], 1..80)
}

fn overflows() -> impl Strategy<Value = Overflow> {
    prop_oneof![Just(Overflow::Inherit), Just(Overflow::Share), Just(Overflow::Deny)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nobody_passes_whom_unlimited_memory_would_refuse(
        limits in limits(), overflow in overflows(), kong: bool, steps in steps(), keys in 4..12_u8,
    ) {
        World::play(limits, overflow, if kong { Dialect::Kong } else { Dialect::Envoy }, &steps, keys)?;
    }

    #[test]
    fn where_there_is_room_nothing_differs_from_unlimited_memory(
        limits in limits(), overflow in overflows(), kong: bool, steps in steps(), keys in 1..4_u8,
    ) {
        World::play(limits, overflow, if kong { Dialect::Kong } else { Dialect::Envoy }, &steps, keys)?;
    }
}
