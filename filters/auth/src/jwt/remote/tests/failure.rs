//! What becomes of keys when fetching fails.

use super::*;

fn bad_answers() -> Vec<(&'static str, Idp)> {
    let weak = json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}).to_string().into_bytes();
    let mut truncated = document(&["b"]);
    truncated.truncate(40);
    let mut large = document(&["b"]);
    large.resize(256 * 1024 + 1, b' ');
    vec![
        ("not sent", Idp::Breaks(CalloutError::NotSent(Status::InternalFailure))),
        ("failed", Idp::Breaks(CalloutError::Failed)),
        ("refused", Idp::Answers(503, b"upstream connect error".to_vec())),
        ("timeout", Idp::Answers(504, Vec::new())),
        ("moved", Idp::Answers(302, document(&["b"]))),
        ("no content", Idp::Answers(204, Vec::new())),
        ("created", Idp::Answers(201, document(&["b"]))),
        ("empty", Idp::Serves(Vec::new())),
        ("a page", Idp::Serves(b"<html>".to_vec())),
        ("no set", Idp::Serves(b"{}".to_vec())),
        ("a list", Idp::Serves(b"[]".to_vec())),
        ("no keys", Idp::Serves(b"{\"keys\": []}".to_vec())),
        ("no usable key", Idp::Serves(weak)),
        ("not UTF-8", Idp::Serves(vec![0xff; 100])),
        ("truncated", Idp::Serves(truncated)),
        ("too large", Idp::Serves(large)),
    ]
}

#[test]
fn a_bad_answer_keeps_what_there_is() {
    for (name, bad) in bad_answers() {
        let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
        world.seconds(1);
        world.idp = bad;
        world.minutes(9);
        assert!(world.counter("failed") >= 1, "{name}");
        assert!(world.all_have(&["a"]), "{name}");
        assert_eq!(world.generation(0), 1, "{name}");
    }
}

#[test]
fn the_largest_document_is_taken_and_shared() {
    for dialect in BOTH {
        let mut large = document(&["a"]);
        large.resize(256 * 1024, b' ');
        let mut world = World::new(dialect, 2, Idp::Serves(large));
        world.seconds(1);
        assert!(world.all_have(&["a"]));
        assert_eq!(world.asked.len(), 1);
    }
}

#[test]
fn broken_keys_are_left_out() {
    let mut set: Value = serde_json::from_slice(&document(&["a"])).unwrap();
    let keys = set["keys"].as_array_mut().unwrap();
    (0..20).for_each(|n| keys.push(json!({"kty": "RSA", "kid": format!("broken-{n}"), "n": "AQAB", "e": "AQAB"})));
    let mut world = World::new(Dialect::Envoy, 2, Idp::Serves(set.to_string().into_bytes()));
    world.seconds(1);
    assert!(world.all_have(&["a"]));
    assert_eq!(world.counter("ok"), 1);
}

#[test]
fn tries_after_a_failure_come_slower_and_slower() {
    for (name, bad) in bad_answers().into_iter().step_by(5) {
        let mut world = World::new(Dialect::Envoy, 3, bad);
        world.tick();
        world.answer_all();
        world.seconds(200);
        let at: Vec<_> = world.asked.iter().map(|at| at.since(START).as_secs()).collect();
        assert_eq!(at, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181], "{name}");
        assert_eq!(world.counter("failed"), 11, "{name}");
        world.idp = Idp::serves(&["a"]);
        world.seconds(31);
        assert!(world.all_have(&["a"]), "{name}");
    }
}

#[test]
fn the_shortest_min_refresh_is_the_only_wait() {
    let fields = json!({"min_refresh": "1s"});
    let mut world = World::with(Some(MemoryShared::new(Dialect::Envoy)), fields, 2, Idp::Answers(500, Vec::new()));
    world.tick();
    world.answer_all();
    world.seconds(10);
    assert_eq!(world.asked.len(), 11);
}

#[test]
fn keys_serve_until_they_are_stale_and_no_longer() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 2, Idp::serves(&["a"]));
        world.tick();
        world.answer_all();
        world.idp = Idp::Breaks(CalloutError::Failed);
        world.minutes(24 * 60 - 1);
        world.run(Duration::from_secs(60) - PERIOD);
        assert!(world.all_have(&["a"]));
        world.run(PERIOD);
        assert_eq!((world.kids(0), world.kids(1)), (None, None));
        world.seconds(60);
        assert_eq!((world.kids(0), world.kids(1)), (None, None), "nobody takes the stale document over");
        world.idp = Idp::serves(&["a"]);
        world.seconds(31);
        assert!(world.all_have(&["a"]), "the same document, fetched anew");
    }
}

#[test]
fn requests_without_keys_wait_for_the_first_ones() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    let mut before = waits(world.want_any(1));
    world.tick();
    let mut during = waits(world.want_any(1));
    world.answer_all();
    assert!(world.announced.is_empty() || !world.announced.contains(&1));
    world.tick();
    assert!(world.announced.contains(&1));
    for waiting in [&mut before, &mut during] {
        assert!(matches!(world.woken(1, waiting, &Wake::Background), Woken::Again));
    }
}

#[test]
fn requests_are_turned_away_while_there_is_nothing_to_wait_for() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::Answers(500, Vec::new()));
    let mut first = waits(world.want_any(0));
    world.tick();
    world.answer_all();
    assert_eq!(world.announced, [0]);
    let Woken::Refused(refusal) = world.woken(0, &mut first, &Wake::Background) else { panic!() };
    assert_eq!(refusal, unavailable(1));
    world.seconds(20);
    assert_eq!(world.asked.last().unwrap().since(START).as_secs(), 15);
    for worker in [0, 1] {
        assert_eq!(refused(world.want_any(worker)), unavailable(11), "the next try comes at 31 s");
    }
}

#[test]
fn a_request_gives_up_in_time() {
    let mut world = World::new(Dialect::Envoy, 1, Idp::Silent);
    world.tick();
    let mut waiting = waits(world.want_any(0));
    let sluicegate_common::filter::Wait::Background { topic, until } = waiting.wait() else { panic!() };
    assert_eq!((topic, until.since(world.now)), (Topic(0), Duration::from_millis(2500)));
    world.now = until;
    let Woken::Refused(Refusal::Unavailable { .. }) = world.woken(0, &mut waiting, &Wake::Timeout) else { panic!() };
}

#[test]
fn a_fetch_for_an_unknown_key_that_fails_is_not_tried_again() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(1);
    world.idp = Idp::Answers(500, Vec::new());
    let mut waiting = waits(world.want(0, "b"));
    world.seconds(29);
    assert_eq!(world.asked.len(), 2);
    let Woken::Refused(refusal) = world.woken(0, &mut waiting, &Wake::Background) else { panic!() };
    assert_eq!(refusal, unavailable(1));
    assert_eq!(refused(world.want(0, "b")), Refusal::UnknownKid);
    world.seconds(2);
    waits(world.want(0, "b"));
}
