//! Clocks, ticks, call-outs, queues, and what they resume.

use std::time::Duration;

use test_harness::{CalloutAnswer, Cluster, Place, Proxy, ProxySpec, ScriptedAnswer, UpstreamResponse};

use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, plugins, proxy, send, start};

/// Dispatches in request headers and resumes when the answer comes.
fn calling(cluster: &str, timeout: u32) -> Probe {
    Probe::new()
        .on("request_headers", |body| {
            body.raw("(i32.store (i32.const 32) (local.get 0))");
            body.http_call(cluster, "/check", timeout);
            body.returns(1);
        })
        .on("http_call_response", |body| {
            body.parameter(2);
            body.get(6, ":status");
            body.buffer(4, 0, 99);
            body.raw("(drop (call $effective (i32.load (i32.const 32))))");
            body.get(6, ":status");
            body.set(0, "x-checked", b"yes");
            body.resume(0);
        })
}

fn with_cluster(probe: &Probe, cluster: Cluster) -> Proxy {
    let clusters = [("auth".to_owned(), cluster)].into();
    start(ProxySpec { plugins: plugins(&[("probe", probe)]), clusters, ..ProxySpec::default() })
}

fn answering(answer: CalloutAnswer) -> Cluster {
    Cluster { answers: vec![ScriptedAnswer::always(answer)], ..Cluster::default() }
}

#[test]
fn ticks_fire_on_every_thread_in_virtual_time() {
    let probe = Probe::new().on("configure", |body| body.tick_period(100)).on("tick", |body| body.log("tick"));
    let mut proxy = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), workers: 2, ..ProxySpec::default() });
    proxy.advance(Duration::from_millis(99));
    assert!(proxy.logs().is_empty());
    proxy.advance(Duration::from_millis(101));
    let places: Vec<Place> = proxy.logs().iter().map(|line| line.place).collect();
    let round = [Place::Main, Place::Worker(0), Place::Worker(1)];
    assert_eq!(places, [round, round].concat());
}

#[test]
fn the_wall_clock_can_be_set_without_moving_timers() {
    let probe = Probe::new().on("configure", |body| body.tick_period(100)).on("tick", |body| body.time());
    let mut proxy = start(ProxySpec {
        plugins: plugins(&[("probe", &probe)]),
        now_unix_nanos: 5_000_000_000,
        ..ProxySpec::default()
    });
    let logs = logs_of(&mut proxy, |proxy| proxy.advance(Duration::from_millis(100)));
    assert_eq!(logs, ["time: 5100"]);
    proxy.set_clock(1_000_000_000);
    assert_eq!(logs_of(&mut proxy, |proxy| proxy.advance(Duration::from_millis(99))), Vec::<String>::new());
    assert_eq!(logs_of(&mut proxy, |proxy| proxy.advance(Duration::from_millis(1))), ["time: 1100"]);
    assert_eq!(proxy.now_unix_nanos(), 1_100_000_000);
}

#[test]
fn an_answer_reaches_the_root_context_and_resumes_the_stream() {
    let response = UpstreamResponse {
        status: 207,
        body: vec![b"ok".to_vec()],
        after: Duration::from_millis(30),
        ..UpstreamResponse::default()
    };
    let mut proxy = with_cluster(&calling("auth", 100), answering(CalloutAnswer::Response(response)));
    let before = proxy.now_unix_nanos();
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    let want = [
        "http_call: 0",
        "parameter 2: 3",
        "get :status: 0 207",
        "buffer 4: 0 ok",
        "get :status: 0 207",
        "set x-checked: 0",
        "resume: 0",
    ];
    assert_eq!(logs, want);
    assert_eq!(exchange.expect("sent").upstream.expect("reached").header("x-checked"), Some(&b"yes"[..]));
    assert_eq!(proxy.now_unix_nanos() - before, 30_000_000);
    assert_eq!(proxy.callouts()[0].cluster, "auth");
    assert_eq!(proxy.callouts()[0].timeout, Duration::from_millis(100));
}

#[test]
fn failed_call_outs_look_as_in_envoy() {
    let slow = UpstreamResponse { after: Duration::from_secs(9), ..UpstreamResponse::default() };
    let cases = [
        ("refused", CalloutAnswer::Refused, "get :status: 0 503", 0),
        ("silent", CalloutAnswer::Silent, "get :status: 0 504", 100),
        ("too slow", CalloutAnswer::Response(slow), "get :status: 0 504", 100),
        ("oversized", CalloutAnswer::Oversized, "get :status: 2", 0),
    ];
    for (name, answer, want, milliseconds) in cases {
        let mut proxy = with_cluster(&calling("auth", 100), answering(answer));
        let before = proxy.now_unix_nanos();
        let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
        assert_eq!(logs[2], want, "{name}");
        assert_eq!(proxy.now_unix_nanos() - before, milliseconds * 1_000_000, "{name}");
    }
}

#[test]
fn some_call_outs_are_never_answered() {
    let sick = Cluster { healthy: false, ..Cluster::default() };
    for (cluster, want, diagnostics) in
        [("auth", "http_call: 10", &["Stuck"][..]), ("nobody", "http_call: 2", &["UnknownCluster", "Stuck"])]
    {
        let mut proxy = with_cluster(&calling(cluster, 100), sick.clone());
        let mut exchange = None;
        let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
        assert_eq!(logs, [want]);
        assert_eq!(kinds(&exchange.expect("sent").diagnostics), diagnostics);
    }
}

#[test]
fn a_vanished_stream_is_no_context_and_later_calls_act_on_the_root() {
    let probe = Probe::new().on("configure", |body| body.tick_period(100)).on("tick", |body| {
        body.effective(2);
        body.get(0, ":path");
        body.resume(0);
        body.property("plugin_name");
    });
    let mut proxy = proxy(&probe);
    send(&mut proxy, get(&[]));
    let logs = logs_of(&mut proxy, |proxy| proxy.advance(Duration::from_millis(100)));
    assert_eq!(logs, ["effective: 2", "get :path: 2", "resume: 0", "property plugin_name: 0 probe"]);
    assert!(kinds(&proxy.take_record().diagnostics).contains(&"UnknownContext".to_owned()));
}

#[test]
fn resuming_what_is_not_paused_is_reported() {
    let probe = Probe::new().on("request_headers", |body| body.resume(0));
    let exchange = send(&mut proxy(&probe), get(&[]));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(kinds(&exchange.diagnostics), ["NotPaused"]);
}

#[test]
fn a_tick_may_reply_to_a_paused_stream() {
    let probe = Probe::new()
        .on("configure", |body| body.tick_period(50))
        .on("request_headers", |body| {
            body.raw("(i32.store (i32.const 32) (local.get 0))");
            body.returns(1);
        })
        .on("tick", |body| {
            body.raw("(if (i32.load (i32.const 32)) (then");
            body.raw("(drop (call $effective (i32.load (i32.const 32))))");
            body.reply(503, "timed out", &[]);
            body.raw("(i32.store (i32.const 32) (i32.const 0))))");
        })
        .on("response_headers", |body| body.log("response_headers"));
    let mut proxy = proxy(&probe);
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    assert_eq!(logs, ["reply: 0", "response_headers"]);
    assert_eq!(exchange.expect("sent").response.body, b"timed out");
}

#[test]
fn a_queue_tells_the_vm_that_registered_it_last() {
    let probe = Probe::new()
        .on("configure", |body| {
            let name = body.string(b"jobs");
            body.raw(&format!("(drop (call $queue_register {name} (i32.const 40)))"));
        })
        .on("request_headers", |body| {
            let (label, item) = (body.string(b"enqueue: "), body.string(b"job"));
            body.raw(&format!("(call $status {label} (call $enqueue (i32.load (i32.const 40)) {item}))"));
        })
        .on("queue_ready", |body| {
            for _ in 0..2 {
                let label = body.string(b"dequeue: ");
                body.raw(&format!("(call $value {label} (call $dequeue (local.get 1) (i32.const 0) (i32.const 4)))"));
            }
        });
    let mut proxy = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), workers: 2, ..ProxySpec::default() });
    send(&mut proxy, get(&[]));
    let logs: Vec<(Place, String)> = proxy
        .logs()
        .into_iter()
        .map(|line| (line.place, String::from_utf8_lossy(&line.message).into_owned()))
        .collect();
    let want = [(0, "enqueue: 0"), (1, "dequeue: 0 job"), (1, "dequeue: 7")];
    assert_eq!(logs, want.map(|(worker, text)| (Place::Worker(worker), text.to_owned())));
}

#[test]
fn a_queue_that_feeds_itself_is_stopped() {
    let enqueue = "(drop (call $enqueue (i32.const 1) (i32.const 64) (i32.const 1)))";
    let probe = Probe::new()
        .on("configure", |body| body.raw("(drop (call $queue_register (i32.const 64) (i32.const 1) (i32.const 8)))"))
        .on("queue_ready", |body| body.raw(enqueue))
        .on("request_headers", |body| body.raw(enqueue));
    let exchange = send(&mut proxy(&probe), get(&[]));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(kinds(&exchange.diagnostics), ["EndlessQueue"]);
}
