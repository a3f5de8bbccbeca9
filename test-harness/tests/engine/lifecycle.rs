//! VMs, contexts, and what survives them.

use test_harness::{MetricValue, Place, PluginSpec, Proxy, ProxySpec, StartFailure};

use crate::probe::Probe;
use crate::support::{get, logs_of, named_logs_of, plugin, plugins, post, proxy, send, start};

#[test]
fn every_plugin_is_tried_in_a_canary_then_started_on_every_thread() {
    let proxy =
        start(ProxySpec { plugins: plugins(&[("probe", &Probe::logging_all())]), workers: 2, ..ProxySpec::default() });
    let logs: Vec<(Place, String)> = proxy
        .logs()
        .into_iter()
        .map(|line| (line.place, String::from_utf8_lossy(&line.message).into_owned()))
        .collect();
    let places = [Place::Canary, Place::Main, Place::Worker(0), Place::Worker(1)];
    let want: Vec<(Place, String)> = places
        .iter()
        .flat_map(|place| ["context_create", "vm_start", "configure"].map(|callback| (*place, callback.to_owned())))
        .collect();
    assert_eq!(logs, want);
}

#[test]
fn a_stream_walks_through_its_callbacks_in_order() {
    let mut proxy = proxy(&Probe::logging_all());
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    assert_eq!(logs, ["context_create", "request_headers", "response_headers", "log", "done", "delete"]);
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, post(&["a", "b"]))));
    let bodies = ["request_body"; 3];
    let end = ["response_headers", "log", "done", "delete"];
    assert_eq!(logs, [&["context_create", "request_headers"][..], &bodies, &end].concat(), "the last frame is empty");
}

#[test]
fn requests_walk_forward_and_responses_backward() {
    let probe = Probe::logging_all();
    let mut proxy =
        start(ProxySpec { plugins: plugins(&[("a", &probe), ("b", &probe), ("c", &probe)]), ..ProxySpec::default() });
    let logs = named_logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    let want = [
        "a context_create",
        "a request_headers",
        "b context_create",
        "b request_headers",
        "c context_create",
        "c request_headers",
        "c response_headers",
        "b response_headers",
        "a response_headers",
        "a log",
        "b log",
        "c log",
        "a done",
        "a delete",
        "b done",
        "b delete",
        "c done",
        "c delete",
    ];
    assert_eq!(logs, want);
}

#[test]
fn the_configuration_is_readable_while_configuring_only() {
    let probe = Probe::new()
        .on("vm_start", |body| {
            body.buffer(6, 0, 99);
            body.buffer(7, 0, 99);
        })
        .on("configure", |body| {
            body.buffer(7, 0, 99);
            body.buffer(7, 2, 2);
            body.parameter(1);
        })
        .on("request_headers", |body| body.buffer(7, 0, 99));
    let spec = PluginSpec {
        configuration: b"plugin".to_vec(),
        vm_configuration: b"vm".to_vec(),
        ..plugin("probe", probe.build())
    };
    let mut proxy = start(ProxySpec { plugins: vec![spec], ..ProxySpec::default() });
    let started = crate::support::worker_logs(&proxy);
    assert_eq!(started, ["buffer 6: 0 vm", "buffer 7: 1", "buffer 7: 0 plugin", "buffer 7: 0 ug", "parameter 1: 6"]);
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    assert_eq!(logs, ["buffer 7: 1"]);
}

#[test]
fn a_refused_configuration_names_the_plugin_and_brings_the_logs() {
    let probe = Probe::new().on("configure", |body| {
        body.log("the limit is negative");
        body.returns(0);
    });
    let refused = Proxy::start(ProxySpec { plugins: plugins(&[("limiter", &probe)]), ..ProxySpec::default() });
    let error = refused.err().expect("refused");
    assert_eq!((error.plugin.as_str(), error.failure), ("limiter", StartFailure::ConfigurationRefused));
    assert_eq!(error.logs[0].message, b"the limit is negative");
    assert_eq!(error.logs.len(), 1, "the canary refused: no other VM was started");
}

#[test]
fn what_a_canary_writes_stays() {
    let probe = Probe::new().on("configure", |body| {
        body.count("configured");
        body.shared_get("key");
        body.shared_set("key", "value", 0);
    });
    let proxy = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), workers: 3, ..ProxySpec::default() });
    assert_eq!(proxy.metrics()["configured"], MetricValue::Counter(5), "workers + 2");
    let found: Vec<bool> = proxy
        .logs()
        .iter()
        .filter(|l| l.message.starts_with(b"shared key"))
        .map(|l| l.message == b"shared key: 0 value")
        .collect();
    assert_eq!(found, [false, true, true, true, true]);
    assert_eq!(proxy.shared_data("probe")[&b"key"[..]].value, b"value");
    assert!(proxy.shared_data("other").is_empty());
}

#[test]
fn plugins_with_equal_vm_keys_share_a_vm() {
    let probe = Probe::new().on("request_headers", |body| {
        body.raw("(i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1)))");
        let label = body.string(b"counted: ");
        body.raw(&format!("(call $status {label} (i32.load (i32.const 32)))"));
        body.property("plugin_name");
    });
    let wasm = probe.build();
    let of = |name: &str, vm_id: &str| PluginSpec {
        vm_id: vm_id.to_owned(),
        configuration: name.as_bytes().to_vec(),
        ..plugin(name, wasm.clone())
    };
    let spec = ProxySpec { plugins: vec![of("a", "one"), of("b", "one"), of("c", "two")], ..ProxySpec::default() };
    let mut proxy = start(spec);
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    let want = [
        "counted: 1",
        "property plugin_name: 0 a",
        "counted: 2",
        "property plugin_name: 0 b",
        "counted: 1",
        "property plugin_name: 0 c",
    ];
    assert_eq!(logs, want);
}

#[test]
fn the_same_seed_and_requests_give_the_same_everything() {
    let run = || {
        let mut proxy = proxy(&Probe::new().on("request_headers", |body| body.get(0, "x-request-id")));
        let exchange = send(&mut proxy, get(&[]));
        (exchange.trace, exchange.fuel, exchange.host_calls, crate::support::worker_logs(&proxy))
    };
    assert_eq!(run(), run());
}
