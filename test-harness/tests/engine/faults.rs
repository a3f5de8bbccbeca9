//! Faults on demand: each happens as often as it says, and then no more.

use std::time::Duration;

use test_harness::{Fault, Place, Status};

use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, proxy, send};

fn answer(call: &str, status: Status, skip: u32, times: u32) -> Fault {
    Fault::Answer { call: call.to_owned(), status, skip, times }
}

#[test]
fn a_host_call_answers_any_status_as_often_as_told_and_does_nothing() {
    let probe = Probe::new().on("request_headers", |body| {
        body.shared_set("key", "value", 0);
        body.shared_get("key");
    });
    let mut proxy = proxy(&probe);
    proxy.inject(answer("proxy_set_shared_data", Status::CasMismatch, 0, 2));
    proxy.inject(answer("proxy_get_shared_data", Status::InternalFailure, 2, 1));
    let logs = logs_of(&mut proxy, |proxy| {
        for _ in 0..4 {
            let exchange = send(proxy, get(&[]));
            assert_eq!(kinds(&exchange.diagnostics), Vec::<String>::new());
        }
    });
    let wanted = [
        ("shared_set key: 8", "shared key: 1"),
        ("shared_set key: 8", "shared key: 1"),
        ("shared_set key: 0", "shared key: 10"),
        ("shared_set key: 0", "shared key: 0 value"),
    ];
    let found: Vec<(&str, &str)> = logs.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_value_is_torn_once_and_a_key_evicted_for_good() {
    let probe = Probe::new().on("request_headers", |body| body.shared_get("key")).on("configure", |body| {
        body.shared_set("key", "old-old-", 0);
        body.shared_set("key", "new-new-", 0);
    });
    let mut proxy = proxy(&probe);
    let logs = logs_of(&mut proxy, |proxy| {
        send(proxy, get(&[]));
        proxy.inject(Fault::Torn { key: b"key".to_vec() });
        send(proxy, get(&[]));
        send(proxy, get(&[]));
        proxy.evict(b"key");
        send(proxy, get(&[]));
    });
    let read: Vec<&String> = logs.iter().filter(|log| log.starts_with("shared key")).collect();
    assert_eq!(read, ["shared key: 0 new-new-", "shared key: 0 new-old-", "shared key: 0 new-new-", "shared key: 1"]);
}

#[test]
fn ticks_are_lost_and_the_timer_goes_on() {
    let probe = Probe::new().on("configure", |body| body.tick_period(1000)).on("tick", |body| body.log("tick"));
    let mut proxy = proxy(&probe);
    let ticks = |proxy: &mut _, seconds| logs_of(proxy, |proxy| proxy.advance(Duration::from_secs(seconds))).len();
    assert_eq!(ticks(&mut proxy, 3), 3);
    // The main thread ticks as well, and first.
    proxy.inject(Fault::DroppedTicks { times: 4 });
    assert_eq!(ticks(&mut proxy, 3), 1);
    assert_eq!(ticks(&mut proxy, 3), 3);
}

#[test]
fn a_vm_dies_instead_of_running_a_callback() {
    let probe = Probe::new().on("response_headers", |body| body.log("response"));
    let mut proxy = proxy(&probe);
    proxy.inject(Fault::Kill { place: Place::Worker(0), before: "proxy_on_response_headers".to_owned() });
    let logs = logs_of(&mut proxy, |proxy| {
        let exchange = send(proxy, get(&[]));
        assert_eq!((exchange.response.status, exchange.upstream.is_some()), (503, true));
        assert_eq!(exchange.response.code_details, "wasm_fail_stream");
        assert_eq!(kinds(&exchange.diagnostics), Vec::<String>::new(), "it is no mistake of the plugin");
        assert_eq!(send(proxy, get(&[])).response.status, 503, "fail closed");
    });
    assert!(logs.is_empty(), "{logs:?}");
}
