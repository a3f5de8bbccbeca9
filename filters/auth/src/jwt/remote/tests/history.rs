//! Whatever happens, in whatever order.

use proptest::prelude::*;
use sluicegate_common::filter::CalloutError;

use super::*;

const WORKERS: usize = 3;

#[derive(Debug, Clone)]
enum Event {
    Tick(usize),
    /// A token of a worker names this key.
    Want(usize, u8),
    /// The oldest open question is answered by a set with this key, or by a failure.
    Answer(Option<u8>),
    /// A worker dies, and comes back knowing nothing.
    Restart(usize),
    /// The oldest open question is never answered.
    Lose,
    Pass(u64),
    /// The clock is set back.
    Back(u64),
    /// Kong's engine forgets an entry.
    Evict(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0..WORKERS).prop_map(Event::Tick),
        4 => (0..WORKERS, 0..4_u8).prop_map(|(worker, kid)| Event::Want(worker, kid)),
        4 => proptest::option::weighted(0.7, 0..4_u8).prop_map(Event::Answer),
        1 => (0..WORKERS).prop_map(Event::Restart),
        1 => Just(Event::Lose),
        6 => (1..3_000_u64).prop_map(Event::Pass),
        2 => (10_000..100_000_u64).prop_map(Event::Pass),
        1 => (40_000_000..90_000_000_u64).prop_map(Event::Pass),
        1 => (0..2_usize).prop_map(Event::Evict),
        1 => (1..100_000_u64).prop_map(Event::Back),
    ];
    proptest::collection::vec(event, 1..200)
}

struct Model {
    world: World,
    /// When a set with this key was fetched last.
    fetched: BTreeMap<String, Nanos>,
    /// The time, whatever the clock says. The others here are of it, too.
    time: Nanos,
    jumps: usize,
    /// When fetches off schedule began.
    off_schedule: Vec<Nanos>,
    evictions: usize,
    /// When the open questions were asked.
    open_since: Vec<Nanos>,
}

impl Model {
    fn play(&mut self, event: &Event) {
        let world = &mut self.world;
        match event {
            Event::Tick(worker) => {
                let before = world.open.len();
                world.tick_worker(*worker);
                let asks = world.open.len() > before;
                let head = world.workers[*worker].sets[SOURCE].head();
                if asks && head.asked_at == world.now && head.attempted_at != world.now {
                    self.off_schedule.push(self.time);
                }
                self.open_since.resize(world.open.len(), self.time);
            }
            Event::Want(worker, kid) => drop(world.want(*worker, &format!("k{kid}"))),
            Event::Answer(kid) if !world.open.is_empty() => {
                let kid = kid.map(|kid| format!("k{kid}"));
                let rest = world.open.split_off(1);
                world.idp = match &kid {
                    Some(kid) => Idp::serves(&[kid]),
                    None => Idp::Breaks(CalloutError::Failed),
                };
                world.answer_all();
                world.open = rest;
                self.open_since.remove(0);
                self.fetched.extend(kid.map(|kid| (kid, self.time)));
            }
            Event::Lose if !world.open.is_empty() => {
                world.open.remove(0);
                self.open_since.remove(0);
            }
            Event::Answer(_) | Event::Lose => {}
            Event::Restart(worker) => {
                world.workers[*worker] = remotes(&world.fields);
                let both = world.open.drain(..).zip(self.open_since.drain(..));
                let (open, since) = both.filter(|((of, _), _)| of != worker).unzip();
                (world.open, self.open_since) = (open, since);
            }
            Event::Pass(millis) => {
                world.now = world.now.plus(Duration::from_millis(*millis));
                self.time = self.time.plus(Duration::from_millis(*millis));
            }
            Event::Back(millis) => {
                world.now = Nanos(world.now.0 - millis * 1_000_000);
                self.jumps += 1;
            }
            Event::Evict(entry) => {
                let key = world.workers[0].sets[SOURCE].keys_in_shared_data()[*entry].to_owned();
                world.shared().evict(&key);
                self.evictions += 1;
            }
        }
    }

    /// How much age jumps may hide: no more than they were long.
    fn hidden(&self) -> Duration {
        Duration::from_secs(100 * self.jumps as u64)
    }

    fn check(&self) {
        let world = &self.world;
        for worker in 0..WORKERS {
            for kid in world.kids(worker).into_iter().flatten() {
                let age = self.time.since(self.fetched[&kid]);
                assert!(age < Duration::from_secs(86_400) + self.hidden(), "worker {worker} has {kid}, {age:?} old");
            }
        }
        if self.evictions == 0 {
            // The timeout, and the lease's margin.
            let leased = |at: &&Nanos| self.time.since(**at) < Duration::from_secs(3);
            assert!(self.open_since.iter().filter(leased).count() <= 1, "two fetch at once");
            let mut pairs = self.off_schedule.windows(2);
            assert!(pairs.all(|pair| pair[1].since(pair[0]) >= Duration::from_secs(30)), "{:?}", self.off_schedule);
        }
    }
}

fn check(events: &[Event], dialect: Dialect) {
    let world = World::new(dialect, WORKERS, Idp::Silent);
    let mut model = Model {
        time: world.now,
        world,
        fetched: BTreeMap::new(),
        jumps: 0,
        off_schedule: Vec::new(),
        evictions: 0,
        open_since: Vec::new(),
    };
    for event in events {
        model.play(event);
        model.check();
    }
    // Whatever has happened, all have the keys soon after the issuer is well.
    model.world.open.clear();
    model.world.idp = Idp::serves(&["well"]);
    model.world.now = model.world.now.plus(Duration::from_secs(490)).plus(model.hidden());
    model.world.seconds(35);
    assert!(model.world.all_have(&["well"]), "{:?}", (0..WORKERS).map(|w| model.world.kids(w)).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_history(events in events(), kong: bool) {
        let evicts = |event: &&Event| kong || !matches!(event, Event::Evict(_));
        let events: Vec<_> = events.iter().filter(evicts).cloned().collect();
        check(&events, if kong { Dialect::Kong } else { Dialect::Envoy });
    }
}
