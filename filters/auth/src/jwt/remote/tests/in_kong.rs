//! Requests that ask for themselves, because no tick can wake them.

use super::*;

/// What a request is told that waits where nothing wakes it.
fn asks(world: &World, waiting: &mut Waiting) -> Woken {
    world.woken(0, waiting, &Wake::Timeout)
}

fn kong(workers: usize, idp: Idp) -> World {
    World::new(Dialect::Kong, workers, idp)
}

#[test]
fn the_first_request_fetches_before_the_first_tick() {
    let mut world = kong(2, Idp::serves(&["a"]));
    let mut waiting = waits(world.want_any(0));
    let Woken::Ask(callout) = asks(&world, &mut waiting) else { panic!() };
    world.tick();
    assert!(world.asked.is_empty(), "the request holds the lease");
    let answer = world.answer(callout.id).unwrap();
    assert!(matches!(world.woken(0, &mut waiting, &Wake::Answer(&answer)), Woken::Again));
    world.tick();
    assert!(world.all_have(&["a"]));
    assert!(world.asked.is_empty());
}

#[test]
fn without_keys_others_ask_beside_it_but_few() {
    let mut world = kong(1, Idp::serves(&["a"]));
    world.tick();
    let mut waiting: Vec<_> = (0..9).map(|_| waits(world.want_any(0))).collect();
    let asked =
        waiting.iter_mut().map(|waiting| asks(&world, waiting)).filter(|woken| matches!(woken, Woken::Ask(_))).count();
    assert_eq!(asked, 8);
    let answer = world.answer(0).unwrap();
    assert!(matches!(world.woken(0, &mut waiting[3], &Wake::Answer(&answer)), Woken::Again));
    assert_eq!(world.kids(0).unwrap(), ["a"], "for this VM");
    world.answer_all();
    world.tick();
    assert!(world.all_have(&["a"]));
    assert_eq!(world.generation(0), 1);
}

#[test]
fn after_a_failure_requests_do_not_ask() {
    let world = kong(1, Idp::Answers(500, Vec::new()));
    let mut waiting = waits(world.want_any(0));
    assert!(matches!(asks(&world, &mut waiting), Woken::Ask(_)));
    let answer = world.answer(0).unwrap();
    let Woken::Refused(refusal) = world.woken(0, &mut waiting, &Wake::Answer(&answer)) else { panic!() };
    assert_eq!(refusal, unavailable(1));
    assert_eq!(refused(world.want_any(0)), unavailable(1));
}

#[test]
fn one_request_asks_for_a_new_key() {
    let mut world = kong(2, Idp::serves(&["a"]));
    world.seconds(60);
    world.idp = Idp::serves(&["a", "b"]);
    let mut first = waits(world.want(0, "b"));
    let mut second = waits(world.want(0, "b"));
    let Woken::Ask(callout) = asks(&world, &mut first) else { panic!() };
    let Woken::Refused(refusal) = asks(&world, &mut second) else { panic!() };
    assert_eq!(refusal, unavailable(1));
    let answer = world.answer(callout.id).unwrap();
    assert!(matches!(world.woken(0, &mut first, &Wake::Answer(&answer)), Woken::Again));
    assert_eq!(world.kids(0).unwrap(), ["a", "b"]);
    assert_eq!(refused(world.want(0, "c")), Refusal::UnknownKid);
    world.tick();
    assert!(world.all_have(&["a", "b"]));
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn a_name_that_the_request_did_not_get_is_remembered() {
    let mut world = kong(1, Idp::serves(&["a"]));
    world.seconds(60);
    let mut waiting = waits(world.want(0, "b"));
    assert!(matches!(asks(&world, &mut waiting), Woken::Ask(_)));
    let answer = world.answer(0).unwrap();
    assert!(matches!(world.woken(0, &mut waiting, &Wake::Answer(&answer)), Woken::Again));
    assert_eq!(refused(world.want(0, "b")), Refusal::UnknownKid);
    world.seconds(60);
    assert_eq!(refused(world.want(0, "b")), Refusal::UnknownKid);
}

#[test]
fn a_tick_takes_over_from_a_client_that_left() {
    let mut world = kong(2, Idp::serves(&["a"]));
    world.seconds(60);
    world.idp = Idp::serves(&["a", "b"]);
    let mut waiting = waits(world.want(0, "b"));
    assert!(matches!(asks(&world, &mut waiting), Woken::Ask(_)));
    drop(waiting);
    world.seconds(1);
    assert_eq!(world.asked.len(), 2);
    assert!(world.all_have(&["a", "b"]));
}

#[test]
fn clients_that_leave_make_no_storm() {
    let mut world = kong(1, Idp::serves(&["a"]));
    world.seconds(1);
    let mut questions = 0;
    for n in 0..300 {
        if let Want::Wait(mut waiting) = world.want(0, &format!("random-{n}")) {
            questions += usize::from(matches!(asks(&world, &mut waiting), Woken::Ask(_)));
        }
        world.run(PERIOD);
    }
    assert_eq!((questions, world.asked.len()), (1, 2), "in 30 s");
}
