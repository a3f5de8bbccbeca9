//! Another worker acts between any two calls that a worker makes on shared data.

use std::cell::Cell;
use std::num::NonZeroU32;

use super::*;

/// Shared data on which something happens before the call of that number.
struct Interrupted<'a> {
    shared: &'a MemoryShared,
    before: u32,
    calls: Cell<u32>,
    act: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl Interrupted<'_> {
    fn call(&self) {
        let number = self.calls.replace(self.calls.get() + 1);
        if number == self.before
            && let Some(act) = self.act.take()
        {
            act();
        }
    }
}

impl SharedData for Interrupted<'_> {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        self.call();
        self.shared.get(key)
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        self.call();
        self.shared.set(key, value, cas)
    }
}

/// Both workers tick, the second one before each call of the first; `prepare` comes before. Answers how many have asked,
/// per call.
fn interleaved(dialect: Dialect, prepare: impl Fn(&mut World)) -> Vec<usize> {
    let mut asked = Vec::new();
    for before in 0.. {
        let mut world = World::new(dialect, 2, Idp::serves(&["a"]));
        prepare(&mut world);
        let [first, second] = [&world.workers[0].sets[SOURCE], &world.workers[1].sets[SOURCE]];
        let (shared, now, count) = (world.shared(), world.now, Cell::new(0));
        let tick = |keys: &RemoteKeys, shared: &dyn SharedData| {
            keys.look(now, shared);
            let asks = keys.take(now, shared).is_some();
            count.set(count.get() + usize::from(asks));
        };
        let act = RefCell::new(Some(Box::new(|| tick(second, shared)) as Box<dyn FnOnce()>));
        let interrupted = Interrupted { shared, before, calls: Cell::new(0), act };
        tick(first, &interrupted);
        if interrupted.act.borrow().is_some() {
            return asked;
        }
        asked.push(count.get());
    }
    asked
}

#[test]
fn one_of_two_fetches_the_first_keys() {
    for dialect in BOTH {
        let asked = interleaved(dialect, |_| ());
        assert!(asked.len() >= 3 && asked.iter().all(|asked| *asked == 1), "{dialect:?} {asked:?}");
    }
}

#[test]
fn one_of_two_refreshes() {
    for dialect in BOTH {
        let asked = interleaved(dialect, |world| {
            world.seconds(1);
            world.now = world.now.plus(Duration::from_secs(481));
        });
        assert!(asked.len() >= 3 && asked.iter().all(|asked| *asked == 1), "{dialect:?} {asked:?}");
    }
}

#[test]
fn one_of_two_fetches_off_schedule() {
    for dialect in BOTH {
        let asked = interleaved(dialect, |world| {
            world.seconds(60);
            drop((waits(world.want(0, "b")), waits(world.want(1, "c"))));
        });
        assert!(asked.len() >= 3 && asked.iter().all(|asked| *asked == 1), "{dialect:?} {asked:?}");
    }
}

#[test]
fn a_reader_between_document_and_record_finds_them_whole_later() {
    for before in 0..6 {
        let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
        world.seconds(470);
        world.idp = Idp::serves(&["b"]);
        world.now = world.now.plus(Duration::from_secs(11));
        world.tick_worker(0);
        assert_eq!(world.open.len(), 1);
        let answer = world.answer(0).unwrap();
        let (host, second, now) = (&world.host, &world.workers[1].sets[SOURCE], world.now);
        let shared = world.shared();
        let act: Box<dyn FnOnce()> = Box::new(|| second.look(now, shared));
        let racing =
            Racing { host, shared: Interrupted { shared, before, calls: Cell::new(0), act: RefCell::new(Some(act)) } };
        let lease = world.workers[0].sets[SOURCE].question.take().map(|(_, lease)| lease);
        world.workers[0].sets[SOURCE].answered(lease, &answer, now, &racing);
        assert!(racing.shared.act.borrow().is_none(), "{before}");
        drop(racing);
        assert!(world.kids(1).is_some(), "{before}");
        world.tick();
        assert!(world.all_have(&["b"]), "{before}");
        world.seconds(60);
        assert_eq!(world.asked.len(), 2, "{before}");
    }
}

/// A host with such shared data.
struct Racing<'a> {
    host: &'a Host,
    shared: Interrupted<'a>,
}

impl Proxy for Racing<'_> {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        self.host.property(path)
    }

    fn set_property(&self, path: &[&str], value: &[u8]) -> Result<(), Status> {
        self.host.set_property(path, value)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.host.random(bytes)
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        self.host.define_counter(name)
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        self.host.increment(counter, by)
    }

    fn shared(&self) -> &dyn SharedData {
        &self.shared
    }
}
