//! Who is called when.

use std::time::Duration;

use test_harness::{Place, Proxy, ProxySpec, Request, StartFailure, UpstreamResponse};

use super::{proxy, proxy_of, spec};
use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, named_logs_of, plugins, post, send, send_to, start};

#[test]
fn responses_run_in_the_order_of_requests_and_done_comes_before_log() {
    let probe = Probe::logging_all();
    let mut proxy = proxy_of(&[("a", &probe), ("b", &probe)]);
    let logs = named_logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    let of_stream = ["request_headers", "response_headers", "done", "log", "delete"];
    let kept: Vec<&str> =
        logs.iter().map(String::as_str).filter(|line| of_stream.iter().any(|name| line.ends_with(name))).collect();
    let want = [
        "a request_headers",
        "b request_headers",
        "a response_headers",
        "b response_headers",
        "a done",
        "a log",
        "b done",
        "b log",
        "a delete",
        "b delete",
    ];
    assert_eq!(kept, want);
}

#[test]
fn there_is_one_instance_per_worker_and_no_other() {
    let probe = Probe::new().on("configure", |body| body.log("configure"));
    let proxy = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), workers: 2, ..spec() });
    let places: Vec<Place> = proxy.logs().iter().map(|line| line.place).collect();
    assert_eq!(places, [Place::Worker(0), Place::Worker(1)]);
}

#[test]
fn header_callbacks_never_end_the_stream_and_trailers_are_not_shown() {
    let probe = Probe::new()
        .on("request_headers", |body| body.parameter(2))
        .on("request_body", |body| {
            body.parameter(1);
            body.parameter(2);
        })
        .on("request_trailers", |body| body.log("trailers"))
        .on("response_headers", |body| body.parameter(2))
        .on("response_trailers", |body| body.log("trailers"));
    let trailers = vec![(b"x-end".to_vec(), b"1".to_vec())];
    let answer = UpstreamResponse { trailers: trailers.clone(), ..UpstreamResponse::default() };
    let request = test_harness::Request { trailers, ..post(&["ab", "c"]) };
    let logs = logs_of(&mut proxy(&probe), |proxy| drop(send_to(proxy, request, answer)));
    assert_eq!(logs, ["parameter 2: 0", "parameter 1: 3", "parameter 2: 1", "parameter 2: 0"]);
}

#[test]
fn a_trap_costs_one_request_and_builds_the_instance_anew() {
    let probe = Probe::new()
        .on("vm_start", |body| body.log("vm_start"))
        .on("configure", |body| body.log("configure"))
        .on("request_headers", |body| body.when("x-trap", "1", |body| body.trap()));
    let mut proxy = proxy(&probe);
    let mut status = 0;
    let logs = logs_of(&mut proxy, |proxy| status = send(proxy, get(&[("x-trap", "1")])).response.status);
    assert_eq!((status, logs[1..].to_vec()), (500, vec!["configure".to_owned()]), "{logs:?}");
    assert_eq!(send(&mut proxy, get(&[])).response.status, 200);
}

#[test]
fn after_a_trap_no_filter_of_the_chain_is_called_again_in_that_stream() {
    for callback in ["request_headers", "request_body", "response_headers", "response_body"] {
        let watching = Probe::logging_all();
        let trapping = Probe::logging_all().on(callback, |body| {
            body.log("traps");
            body.when("x-trap", "1", |body| body.trap());
        });
        let mut proxy = proxy_of(&[("before", &watching), ("traps", &trapping), ("behind", &watching)]);
        let request = Request { headers: get(&[("x-trap", "1")]).headers, ..post(&["body"]) };
        let logs = named_logs_of(&mut proxy, |proxy| drop(send(proxy, request)));
        let at = logs.iter().position(|line| line == "traps traps").expect("called");
        assert!(logs[at + 1].contains("unreachable"), "{}", logs[at + 1]);
        // The instance is built anew.
        assert_eq!(logs[at + 2..], ["traps context_create", "traps configure"], "{callback}");
        let next = named_logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
        assert_eq!(next.last().map(String::as_str), Some("behind delete"), "{callback}");
    }
}

#[test]
fn a_configuration_that_fails_after_a_trap_ends_the_worker() {
    let probe = Probe::new()
        .on("configure", |body| {
            body.shared_set("configured", "1", 0);
            // The second time the key is there, and the status is not 0.
            let key = body.string(b"configured");
            let value = body.string(b"2");
            body.raw(&format!(
                "(if (i32.eqz (call $set_shared {key} {value} (i32.const 1))) (then (return (i32.const 1))))"
            ));
            body.returns(0);
        })
        .on("request_headers", |body| body.when("x-trap", "1", |body| body.trap()));
    let mut proxy = proxy(&probe);
    assert_eq!(send(&mut proxy, get(&[])).response.status, 200);
    assert_eq!(send(&mut proxy, get(&[("x-trap", "1")])).response.status, 500);
    for _ in 0..2 {
        assert_eq!(send(&mut proxy, get(&[])).response.status, 500);
    }
}

#[test]
fn a_tick_period_is_set_once() {
    let probe = Probe::new().on("configure", |body| body.tick_period(100)).on("tick", |body| {
        body.log("tick");
        body.tick_period(50);
    });
    let mut proxy = proxy(&probe);
    let logs = logs_of(&mut proxy, |proxy| proxy.advance(Duration::from_millis(250)));
    assert_eq!(logs.iter().filter(|line| *line == "tick").count(), 2, "{logs:?}");
    assert_eq!(kinds(&proxy.take_record().diagnostics), ["Trap", "Trap"]);
}

#[test]
fn a_module_that_asks_for_the_log_level_is_not_loaded() {
    let wat = r#"(module
        (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_abi_version_0_2_1")))"#;
    let wasm = wat::parse_str(wat).expect("valid");
    let plugins = vec![test_harness::PluginSpec::new("probe", wasm)];
    let failure =
        Proxy::start(ProxySpec { plugins: plugins.clone(), ..spec() }).map(drop).map_err(|error| error.failure);
    assert!(matches!(&failure, Err(StartFailure::Load(why)) if why.contains("proxy_get_log_level")), "{failure:?}");
    assert!(Proxy::start(ProxySpec { plugins, ..ProxySpec::default() }).is_ok(), "Envoy loads it");
}
