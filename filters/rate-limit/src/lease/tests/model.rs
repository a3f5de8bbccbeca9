//! Any history of several workers, against one exact level that sees each request when it passes.

use proptest::prelude::*;

use super::*;
use crate::admit::fake::admit;

const PER: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
enum Step {
    Ask {
        worker: usize,
        /// Which limits: the first, the second, both.
        limits: u8,
        cost: u32,
        times: u8,
    },
    /// One of the last that passed is refused by a later stage.
    GiveBack(u8),
    /// Milliseconds.
    Pass(u64),
}

/// A request that passed.
struct Passed {
    worker: usize,
    limits: u8,
    cost: u32,
    now: Nanos,
    admission: Admission,
    stays: bool,
}

struct World {
    process: Process,
    table: Table,
    quotas: [Quota; 2],
    /// One without leases among them: another rule is exact.
    workers: Vec<Option<Leases>>,
    now: Nanos,
    passed: Vec<Passed>,
}

impl World {
    fn charges(&self, limits: u8, cost: u32) -> Vec<Charge<'_>> {
        let of = |index: usize| Charge { cost, ..charge(["a", "b"][index], &self.quotas[index]) };
        (0..2).filter(|index| limits & (1 << index) != 0).map(of).collect()
    }

    fn ask(&mut self, worker: usize, limits: u8, cost: u32) -> bool {
        let charges = self.charges(limits, cost);
        let demands = [demand(&self.table, b"john", &charges)];
        let admission = match &self.workers[worker] {
            Some(leases) => leases.admit(&self.process, &demands, self.now),
            None => admit(&self.process, &demands, self.now),
        }
        .unwrap();
        let passes = admission.passes;
        if passes {
            self.passed.push(Passed { worker, limits, cost, now: self.now, admission, stays: true });
        }
        passes
    }

    fn give_back(&mut self, index: u8) {
        let Some(index) = self.passed.len().checked_sub(1 + usize::from(index)) else { return };
        let mut passed = self.passed.remove(index);
        if passed.stays {
            passed.stays = false;
            let charges = self.charges(passed.limits, passed.cost);
            let demands = [demand(&self.table, b"john", &charges)];
            match &self.workers[passed.worker] {
                Some(leases) => leases.give_back(&mut passed.admission, &self.process, &demands, self.now),
                None => passed.admission.give_back(&self.process, &demands, self.now),
            }
        }
        self.passed.insert(index, passed);
    }

    /// All that passed and stays fits one exact level; what is left of it now.
    fn left(&self, limit: usize) -> Result<u32, TestCaseError> {
        let quota = &self.quotas[limit];
        let mut level = Level::default();
        for passed in self.passed.iter().filter(|passed| passed.stays && passed.limits & (1 << limit) != 0) {
            match quota.judge(level, passed.cost, passed.now) {
                Judged::Fits { after, .. } => level = after,
                Judged::Exceeds { .. } => {
                    return Err(TestCaseError::fail(format!("{quota:?}: too much passed at {:?}", passed.now)));
                }
            }
        }
        let (Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. }) = quota.judge(level, 0, self.now);
        Ok(standing.remaining)
    }

    fn held(&self) -> u32 {
        let slots = self.workers.iter().flatten().map(|leases| leases.slots.borrow());
        let held = |slot: &Slot| slot.parts.iter().map(|part| part.left(slot.drawn.at, self.now)).max();
        slots.map(|slots| slots.iter().filter_map(held).sum::<u32>()).sum()
    }
}

fn is_window(quota: &Quota) -> bool {
    matches!(quota, Quota::FixedWindow(_))
}

fn play(quotas: [Quota; 2], workers: usize, exact: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut all = vec![Some(Leases::default()); workers];
    all.extend(exact.then_some(None));
    let mut world = World {
        process: Process::new(BOTH[usize::from(exact)]),
        table: table(2),
        quotas,
        workers: all,
        now: NOW,
        passed: Vec::new(),
    };
    let gives_back = steps.iter().any(|step| matches!(step, Step::GiveBack(_)));
    for step in steps {
        match *step {
            Step::Pass(millis) => world.now = world.now.plus(Duration::from_millis(millis)),
            // A window that a returned cost began would have begun with another request, nobody knows which, and two
            // windows with different ends cannot be compared.
            Step::GiveBack(_) if quotas.iter().any(is_window) => {}
            Step::GiveBack(index) => world.give_back(index),
            Step::Ask { worker, limits, cost, times } => {
                for _ in 0..times {
                    let passes = world.ask(worker % world.workers.len(), limits, cost);
                    // Within a window nothing is lost but what is held, for each set of limits.
                    if !passes && !gives_back && quotas.iter().all(is_window) {
                        let asked = (0..2).filter(|limit| limits & (1 << limit) != 0);
                        let left = asked.map(|limit| world.left(limit)).collect::<Result<Vec<_>, _>>()?;
                        let least = left.into_iter().min().unwrap();
                        prop_assert!(least < cost + world.held(), "refused {cost} of {least}, {} held", world.held());
                    }
                }
            }
        }
    }
    let batches = u32::try_from(workers).unwrap() * 3 * MOST;
    prop_assert!(gives_back || world.held() <= batches, "{} held", world.held());
    world.left(0)?;
    world.left(1)?;
    Ok(())
}

fn quotas() -> impl Strategy<Value = Quota> {
    (prop_oneof![1..400_u32, 1..40_u32], 1..300_u32, 0..6).prop_map(|(requests, burst, algorithm)| match algorithm {
        0 | 1 => Quota::token_bucket(number(requests), PER, number(burst)).unwrap(),
        2 => Quota::fixed_window(number(requests), PER, Align::Epoch).unwrap(),
        3 => Quota::fixed_window(number(requests), PER, Align::FirstRequest).unwrap(),
        _ => Quota::sliding_window(number(requests), PER).unwrap(),
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cost = prop_oneof![6 => Just(1_u32), 1 => 2..9_u32];
    let limits = prop_oneof![6 => Just(1_u8), 1 => Just(2), 3 => Just(3)];
    let ask = (0..4_usize, limits, cost, prop_oneof![1..4_u8, 1..60_u8])
        .prop_map(|(worker, limits, cost, times)| Step::Ask { worker, limits, cost, times });
    let pass = prop_oneof![6 => 0..5_u64, 4 => 0..100_u64, 1 => 0..3_000_u64].prop_map(Step::Pass);
    let give_back = prop_oneof![6 => Just(None), 1 => (0..9_u8).prop_map(|index| Some(Step::GiveBack(index)))];
    let step = (prop_oneof![3 => ask, 2 => pass], give_back);
    let all = proptest::collection::vec(step, 1..80);
    (all, any::<bool>()).prop_map(|(steps, gives_back)| {
        let flat = steps.into_iter().flat_map(|(step, back)| [Some(step), back.filter(|_| gives_back)]);
        flat.flatten().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn no_more_passes_than_an_exact_limit_allows(
        quotas in [quotas(), quotas()], workers in 1..4_usize, exact: bool, steps in steps(),
    ) {
        play(quotas, workers, exact, &steps)?;
    }

    /// Whatever is asked at once.
    #[test]
    fn at_most_a_batch_per_worker_is_lost(quota in quotas(), workers in prop::collection::vec(0..4_usize, 1..900)) {
        let process = Process::new(BOTH[0]);
        let (table, charges) = (table(2), [charge("a", &quota)]);
        let leases = [(); 4].map(|()| Leases::default());
        let demand = demand(&table, b"john", &charges);
        let passed: u32 = workers.iter().map(|worker| ask(&process, &leases[*worker], &demand, 1, NOW).0).sum();
        let asked = u32::try_from(workers.len()).unwrap();
        let most = quota.capacity().min(asked);
        prop_assert!(passed <= most);
        prop_assert!(passed + 4 * MOST >= most, "{passed} of {most}");
    }
}
