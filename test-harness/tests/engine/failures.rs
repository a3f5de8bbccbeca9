//! Guests that trap, loop, or pass nonsense.

use std::time::Duration;

use test_harness::{Diagnostic, FailurePolicy, Limits, PluginSpec, Problem, Proxy, ProxySpec, StartFailure};

use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, plugin, plugins, proxy, proxy_of, send, start};

/// Traps on `x-do: trap`, else says that it is there.
fn trapping() -> Probe {
    Probe::new().on("vm_start", |body| body.log("vm_start")).on("configure", |body| body.log("configure")).on(
        "request_headers",
        |body| {
            body.when("x-do", "trap", |body| body.trap());
            body.set(0, "x-probe", b"here");
        },
    )
}

fn with_policy(failure_policy: FailurePolicy) -> Proxy {
    let spec = PluginSpec { failure_policy, ..plugin("probe", trapping().build()) };
    start(ProxySpec { plugins: vec![spec], workers: 2, ..ProxySpec::default() })
}

#[test]
fn fail_closed_is_dead_for_its_worker_only() {
    let mut proxy = with_policy(FailurePolicy::FailClosed);
    let crashed = send(&mut proxy, get(&[("x-do", "trap")]));
    assert_eq!((crashed.response.status, crashed.response.code_details.as_str()), (503, "wasm_fail_stream"));
    assert!(
        matches!(&crashed.diagnostics[..], [Diagnostic { problem: Problem::Trap { message }, .. }] if message.contains("unreachable"))
    );
    proxy.advance(Duration::from_secs(3600));
    assert_eq!(send(&mut proxy, get(&[])).response.status, 503);
    let other =
        proxy.exchange(1, get(&[]), &mut |_: &test_harness::UpstreamRequest| test_harness::UpstreamResponse::default());
    assert_eq!(other.response.status, 200);
}

#[test]
fn fail_open_passes_by_a_dead_vm() {
    let mut proxy = with_policy(FailurePolicy::FailOpen);
    assert_eq!(send(&mut proxy, get(&[("x-do", "trap")])).response.status, 503);
    let later = send(&mut proxy, get(&[]));
    assert_eq!(later.response.status, 200);
    assert_eq!(later.upstream.expect("reached").header("x-probe"), None);
}

#[test]
fn fail_reload_rebuilds_after_the_backoff() {
    let mut proxy = with_policy(FailurePolicy::FailReload);
    assert_eq!(send(&mut proxy, get(&[("x-do", "trap")])).response.status, 503);
    assert_eq!(send(&mut proxy, get(&[])).response.status, 503, "still backing off");
    proxy.advance(Duration::from_secs(2));
    let logs = logs_of(&mut proxy, |proxy| {
        assert_eq!(send(proxy, get(&[])).response.status, 200);
    });
    assert_eq!(logs, ["vm_start", "configure", "set x-probe: 0"]);
}

#[test]
fn the_filters_before_a_crash_see_its_503() {
    let watcher = Probe::logging_all();
    let crasher = Probe::logging_all().on("request_headers", |body| body.trap());
    let mut proxy = proxy_of(&[("a", &watcher), ("b", &crasher), ("c", &watcher)]);
    let logs = crate::support::named_logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    let logs: Vec<&String> = logs.iter().filter(|line| !line.starts_with("b ")).collect();
    let want = [
        "a context_create",
        "a request_headers",
        "a response_headers",
        "a log",
        "c context_create",
        "c log",
        "a done",
        "a delete",
        "c done",
        "c delete",
    ];
    assert_eq!(logs, want);
}

#[test]
fn a_trap_in_response_headers_replaces_the_response() {
    let probe = Probe::new().on("response_headers", |body| body.trap());
    let exchange = send(&mut proxy(&probe), get(&[]));
    assert_eq!(exchange.response.status, 503);
    assert!(exchange.upstream.is_some());
}

#[test]
fn an_endless_loop_is_named() {
    let probe = Probe::new().on("request_headers", |body| body.raw("(loop $forever (br $forever))"));
    let limits = Limits { fuel_per_callback: 1_000_000, ..Limits::default() };
    let mut proxy = start(ProxySpec { plugins: plugins(&[("loop", &probe)]), limits, ..ProxySpec::default() });
    let exchange = send(&mut proxy, get(&[]));
    assert_eq!(exchange.response.status, 503);
    assert_eq!(kinds(&exchange.diagnostics), ["FuelExhausted"]);
    assert_eq!(
        exchange.diagnostics[0].to_string(),
        "loop in worker 0, proxy_on_request_headers: used up its fuel (1000000); an endless loop blocks a worker for \
         ever: bound the loop"
    );
}

#[test]
fn memory_has_a_limit() {
    let probe = Probe::new().on("request_headers", |body| {
        let label = body.string(b"grow: ");
        body.raw(&format!("(call $status {label} (i32.eq (memory.grow (i32.const 10000)) (i32.const -1)))"));
    });
    let mut proxy = proxy(&probe);
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    assert_eq!(logs, ["grow: 1"], "the guest's request for 625 MiB is refused");
}

#[test]
fn pointers_outside_of_memory_are_refused() {
    let far = "(i32.const 0x7fffffff)";
    let calls = [
        format!("(call $log (i32.const 2) {far} (i32.const 1))"),
        format!("(call $log (i32.const 2) (i32.const 0) {far})"),
        "(call $log (i32.const 2) (i32.const -1) (i32.const -1))".to_owned(),
        format!("(call $get_header (i32.const 0) {far} (i32.const 1) (i32.const 0) (i32.const 4))"),
        format!("(call $get_header (i32.const 0) (i32.const 4096) (i32.const 5) {far} (i32.const 4))"),
        format!("(call $get_header (i32.const 0) (i32.const 4096) (i32.const 5) (i32.const 0) {far})"),
        format!("(call $get_property {far} (i32.const 1) (i32.const 0) (i32.const 4))"),
        format!("(call $set_pairs (i32.const 0) {far} (i32.const 4))"),
        format!(
            "(call $reply (i32.const 200) {far} (i32.const 1) {far} (i32.const 1) {far} (i32.const 1) (i32.const 0))"
        ),
        format!("(call $now {far})"),
        format!("(call $set_shared {far} (i32.const 1) {far} (i32.const 1) (i32.const 0))"),
        format!("(call $define_metric (i32.const 0) {far} (i32.const 1) (i32.const 8))"),
        "(call $get_pairs (i32.const 0) (i32.const 4194301) (i32.const 4))".to_owned(),
    ];
    let probe = Probe::new().on("request_headers", |body| {
        assert_eq!(body.string(b":path"), "(i32.const 4096) (i32.const 5)");
        for call in &calls {
            let label = body.string(b"");
            body.raw(&format!("(call $status {label} {call})"));
        }
        let label = body.string(b"fd_write ");
        body.raw(&format!("(call $status {label} (call $fd_write (i32.const 1) {far} (i32.const 9) (i32.const 8)))"));
    });
    let mut proxy = proxy(&probe);
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    assert_eq!(logs[..calls.len()], vec!["6"; calls.len()]);
    assert_eq!(logs[calls.len()..], ["fd_write 21"]);
    let exchange = exchange.expect("sent");
    assert_eq!(exchange.response.status, 200);
    assert_eq!(kinds(&exchange.diagnostics), vec!["BadPointer"; calls.len() + 1]);
}

#[test]
fn a_trap_while_configuring_is_a_failed_start() {
    let probe = Probe::new().on("configure", |body| body.trap());
    let error = Proxy::start(ProxySpec { plugins: plugins(&[("probe", &probe)]), ..ProxySpec::default() });
    assert!(matches!(error.err().expect("refused").failure, StartFailure::Trap { callback: "proxy_on_configure", .. }));
}
