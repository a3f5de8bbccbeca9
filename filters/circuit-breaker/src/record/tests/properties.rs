//! What holds after any events, in any order, by any clock.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Event {
    Ask,
    Observe,
    /// Of the permits that were ever given, which.
    Report(usize, Call),
    Answered(usize, Call),
    GiveBack(usize),
    /// Successes, the last call, and how many milliseconds ago they began.
    Count(u32, Option<Call>, u64),
    /// Milliseconds.
    Wait(u64),
    SetClock(u64),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![2 => Just(GOOD), 2 => Just(BAD), 1 => Just(SLOW), 1 => Just(BAD_AND_SLOW)]
}

fn event(sets_clock: bool) -> impl Strategy<Value = Event> {
    let steady = prop_oneof![
        6 => Just(Event::Ask),
        1 => Just(Event::Observe),
        4 => (0..12_usize, call()).prop_map(|(which, call)| Event::Report(which, call)),
        1 => (0..12_usize, call()).prop_map(|(which, call)| Event::Answered(which, call)),
        1 => (0..12_usize).prop_map(Event::GiveBack),
        4 => (0..4_u32, proptest::option::of(call()), 0..8_000_u64).prop_map(|(n, call, ago)| Event::Count(n, call, ago)),
        3 => (0..12_000_u64).prop_map(Event::Wait),
    ];
    let clock = prop_oneof![0..u64::MAX / 2, START - 9 * SECOND..START + 9 * SECOND];
    prop_oneof![20 => steady, u32::from(sets_clock) => clock.prop_map(Event::SetClock)]
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let shape = prop_oneof![(1..8_u32).prop_map(last), (1..8_u32).prop_map(seconds)];
    let thresholds = (prop_oneof![Just(0), 1..=100_u32], prop_oneof![Just(0), 1..=100_u32], 0..4_u32);
    let times = (1..5_000_u64, 1.0..3.0_f64, 0..20_000_u64, 0.0..=1.0_f64, 1..6_000_u64);
    let permits = (1..5_u32, proptest::option::of(1..9_000_u64));
    (shape, 1..6_u32, thresholds, times, permits).prop_map(|(window, minimum_calls, on, times, permits)| {
        let milliseconds = Duration::from_millis;
        let (wait, multiplier, more, jitter, lease) = times;
        Rules {
            window,
            minimum_calls,
            failure_rate: on.0,
            slow_call_rate: on.1,
            consecutive_failures: if on == (0, 0, 0) { 1 } else { on.2 },
            wait: milliseconds(wait),
            multiplier,
            max_wait: milliseconds(wait + more),
            jitter,
            permitted_calls: permits.0,
            permit_lease: milliseconds(lease),
            max_wait_in_half_open: permits.1.map(milliseconds),
        }
    })
}

/// A breaker under test, and what is known of it from outside.
struct World {
    rules: Rules,
    record: Record,
    now: Nanos,
    random: u32,
    given: Vec<(Permit, Nanos)>,
    /// Permits of this generation whose holders were heard of.
    reported: Vec<Permit>,
    returned: Vec<Permit>,
    /// The answer to the last ask.
    verdict: Option<Verdict>,
}

impl World {
    fn new(rules: Rules, record: Record, random: u32) -> Self {
        let (given, reported, returned) = (vec![], vec![], vec![]);
        Self { rules, record, now: at(0), random, given, reported, returned, verdict: None }
    }

    fn permit(&self, which: usize) -> Option<Permit> {
        let newest_first = self.given.len().checked_sub(which + 1)?;
        self.given.get(newest_first).map(|(permit, _)| *permit)
    }

    /// Lets the event happen, and checks what must hold of any.
    fn step(&mut self, event: &Event) {
        self.record.shape_up(&[self.rules.window, last(3)]);
        let before = self.record.clone();
        let (changed, transition) = self.act(event);
        if let Some(verdict) = self.verdict.take() {
            self.heard(verdict);
        }
        let (from, to) = (before.state(), self.record.state());
        match transition {
            Some(transition) => {
                assert!(changed);
                assert_eq!((transition.from, transition.to), (from, to));
                let ways = [
                    (State::Closed, State::Open),
                    (State::Open, State::HalfOpen),
                    (State::HalfOpen, State::Open),
                    (State::HalfOpen, State::Closed),
                ];
                assert!(ways.contains(&(from, to)), "{from:?} -> {to:?}");
                assert_eq!(transition.generation, before.generation().wrapping_add(1));
                assert_eq!(transition.generation, self.record.generation());
                assert!(transition.why.wait <= self.rules.max_wait);
            }
            None => assert_eq!((from, before.generation()), (to, self.record.generation())),
        }
        // Of a closed breaker the time may move back with the clock, which the next call does again.
        if !changed && from != State::Closed {
            assert_eq!(self.record, before);
        }
        assert_eq!(reread(&self.record), self.record);
    }

    fn act(&mut self, event: &Event) -> (bool, Option<Transition>) {
        let Self { rules, now, random, .. } = &*self;
        let (rules, now, random) = (rules.clone(), *now, *random);
        match *event {
            Event::Ask => {
                let asked = self.record.ask(&rules, now, random);
                self.verdict = Some(asked.verdict);
                (asked.changed, asked.transition)
            }
            Event::Observe => {
                let settled = self.record.observe_due(&rules, now, random);
                (settled.changed, settled.transition)
            }
            Event::Report(which, call) => self.permit(which).map_or((false, None), |permit| self.report(permit, call)),
            Event::Answered(which, call) => {
                let changed = self.permit(which).is_some_and(|permit| self.record.answered(permit, call, now));
                (changed, None)
            }
            Event::GiveBack(which) => {
                let Some(permit) = self.permit(which) else { return (false, None) };
                let changed = self.record.give_back(permit, now);
                self.returned.extend(changed.then_some(permit));
                (changed, None)
            }
            Event::Count(successes, call, ago) => {
                let began = now.minus(Duration::from_millis(ago));
                let batch = Batch { successes, oldest: began, newest: began, last: call.map(|call| (call, began)) };
                let counted = self.record.count(&rules, &batch, now, random);
                assert!(counted.counted || !counted.changed);
                (counted.changed, counted.transition)
            }
            Event::Wait(milliseconds) => {
                self.now = now.plus(Duration::from_millis(milliseconds));
                (false, None)
            }
            Event::SetClock(time) => {
                self.now = Nanos(time);
                (false, None)
            }
        }
    }

    fn report(&mut self, permit: Permit, call: Call) -> (bool, Option<Transition>) {
        let before = self.record.clone();
        let counted = self.record.report(&self.rules, permit, call, self.now, self.random);
        if permit.generation != before.generation() {
            assert_eq!(counted, Counted::default(), "of an older generation");
            assert_eq!(self.record, before);
        }
        if counted.counted {
            self.reported.push(permit);
        }
        (counted.changed, counted.transition)
    }

    fn heard(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passes => assert_eq!(self.record.state(), State::Closed),
            Verdict::Permit(permit) => {
                assert_eq!((self.record.state(), self.record.generation()), (State::HalfOpen, permit.generation));
                assert!(self.given.iter().all(|(other, _)| *other != permit), "given twice");
                self.given.push((permit, self.now));
            }
            Verdict::Rejected { state, retry_in } => {
                assert_eq!(self.record.state(), state);
                let most = match state {
                    State::Closed => panic!("a closed breaker rejects nothing"),
                    State::Open => self.rules.max_wait,
                    State::HalfOpen => self.rules.permit_lease,
                };
                assert!(!retry_in.is_zero() && retry_in <= most, "{state:?}: {retry_in:?} of {most:?}");
            }
        }
    }

    /// Nobody is heard of twice.
    fn is_fair(&self) -> bool {
        let heard: Vec<&Permit> = self.reported.iter().chain(&self.returned).collect();
        heard.iter().enumerate().all(|(index, permit)| !heard[..index].contains(permit))
    }

    /// How many permits of the present generation are with somebody whose lease lasts, or were reported.
    fn in_use(&self) -> usize {
        let lasts = |(permit, taken): &&(Permit, Nanos)| {
            permit.generation == self.record.generation()
                && (self.reported.contains(permit)
                    || (self.now.since(*taken) < self.rules.permit_lease && !self.returned.contains(permit)))
        };
        self.given.iter().filter(lasts).count()
    }

    /// However many permits were lost: once their leases are over, and a wait, somebody passes.
    fn does_not_stick(&mut self) {
        self.step(&Event::Ask);
        self.now = self.now.plus(self.rules.permit_lease);
        self.step(&Event::Ask);
        if self.record.state() == State::Open {
            self.now = self.now.plus(self.rules.max_wait);
        }
        let verdict = self.record.ask(&self.rules, self.now, self.random).verdict;
        let passes = matches!(verdict, Verdict::Passes | Verdict::Permit(_));
        let taken = self.record.state() == State::HalfOpen && self.in_use() > 0;
        assert!(passes || taken, "{verdict:?}");
    }
}

proptest! {
    #[test]
    fn no_more_permits_are_out_than_there_are(
        rules in any_rules(), random: u32, events in vec(event(false), 0..80),
    ) {
        let mut world = World::new(rules, Record::new("cluster"), random);
        for event in events {
            world.step(&event);
            prop_assert!(world.in_use() <= world.rules.permitted_calls as usize);
        }
        prop_assert!(world.is_fair());
        world.does_not_stick();
    }

    #[test]
    fn no_clock_makes_it_stick(rules in any_rules(), random: u32, events in vec(event(true), 0..80)) {
        let mut world = World::new(rules, Record::new("cluster"), random);
        events.iter().for_each(|event| world.step(event));
        world.does_not_stick();
    }

    #[test]
    fn open_ends_within_its_longest_wait(rules in any_rules(), random: u32, clock in 0..u64::MAX / 2) {
        let mut world = World::new(rules.clone(), opened(&Rules { consecutive_failures: 1, ..rules }, at(0)), random);
        world.step(&Event::SetClock(clock));
        world.step(&Event::Ask);
        if world.record.state() == State::Open {
            world.now = world.now.plus(world.rules.max_wait);
            world.step(&Event::Ask);
        }
        prop_assert_eq!((world.record.state(), world.given.len()), (State::HalfOpen, 1));
    }

    /// Records of which some bytes are others.
    #[test]
    fn any_bytes_are_refused_or_do_no_harm(
        rules in any_rules(),
        events in vec(event(true), 0..60),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        after in vec(event(true), 0..20),
        end: u64,
    ) {
        let mut world = World::new(rules, Record::new("cluster"), 0);
        events.iter().for_each(|event| world.step(event));
        let mut bytes = Vec::new();
        world.record.write(&mut bytes);
        for (place, byte) in wrong {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(record) = Record::read(&bytes) {
            let mut written = Vec::new();
            record.write(&mut written);
            prop_assert_eq!(written, bytes);
            world.record = record;
            for event in after.iter().chain([&Event::SetClock(end), &Event::Ask, &Event::Report(0, BAD)]) {
                world.record.shape_up(&[world.rules.window]);
                world.act(event);
                reread(&world.record);
            }
        }
    }
}
