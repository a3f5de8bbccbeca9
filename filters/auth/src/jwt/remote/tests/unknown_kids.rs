//! Tokens that name keys nobody has.

use super::*;

#[test]
fn a_new_key_is_fetched_off_schedule() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 3, Idp::serves(&["a"]));
        world.seconds(60);
        world.idp = Idp::serves(&["a", "b"]);
        let mut waiting = waits(world.want(2, "b"));
        world.seconds(1);
        assert_eq!(world.asked.len(), 2, "{dialect:?}");
        assert!(world.all_have(&["a", "b"]));
        assert!(matches!(world.woken(2, &mut waiting, &Wake::Background), Woken::Again));
    }
}

#[test]
fn a_key_that_another_worker_got_is_found_at_once() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    world.idp = Idp::serves(&["b"]);
    let _waiting = waits(world.want(0, "b"));
    world.tick_worker(0);
    world.answer_all();
    assert_eq!(world.kids(1).unwrap(), ["a"]);
    assert!(matches!(world.want(1, "b"), Want::Again));
    assert_eq!(world.kids(1).unwrap(), ["b"]);
}

#[test]
fn ten_thousand_random_names_make_one_fetch_per_min_refresh() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 3, Idp::serves(&["a"]));
        world.seconds(1);
        let (mut waited, mut refusals) = (0, 0);
        // 10,000 names over 400 s, each worker in turn; the issuer rotates nothing.
        for name in 0..10_000_u64 {
            match world.want(name as usize % 3, &format!("random-{name}")) {
                Want::Wait(_) => waited += 1,
                Want::Refused(Refusal::UnknownKid) => refusals += 1,
                other => panic!("{other:?}"),
            }
            if name % 25 == 24 {
                world.seconds(1);
            }
        }
        // One on schedule; the others with the first name after 30 s each, which is seen every second.
        assert_eq!(world.asked.len(), 1 + 13, "{dialect:?}");
        assert!(world.asked[1..].windows(2).all(|pair| pair[1].since(pair[0]) >= Duration::from_secs(30)));
        assert_eq!(waited + refusals, 10_000);
        assert!(waited <= 13 * 25, "{waited}");
        assert!(world.all_have(&["a"]));
        assert_eq!(world.shared().len(), 2);
    }
}

#[test]
fn a_name_that_a_fetch_did_not_bring_is_remembered() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    let mut waiting = waits(world.want(0, "b"));
    world.seconds(1);
    assert!(matches!(world.woken(0, &mut waiting, &Wake::Background), Woken::Again));
    world.seconds(60);
    assert_eq!(refused(world.want(0, "b")), Refusal::UnknownKid);
    assert_eq!(world.asked.len(), 2, "though a fetch were allowed");
    let mut other = waits(world.want(0, "c"));
    world.idp = Idp::serves(&["a", "b"]);
    world.seconds(1);
    assert!(matches!(world.woken(0, &mut other, &Wake::Background), Woken::Again));
    assert!(world.all_have(&["a", "b"]));
    world.idp = Idp::serves(&["a"]);
    world.seconds(481);
    assert!(world.all_have(&["a"]));
    waits(world.want(0, "b"));
}

#[test]
fn nobody_waits_for_a_fetch_that_is_not_allowed() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    let _first = waits(world.want(0, "b"));
    world.seconds(1);
    for kid in ["c", "d"] {
        assert_eq!(refused(world.want(0, kid)), Refusal::UnknownKid);
        assert_eq!(refused(world.want(1, kid)), Refusal::UnknownKid);
    }
    world.seconds(28);
    assert_eq!(refused(world.want(1, "c")), Refusal::UnknownKid);
    world.seconds(2);
    waits(world.want(1, "c"));
}

#[test]
fn two_workers_that_want_at_once_fetch_once() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 2, Idp::serves(&["a"]));
        world.seconds(60);
        let mut waiting = [waits(world.want(0, "b")), waits(world.want(1, "c"))];
        world.announced.clear();
        world.seconds(1);
        assert_eq!(world.asked.len(), 2, "{dialect:?}");
        assert_eq!(world.announced, [0, 1]);
        for (worker, waiting) in waiting.iter_mut().enumerate() {
            assert!(matches!(world.woken(worker, waiting, &Wake::Background), Woken::Again));
        }
        assert_eq!(refused(world.want(0, "b")), Refusal::UnknownKid);
        assert_eq!(refused(world.want(1, "c")), Refusal::UnknownKid);
    }
}

#[test]
fn only_so_many_wait() {
    let mut world = World::new(Dialect::Envoy, 1, Idp::serves(&["a"]));
    world.seconds(60);
    let mut waiting: Vec<_> = (0..256).map(|n| waits(world.want(0, &format!("random-{n}")))).collect();
    assert_eq!(refused(world.want(0, "one more")), unavailable(1));
    waiting.truncate(255);
    waiting.push(waits(world.want(0, "one more")));
    assert_eq!(refused(world.want(0, "too many")), unavailable(1));
    drop(waiting);
    waits(world.want(0, "again"));
}

#[test]
fn an_unknown_name_waits_for_a_fetch_on_schedule_that_is_under_way() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(1);
    world.idp = Idp::Silent;
    world.now = world.now.plus(Duration::from_secs(480));
    world.tick_worker(0);
    let mut waiting = waits(world.want(1, "b"));
    world.idp = Idp::serves(&["a"]);
    world.answer_all();
    world.tick();
    assert!(matches!(world.woken(1, &mut waiting, &Wake::Background), Woken::Again));
    let _second = waits(world.want(1, "b"));
    assert_eq!(world.asked.len(), 2);
    world.seconds(1);
    assert_eq!(world.asked.len(), 3, "the fetch it waited for began before the name was seen");
    assert_eq!(refused(world.want(1, "b")), Refusal::UnknownKid);
}

#[test]
fn a_clock_that_is_set_back_allows_no_fetch_before_its_time() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    drop(waits(world.want(0, "b")));
    world.seconds(10);
    world.now = Nanos(world.now.0 - 3_600_000_000_000);
    for _ in 0..19 {
        assert_eq!(refused(world.want(0, "c")), Refusal::UnknownKid);
        world.seconds(1);
    }
    world.seconds(12);
    waits(world.want(0, "c"));
}

#[test]
fn news_of_an_earlier_fetch_refuses_nobody_who_waits_for_the_next() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    let _waiting = waits(world.want(0, "x"));
    world.tick_worker(0);
    world.answer_all();
    world.now = world.now.plus(Duration::from_secs(31));
    world.idp = Idp::serves(&["b"]);
    // It notes that the fetch has ended; its tick tells so.
    let mut waiting = waits(world.want(1, "b"));
    world.announced.clear();
    world.tick_worker(1);
    assert_eq!(world.announced, [1]);
    assert!(matches!(world.woken(1, &mut waiting, &Wake::Background), Woken::TooSoon));
    world.answer_all();
    assert!(matches!(world.woken(1, &mut waiting, &Wake::Background), Woken::Again));
    assert_eq!(world.kids(1).unwrap(), ["b"]);
}
