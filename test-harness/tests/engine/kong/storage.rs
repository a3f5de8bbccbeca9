//! Shared data and metrics.

use super::proxy;
use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, send};

#[test]
fn cas_zero_creates_only() {
    let probe = Probe::new().on("request_headers", |body| {
        body.shared_set("k", "1", 0);
        body.shared_set("k", "2", 0);
        body.shared_set("k", "2", 7);
        body.shared_set("k", "2", 1);
        body.shared_get("k");
        body.shared_set("absent", "1", 5);
        body.shared_set("plumless", "1", 0);
        body.shared_get("buckeroo");
        body.shared_set("no-such-zone/k", "1", 0);
        body.shared_get("no-such-zone/k");
    });
    let logs = logs_of(&mut proxy(&probe), |proxy| drop(send(proxy, get(&[]))));
    let want = [
        "shared_set k: 0",
        "shared_set k: 8",
        "shared_set k: 8",
        "shared_set k: 0",
        "shared k: 0 2",
        "shared_set absent: 8",
        "shared_set plumless: 0",
        "shared buckeroo: 0 1",
        "shared_set no-such-zone/k: 0",
        "shared no-such-zone/k: 0 1",
    ];
    assert_eq!(logs, want);
}

#[test]
fn reading_a_histogram_or_an_unknown_metric_traps() {
    let read = "(drop (call $get_metric (i32.load (i32.const 8)) (i32.const 16)))";
    for (kind, want) in [(0, 200), (1, 200), (2, 500)] {
        let probe = Probe::new().on("request_headers", |body| {
            body.metric(kind, "m");
            body.raw(read);
        });
        assert_eq!(send(&mut proxy(&probe), get(&[])).response.status, want, "kind {kind}");
    }
    for id in [4096, 4099] {
        let probe = Probe::new().on("request_headers", |body| {
            body.raw(&format!("(drop (call $get_metric (i32.const {id}) (i32.const 16)))"));
        });
        let exchange = send(&mut proxy(&probe), get(&[]));
        assert!(kinds(&exchange.diagnostics).contains(&"Trap".to_owned()), "{id}: {:?}", exchange.diagnostics);
    }
}
