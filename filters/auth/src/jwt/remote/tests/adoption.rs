//! Documents in shared data.

use super::*;

#[test]
fn a_reload_needs_no_fetch() {
    for dialect in BOTH {
        let mut world = World::new(dialect, 2, Idp::serves(&["a"]));
        world.seconds(60);
        world.idp = Idp::Breaks(CalloutError::Failed);
        world.reload();
        world.tick();
        assert!(world.all_have(&["a"]), "{dialect:?}");
        world.seconds(400);
        assert_eq!(world.asked.len(), 1);
    }
}

#[test]
fn a_request_before_the_first_tick_finds_them_too() {
    let mut world = World::new(Dialect::Envoy, 2, Idp::serves(&["a"]));
    world.seconds(60);
    world.reload();
    assert!(matches!(world.want_any(1), Want::Again));
    assert_eq!(world.kids(1).unwrap(), ["a"]);
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn stale_keys_are_not_taken_over() {
    let mut world = World::new(Dialect::Envoy, 1, Idp::serves(&["a"]));
    world.seconds(1);
    world.idp = Idp::Silent;
    world.now = world.now.plus(Duration::from_secs(86_400));
    world.reload();
    world.tick();
    assert_eq!((world.kids(0), world.asked.len()), (None, 2));
}

#[test]
fn another_source_has_other_keys() {
    let mut world = World::new(Dialect::Envoy, 1, Idp::serves(&["a"]));
    world.seconds(1);
    for fields in [
        json!({"uri": "https://idp.example/other.json"}),
        json!({"cluster": "idp2"}),
        json!({"authority": "idp.internal"}),
    ] {
        world.fields = fields.clone();
        world.reload();
        world.tick();
        assert_eq!(world.kids(0), None, "{fields}");
    }
    world.fields = json!({"cache_ttl": "20m", "timeout": "5s"});
    world.reload();
    world.tick();
    assert!(world.all_have(&["a"]));
}

#[test]
fn two_entries_of_one_source_fetch_once() {
    let mut world = World::new(Dialect::Envoy, 1, Idp::serves(&["a"]));
    assert_eq!(world.workers[0].add(raw(json!({})), "other").unwrap(), 1);
    world.seconds(2);
    assert_eq!(world.asked.len(), 1);
    for source in [0, 1] {
        assert!(world.workers[0].current(source, world.now).is_some());
    }
}

#[test]
fn a_host_that_loses_the_record_learns_it_again() {
    let mut world = World::new(Dialect::Kong, 2, Idp::serves(&["a"]));
    world.seconds(1);
    let keys = keys_of(&world);
    for _ in 0..300 {
        world.shared().evict(&keys[0]);
        world.seconds(1);
    }
    assert_eq!(world.asked.len(), 1);
    assert!(world.all_have(&["a"]));
}

#[test]
fn a_worker_that_finds_no_document_fetches_one() {
    let mut world = World::new(Dialect::Kong, 2, Idp::serves(&["a"]));
    world.seconds(1);
    world.shared().evict(&keys_of(&world)[1]);
    world.workers[1] = remotes(&json!({}));
    world.seconds(1);
    assert!(world.all_have(&["a"]));
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn a_host_that_keeps_no_document_is_no_storm() {
    let mut world = World::new(Dialect::Kong, 3, Idp::serves(&["a"]));
    let mut number = 0;
    for _ in 0..600 {
        // Another document each time, and nobody can have it from shared data.
        number += 1;
        world.idp = Idp::serves(&["a", &format!("n{number}")]);
        world.now = world.now.plus(PERIOD);
        world.tick();
        world.answer_all();
        world.shared().evict(&keys_of(&world)[1]);
    }
    // In 60 s: one on schedule, and one off schedule at once, after 30 s and after 60 s at most.
    assert!((2..=4).contains(&world.asked.len()), "{}", world.asked.len());
}

#[test]
fn without_shared_data_each_worker_fetches_for_itself() {
    let mut world = World::with(None, json!({}), 3, Idp::serves(&["a"]));
    world.seconds(60);
    assert_eq!(world.asked.len(), 3);
    assert!(world.all_have(&["a"]));
    drop(waits(world.want(1, "b")));
    world.seconds(1);
    assert_eq!(world.asked.len(), 4);
    assert_eq!(refused(world.want(1, "c")), Refusal::UnknownKid);
    world.idp = Idp::Answers(500, Vec::new());
    world.seconds(500);
    let tries = world.asked.len();
    assert!((7..=24).contains(&tries), "{tries}");
}

/// The names of the record and of the document.
fn keys_of(world: &World) -> [String; 2] {
    world.workers[0].sets[SOURCE].keys_in_shared_data().map(str::to_owned)
}
