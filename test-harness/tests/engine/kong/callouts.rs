//! Call-outs: who may send them, how they fail, and that requests go on by themselves.

use std::time::Duration;

use test_harness::{CalloutAnswer, Cluster, ProxySpec, ScriptedAnswer, UpstreamResponse};

use super::{proxy, spec};
use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, plugins, post, send, start};

/// A proxy of one probe and the cluster `asked`, which answers all calls alike.
fn asking(probe: &Probe, answer: CalloutAnswer) -> test_harness::Proxy {
    let cluster = Cluster { answers: vec![ScriptedAnswer::always(answer)], ..Cluster::default() };
    let clusters = [("asked".to_owned(), cluster)].into();
    start(ProxySpec { plugins: plugins(&[("probe", probe)]), clusters, ..spec() })
}

fn answered() -> CalloutAnswer {
    CalloutAnswer::Response(UpstreamResponse { body: vec![b"yes".to_vec()], ..UpstreamResponse::default() })
}

/// Asks once and pauses; logs what the callback is told.
fn asks() -> Probe {
    Probe::new()
        .on("request_headers", |body| {
            body.http_call("asked", "/", 1000);
            body.returns(1);
        })
        .on("http_call_response", |body| {
            body.parameter(2);
            body.get(6, ":status");
            body.get(6, ":dispatch_status");
            body.buffer(4, 0, 99);
        })
}

#[test]
fn an_answer_is_told_to_the_context_that_asked_and_the_request_goes_on() {
    let probe = asks().on("response_headers", |body| body.log("response"));
    let mut proxy = asking(&probe, answered());
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    let want = [
        "http_call: 0",
        "parameter 2: 1",
        "get :status: 0 200",
        "get :dispatch_status: 1",
        "buffer 4: 0 yes",
        "response",
    ];
    assert_eq!(logs, want);
    let exchange = exchange.expect("sent");
    assert_eq!((exchange.response.status, kinds(&exchange.diagnostics)), (200, Vec::new()));
    assert_eq!(proxy.callouts()[0].header("Content-Length"), Some(&b"0"[..]));
}

#[test]
fn failures_are_told_by_the_dispatch_status() {
    struct Case {
        name: &'static str,
        given: CalloutAnswer,
        want: &'static str,
    }
    let late = CalloutAnswer::Response(UpstreamResponse { after: Duration::from_secs(2), ..Default::default() });
    let cases = [
        Case { name: "refused", given: CalloutAnswer::Refused, want: "broken connection" },
        Case { name: "reset", given: CalloutAnswer::Reset, want: "broken connection" },
        Case { name: "cut", given: CalloutAnswer::ResetAfterHeaders, want: "broken connection" },
        Case { name: "silent", given: CalloutAnswer::Silent, want: "timeout" },
        Case { name: "late", given: late, want: "timeout" },
        Case { name: "oversized", given: CalloutAnswer::Oversized, want: "reader failure" },
    ];
    for Case { name, given, want } in cases {
        let mut proxy = asking(&asks(), given);
        let mut status = 0;
        let logs = logs_of(&mut proxy, |proxy| status = send(proxy, get(&[])).response.status);
        let told = format!("get :dispatch_status: 0 {want}");
        assert_eq!(logs[1..4], ["parameter 2: 0", "get :status: 1", told.as_str()], "{name}");
        assert_eq!(status, 200, "{name}");
    }
}

#[test]
fn a_host_that_is_not_there_is_a_resolver_failure() {
    for cluster in [None, Some(Cluster { healthy: false, ..Cluster::default() })] {
        let mut proxy = proxy(&asks());
        let unknown = cluster.is_none();
        if let Some(cluster) = cluster {
            proxy.set_cluster("asked", cluster);
        }
        let mut exchange = None;
        let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
        assert_eq!(logs[3], "get :dispatch_status: 0 resolver failure");
        let diagnostics = kinds(&exchange.expect("sent").diagnostics);
        assert_eq!(diagnostics.contains(&"UnknownCluster".to_owned()), unknown, "{diagnostics:?}");
    }
}

#[test]
fn a_request_waits_for_its_last_answer_whatever_the_guest_resumes() {
    let probe = Probe::new()
        .on("request_headers", |body| {
            body.http_call("asked", "/", 1000);
            body.http_call("asked", "/", 1000);
            body.returns(1);
        })
        .on("http_call_response", |body| {
            body.log("answer");
            body.resume(0);
        })
        .on("request_body", |body| body.log("body"));
    let mut proxy = asking(&probe, answered());
    let mut diagnostics = Vec::new();
    let logs = logs_of(&mut proxy, |proxy| diagnostics = send(proxy, post(&["x"])).diagnostics);
    assert_eq!(logs[2..], ["answer", "resume: 0", "answer", "resume: 0", "body"]);
    assert_eq!(kinds(&diagnostics), Vec::<String>::new());
}

#[test]
fn a_call_may_follow_a_call_and_a_reply_cancels_the_others() {
    let follows = asks().on("http_call_response", |body| {
        body.log("answer");
        body.raw("(if (i32.eq (local.get 1) (i32.const 4)) (then");
        body.http_call("asked", "/", 1000);
        body.raw("))");
    });
    let mut proxy = asking(&follows, answered());
    let logs = logs_of(&mut proxy, |proxy| assert_eq!(send(proxy, get(&[])).response.status, 200));
    assert_eq!(logs.iter().filter(|line| *line == "answer").count(), 2, "{logs:?}");

    let replies = Probe::new()
        .on("request_headers", |body| {
            body.http_call("asked", "/", 1000);
            body.http_call("asked", "/", 1000);
            body.returns(1);
        })
        .on("http_call_response", |body| body.reply(403, "no", &[]));
    let mut proxy = asking(&replies, answered());
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    let exchange = exchange.expect("sent");
    assert_eq!((exchange.response.status, exchange.upstream.is_some()), (403, false));
    assert_eq!(logs.iter().filter(|line| *line == "reply: 0").count(), 1, "{logs:?}");
}

#[test]
fn a_pause_without_a_call_is_for_ever_and_ticks_change_nothing() {
    let probe = Probe::new()
        .on("configure", |body| body.tick_period(100))
        .on("request_headers", |body| {
            body.raw("(i32.store (i32.const 32) (local.get 0))");
            body.returns(1);
        })
        .on("tick", |body| {
            body.raw("(drop (call $effective (i32.load (i32.const 32))))");
            body.resume(0);
        });
    let exchange = send(&mut proxy(&probe), get(&[]));
    assert_eq!(kinds(&exchange.diagnostics), ["Stuck"]);
}

#[test]
fn calls_in_other_callbacks_trap() {
    for callback in ["response_headers", "response_body", "log"] {
        let probe = Probe::new().on(callback, |body| body.http_call("asked", "/", 1000));
        let diagnostics = send(&mut asking(&probe, answered()), get(&[])).diagnostics;
        assert!(kinds(&diagnostics).contains(&"Trap".to_owned()), "{callback}: {diagnostics:?}");
    }
    let probe = Probe::new().on("request_headers", |body| body.http_call("", "/", 1000));
    let exchange = send(&mut asking(&probe, answered()), get(&[]));
    assert_eq!((exchange.response.status, kinds(&exchange.diagnostics)), (500, vec!["Trap".to_owned()]));
}

#[test]
fn a_tick_calls_and_the_root_is_answered() {
    let probe = Probe::new()
        .on("configure", |body| body.tick_period(100))
        .on("tick", |body| {
            body.http_call("asked", "", 1000);
            body.http_call("asked", "/", 1000);
        })
        .on("http_call_response", |body| body.get(6, ":status"));
    let mut proxy = asking(&probe, answered());
    let logs = logs_of(&mut proxy, |proxy| proxy.advance(Duration::from_millis(150)));
    assert_eq!(logs, ["http_call: 10", "http_call: 0", "get :status: 0 200"]);
}

#[test]
fn a_trap_in_the_callback_lets_the_request_go_on() {
    let probe = asks().on("http_call_response", |body| body.trap());
    let mut proxy = asking(&probe, answered());
    let exchange = send(&mut proxy, get(&[]));
    assert_eq!((exchange.response.status, kinds(&exchange.diagnostics)), (200, vec!["Trap".to_owned()]));
}

#[test]
fn to_go_on_after_a_call_is_reported() {
    let probe = Probe::new().on("request_headers", |body| body.http_call("asked", "/", 1000));
    let exchange = send(&mut asking(&probe, answered()), get(&[]));
    assert_eq!(kinds(&exchange.diagnostics), ["DispatchNotPaused"]);
}

#[test]
fn grpc_may_be_imported_and_not_be_called() {
    let wat = r#"(module
        (import "env" "proxy_grpc_cancel" (func $cancel (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $cancel (i32.const 1)))
        (func (export "proxy_abi_version_0_2_1")))"#;
    let plugins = vec![test_harness::PluginSpec::new("probe", wat::parse_str(wat).expect("valid"))];
    let exchange = send(&mut start(ProxySpec { plugins, ..spec() }), get(&[]));
    assert_eq!((exchange.response.status, kinds(&exchange.diagnostics)), (500, vec!["Trap".to_owned()]));
}
