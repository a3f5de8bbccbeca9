//! When keys are fetched, and by whom.

use super::*;

#[test]
fn nothing_is_touched_before_the_first_tick() {
    let world = World::new(Dialect::Envoy, 3, Idp::serves(&["a"]));
    assert!(world.shared().is_empty());
    assert_eq!(world.kids(0), None);
    assert!(world.host.counters.borrow().is_empty());
}

#[test]
fn one_worker_fetches_for_all() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 3, Idp::serves(&["a", "b"]));
        world.tick();
        assert_eq!(world.open.len(), 1, "{dialect:?}");
        world.answer_all();
        assert_eq!(world.kids(0).unwrap(), ["a", "b"]);
        assert_eq!(world.announced, [0]);
        world.tick();
        assert!(world.all_have(&["a", "b"]));
        assert_eq!(world.announced, [0, 1, 2]);
        world.seconds(60);
        assert_eq!((world.asked.len(), world.announced.len()), (1, 3));
        assert_eq!((world.counter("ok"), world.counter("failed")), (1, 0));
        assert_eq!(world.shared().len(), 2);
    }
}

#[test]
fn the_question_is_the_configured_one() {
    let mut world = World::new(Dialect::Envoy, 1, Idp::Silent);
    world.tick();
    assert_eq!(world.open, [(0, raw(json!({})).compile().unwrap().callout(1))]);
}

#[test]
fn keys_are_fetched_again_after_four_fifths_of_their_time() {
    let mut world = World::new(Dialect::Envoy, 3, Idp::serves(&["a"]));
    world.seconds(3600);
    // At 0.1 s, and 480 s (and a tick) after each.
    let after: Vec<_> = world.asked.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
    assert_eq!(after, [480; 7]);
    assert_eq!(world.counter("ok"), 8);
    assert!((0..3).all(|worker| world.generation(worker) == 1), "the document was always the same");
}

#[test]
fn a_rotation_reaches_all_workers() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 2, Idp::serves(&["a"]));
        world.seconds(1);
        let before = [world.generation(0), world.generation(1)];
        for kids in [&["a", "b"][..], &["b"], &["c"]] {
            world.idp = Idp::serves(kids);
            world.seconds(481);
            assert!(world.all_have(kids), "{dialect:?} {kids:?}");
        }
        assert_eq!([world.generation(0), world.generation(1)], before.map(|generation| generation + 3));
    }
}

#[test]
fn the_lease_of_a_dead_holder_ends() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 2, Idp::serves(&["a"]));
        world.tick_worker(0);
        world.open.clear();
        for _ in 0..29 {
            world.now = world.now.plus(PERIOD);
            world.tick_worker(1);
        }
        assert_eq!(world.asked.len(), 1, "{dialect:?}: timeout and margin are 3 s");
        world.now = world.now.plus(PERIOD);
        world.tick_worker(1);
        world.answer_all();
        assert_eq!(world.asked.len(), 2);
        assert_eq!(world.kids(1).unwrap(), ["a"]);
    }
}

#[test]
fn a_late_answer_does_not_replace_a_newer_one() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["old"]));
    world.tick_worker(0);
    let (_, callout) = world.open.remove(0);
    let late = world.answer(callout.id).unwrap();
    world.now = world.now.plus(Duration::from_secs(4));
    world.idp = Idp::serves(&["new"]);
    world.tick_worker(1);
    world.answer_all();
    let mut cx = RootCx::new(world.now, &world.host);
    world.workers[0].on_answer(&late, &mut cx);
    world.tick();
    assert!(world.all_have(&["new"]));
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn a_clock_that_is_set_back_makes_no_storm() {
    for back in [2, 3600, 86_400 * 365] {
        let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
        world.seconds(60);
        world.now = Nanos(world.now.0 - back * 1_000_000_000);
        world.seconds(420);
        assert_eq!(world.asked.len(), 1, "{back}");
        assert!(world.all_have(&["a"]));
        world.seconds(63);
        assert_eq!(world.asked.len(), 2, "{back}: due 480 s after the jump at the latest");
    }
}

#[test]
fn a_clock_that_is_set_back_keeps_no_key_alive() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(1);
    world.idp = Idp::Answers(500, Vec::new());
    world.minutes(12 * 60);
    world.now = Nanos(world.now.0 - 11 * 3600 * 1_000_000_000);
    world.minutes(12 * 60 - 1);
    assert!(world.all_have(&["a"]));
    world.minutes(2);
    assert_eq!((world.kids(0), world.kids(1)), (None, None));
}

#[test]
fn a_clock_that_is_set_forward_fetches_once() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    world.now = world.now.plus(Duration::from_secs(86_400 * 30));
    assert_eq!(world.kids(0), None);
    world.seconds(60);
    assert_eq!(world.asked.len(), 2);
    assert!(world.all_have(&["a"]));
}
