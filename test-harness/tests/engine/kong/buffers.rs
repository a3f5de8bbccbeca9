//! Buffers: where reading begins, and what cannot be read.

use test_harness::{PluginSpec, ProxySpec};

use super::{proxy, spec};
use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, plugin, post, send, start};

#[test]
fn reading_begins_at_the_beginning() {
    let probe = Probe::new().on("request_body", |body| {
        body.buffer(0, 2, 3);
        body.buffer(0, 99, 99);
        body.buffer(0, 0, 0);
    });
    let logs = logs_of(&mut proxy(&probe), |proxy| drop(send(proxy, post(&["abcdef"]))));
    assert_eq!(logs[..2], ["buffer 0: 0 abc", "buffer 0: 0 abcdef"]);
    assert_eq!(logs[2], "buffer 0: 1", "nothing asked for is nothing found");
}

#[test]
fn a_request_body_in_a_file_is_not_found_until_it_is_replaced() {
    let probe = Probe::new().on("request_body", |body| {
        body.parameter(1);
        body.buffer(0, 0, 2);
        body.set_buffer(0, 0, u32::MAX, "new");
        body.buffer(0, 0, 99);
    });
    for (size, want) in [(16 * 1024, "buffer 0: 0 aa"), (16 * 1024 + 1, "buffer 0: 1")] {
        let body = "a".repeat(size);
        let mut upstream = None;
        let logs = logs_of(&mut proxy(&probe), |proxy| upstream = send(proxy, post(&[body.as_str()])).upstream);
        assert_eq!(logs[0], format!("parameter 1: {size}"));
        assert_eq!(logs[1..], [want, "set_buffer: 0", "buffer 0: 0 new"], "{size}");
        assert_eq!(upstream.expect("reached").body, b"new", "{size}");
    }
}

#[test]
fn the_configuration_is_readable_in_every_callback() {
    let callbacks = ["configure", "context_create", "request_headers", "response_body", "log", "delete"];
    let reads = |probe: Probe, callback| probe.on(callback, |body| body.buffer(7, 0, 99));
    let probe = callbacks.into_iter().fold(Probe::new(), reads);
    let configured = PluginSpec { configuration: b"mine".to_vec(), ..plugin("probe", probe.build()) };
    let mut proxy = start(ProxySpec { plugins: vec![configured], ..spec() });
    let mut diagnostics = Vec::new();
    let logs = logs_of(&mut proxy, |proxy| diagnostics = send(proxy, get(&[])).diagnostics);
    assert_eq!(logs, ["buffer 7: 0 mine"; 5]);
    assert_eq!(kinds(&diagnostics), Vec::<String>::new());
}
