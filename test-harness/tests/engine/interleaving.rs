//! Several requests at once: who waits for whom, what time does, who dies.

use std::time::Duration;

use test_harness::interleave::{Actor, Chooser, Interleaving, Scripted, Step};
use test_harness::{
    CalloutAnswer, Cluster, Fault, Place, Profile, Proxy, ProxySpec, Request, ScriptedAnswer, Status, UpstreamRequest,
    UpstreamResponse,
};

use crate::probe::Probe;
use crate::support::{get, logs_of, plugins, start};

fn proxy_of(probe: &Probe, workers: u32) -> Proxy {
    start(ProxySpec { plugins: plugins(&[("probe", probe)]), workers, ..ProxySpec::default() })
}

/// A request whose upstream answers after some milliseconds.
fn slow(worker: u32, request: Request, milliseconds: u64) -> Actor {
    let after = Duration::from_millis(milliseconds);
    let upstream = move |_: &UpstreamRequest| UpstreamResponse { after, ..UpstreamResponse::default() };
    Actor::Request { worker, request: Box::new(request), upstream: Box::new(upstream) }
}

fn play(proxy: &mut Proxy, actors: Vec<Actor>, schedule: &[usize]) -> Interleaving {
    let mut chooser = Scripted::new(schedule.to_vec());
    let interleaving = proxy.interleave(actors, &mut chooser);
    assert_eq!(chooser.wrong(), None);
    interleaving
}

fn statuses(interleaving: &Interleaving) -> Vec<u16> {
    let status =
        |exchange: &Option<(test_harness::Response, _)>| exchange.as_ref().map_or(0, |(response, _)| response.status);
    interleaving.exchanges.iter().map(status).collect()
}

/// Logs the request's name in the first and the last callback.
fn named() -> Probe {
    Probe::new().on("request_headers", |body| body.get(0, "x-name")).on("log", |body| body.get(0, "x-name"))
}

#[test]
fn one_worker_serves_others_while_a_request_waits() {
    let mut proxy = proxy_of(&named(), 1);
    let mut done = Interleaving::default();
    let logs = logs_of(&mut proxy, |proxy| {
        let actors = vec![slow(0, get(&[("x-name", "slow")]), 500), slow(0, get(&[("x-name", "quick")]), 100)];
        done = play(proxy, actors, &[0, 1]);
    });
    assert_eq!(statuses(&done), [200, 200]);
    assert_eq!(logs, ["get x-name: 0 slow", "get x-name: 0 quick", "get x-name: 0 quick", "get x-name: 0 slow"]);
}

#[test]
fn a_schedule_decides_who_is_first_at_shared_data() {
    let probe = Probe::new().on("request_headers", |body| {
        body.when("x-name", "a", |body| body.shared_set("key", "a", 0));
        body.when("x-name", "b", |body| body.shared_set("key", "b", 0));
    });
    for (schedule, last) in [([0, 1, 0, 1], "b"), ([0, 1, 1, 0], "a"), ([1, 1, 0, 0], "a"), ([0, 0, 1, 1], "b")] {
        let mut proxy = proxy_of(&probe, 2);
        let actors = vec![slow(0, get(&[("x-name", "a")]), 0), slow(1, get(&[("x-name", "b")]), 0)];
        let done = play(&mut proxy, actors, &schedule);
        assert_eq!(proxy.shared_data("probe")[&b"key"[..]].value, last.as_bytes(), "{:?}", done.steps);
    }
}

#[test]
fn the_same_schedule_gives_the_same_everything() {
    let probe = Probe::new().on("request_headers", |body| {
        body.shared_get("key");
        body.shared_set("key", "x", 0);
        body.count("requests");
    });
    let run = || {
        let mut proxy = proxy_of(&probe, 3);
        let actors = (0..3).map(|worker| slow(worker, get(&[]), 7)).collect();
        let done = play(&mut proxy, actors, &[2, 0, 1, 1, 2, 0]);
        (done.steps, done.record.trace, done.record.fuel)
    };
    assert_eq!(run(), run());
}

#[test]
fn a_tick_runs_on_its_thread_at_its_turn() {
    let probe = Probe::new()
        .on("tick", |body| body.shared_set("key", "fresh", 0))
        .on("request_headers", |body| body.shared_get("key"));
    for (schedule, found) in [([1, 1, 0, 0], "shared key: 0 fresh"), ([0, 0, 1, 1], "shared key: 1")] {
        let mut proxy = proxy_of(&probe, 1);
        let logs = logs_of(&mut proxy, |proxy| {
            play(proxy, vec![slow(0, get(&[]), 0), Actor::Tick(Place::Main)], &schedule);
        });
        assert_eq!(logs, [found]);
    }
}

#[test]
fn a_vm_dies_inside_of_a_callback_or_between_two() {
    let probe = Probe::new()
        .on("request_headers", |body| {
            body.shared_get("key");
            body.log("alive");
        })
        .on("response_headers", |body| body.log("response"));
    let cases = [
        (&[1][..], 503, &[][..]),
        (&[0, 1][..], 503, &[][..]),
        (&[0, 0, 1][..], 503, &["shared key: 1", "alive"][..]),
        (&[0, 0, 0, 1][..], 200, &["shared key: 1", "alive", "response"][..]),
    ];
    for (schedule, status, wanted) in cases {
        let mut proxy = proxy_of(&probe, 1);
        let mut done = Interleaving::default();
        let logs = logs_of(&mut proxy, |proxy| {
            done = play(proxy, vec![slow(0, get(&[]), 0), Actor::Kill(Place::Worker(0))], schedule);
        });
        assert_eq!((statuses(&done), logs), (vec![status, 0], wanted.iter().map(|log| (*log).to_owned()).collect()));
        assert!(done.record.diagnostics.is_empty(), "killed, not trapped: {:?}", done.record.diagnostics);
    }
}

#[test]
fn answers_of_call_outs_arrive_while_others_are_served() {
    let probe = Probe::new()
        .on("request_headers", |body| {
            body.get(0, "x-name");
            body.when("x-name", "asks", |body| body.http_call("service", "/", 1000));
        })
        .on("http_call_response", |body| body.log("answer"));
    let after = Duration::from_millis(50);
    let answer = UpstreamResponse { after, ..UpstreamResponse::default() };
    let service =
        Cluster { answers: vec![ScriptedAnswer::always(CalloutAnswer::Response(answer))], ..Cluster::default() };
    let mut proxy = start(ProxySpec {
        plugins: plugins(&[("probe", &probe)]),
        clusters: [("service".to_owned(), service)].into(),
        ..ProxySpec::default()
    });
    let logs = logs_of(&mut proxy, |proxy| {
        let actors = vec![slow(0, get(&[("x-name", "asks")]), 100), slow(0, get(&[("x-name", "other")]), 10)];
        assert_eq!(statuses(&play(proxy, actors, &[0, 0, 1])), [200, 200]);
    });
    assert_eq!(logs, ["get x-name: 0 asks", "http_call: 0", "get x-name: 0 other", "answer"]);
}

#[test]
fn who_is_never_resumed_is_stuck() {
    let mut proxy = proxy_of(&Probe::new().on("request_headers", |body| body.returns(1)), 2);
    let done = play(&mut proxy, vec![slow(0, get(&[]), 0), slow(1, get(&[]), 0)], &[]);
    assert_eq!(statuses(&done), [0, 0]);
    assert_eq!(crate::support::kinds(&done.record.diagnostics), ["Stuck", "Stuck"]);
}

#[test]
fn workers_take_turns_also_where_there_is_no_main_thread() {
    let probe = Probe::new().on("request_headers", |body| body.shared_get("key")).on("tick", |body| body.log("tick"));
    let spec = ProxySpec { profile: Profile::Kong, workers: 2, ..ProxySpec::default() };
    let mut proxy = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), ..spec });
    let mut done = Interleaving::default();
    let logs = logs_of(&mut proxy, |proxy| {
        let tick = |place| Actor::Tick(place);
        let actors = vec![slow(0, get(&[]), 0), slow(1, get(&[]), 5), tick(Place::Worker(1)), tick(Place::Main)];
        done = play(proxy, actors, &[2, 1, 0]);
    });
    assert_eq!(statuses(&done), [200, 200, 0, 0]);
    assert_eq!(logs.iter().filter(|log| *log == "tick").count(), 1, "{logs:?}");
}

/// Lets so many steps be taken, then loses interest.
struct Leaves(usize);

impl Chooser for Leaves {
    fn choose(&mut self, _: &[Step]) -> Option<usize> {
        self.0 = self.0.checked_sub(1)?;
        Some(0)
    }
}

#[test]
fn a_schedule_can_be_left_at_any_moment() {
    let probe = Probe::new()
        .on("request_headers", |body| body.shared_get("key"))
        .on("response_headers", |body| body.shared_get("key"))
        .on("log", |body| body.shared_get("key"));
    for steps in 0..12 {
        let spec = ProxySpec {
            plugins: plugins(&[("first", &probe), ("second", &probe)]),
            workers: 2,
            ..ProxySpec::default()
        };
        let mut proxy = start(spec);
        let actors = vec![slow(0, get(&[]), 0), slow(1, get(&[]), 0)];
        assert_eq!(proxy.interleave(actors, &mut Leaves(steps)).steps.len(), steps);
    }
}

#[test]
fn whom_a_fault_hits_is_up_to_the_schedule() {
    let probe = Probe::new().on("request_headers", |body| {
        body.shared_get("one");
        body.get(0, "x-name");
    });
    for (schedule, hit) in [([0, 1, 0, 1], "a"), ([0, 1, 1, 0], "b")] {
        let mut proxy = proxy_of(&probe, 2);
        proxy.inject(Fault::Answer {
            call: "proxy_get_shared_data".to_owned(),
            status: Status::InternalFailure,
            skip: 0,
            times: 1,
        });
        let logs = logs_of(&mut proxy, |proxy| {
            let actors = vec![slow(0, get(&[("x-name", "a")]), 0), slow(1, get(&[("x-name", "b")]), 0)];
            play(proxy, actors, &schedule);
        });
        let at = logs.iter().position(|log| log == "shared one: 10").expect("it happened");
        assert_eq!(logs[at + 1], format!("get x-name: 0 {hit}"), "{logs:?}");
    }
}

#[test]
fn what_never_ends_is_left() {
    // Nobody writes the key, and who does not find it tries again.
    let probe = Probe::new().on("request_headers", |body| {
        body.raw("(loop $again");
        body.shared_get("key");
        body.raw("(br $again))");
    });
    let mut proxy = proxy_of(&probe, 2);
    let done = play(&mut proxy, vec![slow(0, get(&[]), 0), slow(1, get(&[]), 0)], &[]);
    assert!(done.unfinished);
    assert_eq!(done.steps.len(), test_harness::interleave::MOST_STEPS);
}

#[test]
fn a_queue_wakes_a_worker_that_has_a_request_waiting() {
    let probe = Probe::new()
        .on("configure", |body| body.raw("(drop (call $queue_register (i32.const 64) (i32.const 1) (i32.const 8)))"))
        .on("queue_ready", |body| body.log("ready"))
        .on("request_headers", |body| {
            body.when("x-name", "a", |body| {
                body.raw("(drop (call $enqueue (i32.const 1) (i32.const 64) (i32.const 1)))");
            });
            body.get(0, "x-name");
        });
    // Worker 1 registered last and owns the queue: behind the actors come main (2), worker 0 (3), worker 1 (4).
    for (schedule, second) in [([0, 0, 4, 1], "ready"), ([0, 0, 1, 4], "get x-name: 0 b")] {
        let mut proxy = proxy_of(&probe, 2);
        let logs = logs_of(&mut proxy, |proxy| {
            play(proxy, vec![slow(0, get(&[("x-name", "a")]), 0), slow(1, get(&[("x-name", "b")]), 0)], &schedule);
        });
        assert_eq!(logs[..2], ["get x-name: 0 a", second], "{logs:?}");
    }
}
