//! What is wrong fails a scenario that does not ask for it, in words that name plugin, callback and
//! call.

use std::collections::BTreeMap;
use std::time::Duration;

use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Expect, Plugin, RequestStep, Scenario, Step, run};
use test_harness::{Cluster, Request, UpstreamResponse};

use crate::probe::{Body, Probe};
use crate::support::{get, post};

/// One thing a guest does wrong, and the sentences that come of it.
struct Case {
    name: &'static str,
    callback: &'static str,
    does: fn(&mut Body<'_>),
    want: &'static [&'static str],
}

/// What a scenario of one request finds wrong, the diagnostics alone.
fn found(probe: &Probe, request: Request) -> Vec<String> {
    found_with(probe, request, BTreeMap::new())
}

fn found_with_cluster(probe: &Probe) -> Vec<String> {
    found_with(probe, get(&[]), BTreeMap::from([("auth".to_owned(), Cluster::default())]))
}

fn found_with(probe: &Probe, request: Request, clusters: BTreeMap<String, Cluster>) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let module = folder.path().join("probe.wasm");
    std::fs::write(&module, probe.build()).expect("a writable folder");
    let mut scenario = Scenario::new("diagnostics", vec![Plugin::new("probe", module, "")]);
    scenario.clusters = clusters;
    // Whatever comes of the request is fine: all that may fail is what nobody asked for.
    let mut step = RequestStep::new(request, Expect::default());
    step.upstream = UpstreamResponse { body: vec![b"upstream".to_vec()], ..with_length(8) }.into();
    scenario.steps = vec![Step::Request(Box::new(step)), Step::Advance(Duration::from_secs(1))];
    let report = run(&scenario, &Wasmtime::default());
    let diagnostics = report.mismatches.into_iter().filter(|(_, mismatch)| mismatch.field == "diagnostics");
    diagnostics.map(|(_, mismatch)| mismatch.found).collect()
}

fn with_length(length: usize) -> UpstreamResponse {
    UpstreamResponse {
        headers: vec![(b"content-length".to_vec(), length.to_string().into_bytes())],
        ..UpstreamResponse::default()
    }
}

/// In the last body callback only.
fn at_the_end(body: &mut Body<'_>, does: impl FnOnce(&mut Body<'_>)) {
    body.raw("(if (local.get 2) (then");
    does(body);
    body.raw("))");
}

fn check(cases: &[Case]) {
    for Case { name, callback, does, want } in cases {
        let found = found(&Probe::new().on(callback, does), post(&["body"]));
        assert_eq!(found, *want, "{name}");
    }
}

#[test]
fn a_harmless_plugin_has_none() {
    let probe = Probe::new().on("request_headers", |body| {
        body.get(0, ":path");
        body.set(0, "x-a", b"1");
        body.count("hits");
        body.effective(1);
        body.property("plugin_name");
    });
    assert_eq!(found(&probe, get(&[])), Vec::<String>::new());
}

#[test]
fn what_ends_a_vm() {
    check(&[Case {
        name: "trap",
        callback: "request_headers",
        does: |body| body.trap(),
        want: &["probe in worker 0, proxy_on_request_headers: trapped (wasm trap: wasm `unreachable` instruction \
                     executed); the VM is dead: guest code must not panic"],
    }]);
}

#[test]
fn calls_at_the_wrong_time() {
    check(&[
        Case {
            name: "phase of a map",
            callback: "response_headers",
            does: |body| body.get(0, ":path"),
            want: &["probe in worker 0, proxy_on_response_headers, proxy_get_header_map_value: there is no request \
                     headers in this callback: copy what is needed while it is there"],
        },
        Case {
            name: "phase of a buffer",
            callback: "request_headers",
            does: |body| body.buffer(1, 0, 9),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_get_buffer_bytes: there is no response body \
                     in this callback: copy what is needed while it is there"],
        },
        Case {
            name: "reply after the end",
            callback: "log",
            does: |body| body.reply(500, "", &[]),
            want: &["probe in worker 0, proxy_on_log, proxy_send_local_response: a local reply after the end of the \
                     stream crashes Envoy: reply in a request or response callback"],
        },
        Case {
            name: "second reply",
            callback: "request_headers",
            does: |body| {
                body.reply(401, "", &[]);
                body.reply(403, "", &[]);
            },
            want: &["probe in worker 0, proxy_on_request_headers: the stream has a local reply already, and the \
                     first one stands: reply once"],
        },
        Case {
            name: "resumed, not paused",
            callback: "request_headers",
            does: |body| body.resume(0),
            want: &["probe in worker 0, proxy_on_request_headers: resumed a stream that is not paused; Envoy sends \
                     the request upstream twice: resume once, after Pause"],
        },
        Case {
            name: "never resumed",
            callback: "request_headers",
            does: |body| body.returns(1),
            want: &["probe in worker 0, proxy_on_request_headers: paused the stream, and nothing is left that could \
                     resume it: no call-out, no timer, no queue"],
        },
    ]);
}

#[test]
fn calls_on_nobodys_behalf() {
    check(&[
        Case {
            name: "a context that is gone",
            callback: "log",
            does: |body| body.effective(77),
            want: &["probe in worker 0, proxy_on_log, proxy_set_effective_context: context 77 is gone: forget a \
                     stream when its proxy_on_delete is called"],
        },
        Case {
            name: "calls after that",
            callback: "request_headers",
            does: |body| {
                body.effective(77);
                body.get(0, ":path");
                body.log("harmless");
                body.property("plugin_name");
                body.effective(2);
                body.get(0, ":method");
            },
            want: &[
                "probe in worker 0, proxy_on_request_headers, proxy_set_effective_context: context 77 is gone: forget \
                 a stream when its proxy_on_delete is called",
                "probe in worker 0, proxy_on_request_headers: context 77 was refused, so proxy_get_header_map_value, \
                 proxy_get_property acted on another one: make no call after that",
            ],
        },
    ]);
}

#[test]
fn messages_that_no_codec_can_send() {
    check(&[
        Case {
            name: "line break",
            callback: "response_headers",
            does: |body| body.set(2, "x-a", b"a\nb"),
            want: &[
                "probe in worker 0, proxy_on_response_headers, proxy_replace_header_map_value: the header \"x-a\" \
                     has bytes no header may have; a line break splits a response: check what is written",
            ],
        },
        Case {
            name: "request too long",
            callback: "request_body",
            does: |body| at_the_end(body, |body| body.set_buffer(0, 0, 0, "and a ")),
            want: &[
                "probe in worker 0, proxy_on_request_body, proxy_set_buffer_bytes: the request says content-length \
                     4 and has 10 bytes; the rest becomes the next request on the connection: remove or set \
                     content-length with the headers",
            ],
        },
        Case {
            name: "request too short",
            callback: "request_body",
            does: |body| body.set_buffer(0, 0, 3, ""),
            want: &[
                "probe in worker 0, proxy_on_request_body, proxy_set_buffer_bytes: the request says content-length \
                     4 and has 1 bytes; whoever reads it waits for the rest: remove or set content-length with the \
                     headers",
            ],
        },
        Case {
            name: "response too long",
            callback: "response_body",
            does: |body| at_the_end(body, |body| body.set_buffer(1, 0, 0, "the ")),
            want: &["probe in worker 0, proxy_on_response_body, proxy_set_buffer_bytes: the response says \
                     content-length 8 and has 12 bytes; the rest becomes the next response on the connection: remove \
                     or set content-length with the headers"],
        },
        Case {
            name: "response too short",
            callback: "response_body",
            does: |body| body.set_buffer(1, 0, 6, ""),
            want: &["probe in worker 0, proxy_on_response_body, proxy_set_buffer_bytes: the response says \
                     content-length 8 and has 2 bytes; whoever reads it waits for the rest: remove or set \
                     content-length with the headers"],
        },
        Case {
            name: "a body that is none",
            callback: "request_headers",
            does: |body| body.reply(204, "body", &[]),
            want: &["worker 0: a body with status 204, which has none; the client takes it for the next response: \
                     send none"],
        },
    ]);
}

#[test]
fn arguments_that_mean_nothing() {
    check(&[
        Case {
            name: "pointer",
            callback: "request_headers",
            does: |body| body.raw("(drop (call $now (i32.const -4)))"),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_get_current_time_nanoseconds: a pointer or \
                     length outside of the guest's memory, or an allocation that failed: check both"],
        },
        Case {
            name: "map",
            callback: "request_headers",
            does: |body| body.get(9, ":path"),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_get_header_map_value: 9 is no header map of \
                     the ABI: use the numbers of the specification"],
        },
        Case {
            name: "buffer",
            callback: "request_headers",
            does: |body| body.buffer(9, 0, 1),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_get_buffer_bytes: 9 is no buffer of the ABI: \
                     use the numbers of the specification"],
        },
        Case {
            name: "log level",
            callback: "request_headers",
            does: |body| body.raw("(drop (call $log (i32.const 6) (i32.const 0) (i32.const 0)))"),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_log: 6 is no log level of the ABI: use the \
                     numbers of the specification"],
        },
        Case {
            name: "stream type to resume",
            callback: "request_headers",
            does: |body| body.resume(4),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_continue_stream: 4 is no stream type of the \
                     ABI: use the numbers of the specification"],
        },
        Case {
            name: "stream type to close",
            callback: "request_headers",
            does: |body| body.raw("(drop (call $close (i32.const 4)))"),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_close_stream: 4 is no stream type of the \
                     ABI: use the numbers of the specification"],
        },
    ]);
}

#[test]
fn metrics_used_as_their_kind_cannot_be() {
    check(&[
        Case {
            name: "unknown kind",
            callback: "request_headers",
            does: |body| body.metric(3, "m"),
            want: &[
                "probe in worker 0, proxy_on_request_headers, proxy_define_metric: 3 is no kind of metric: 0 is a \
                     counter, 1 a gauge, 2 a histogram",
            ],
        },
        Case {
            name: "two kinds",
            callback: "request_headers",
            does: |body| {
                body.metric(0, "m");
                body.metric(1, "m");
            },
            want: &["probe in worker 0, proxy_on_request_headers, proxy_define_metric: the metric m is defined as \
                     another kind already: give each its own name"],
        },
        Case {
            name: "counter by nothing",
            callback: "request_headers",
            does: |body| {
                body.metric(0, "m");
                body.increment(0);
            },
            want: &["probe in worker 0, proxy_on_request_headers, proxy_increment_metric: the counter m cannot grow \
                     by 0: increment by 1 or more"],
        },
        Case {
            name: "gauge below zero",
            callback: "request_headers",
            does: |body| {
                body.metric(1, "m");
                body.increment(2);
                body.increment(-3);
            },
            want: &["probe in worker 0, proxy_on_request_headers, proxy_increment_metric: the gauge m would be -1, \
                     which wraps to a huge number: keep it at 0 or above"],
        },
        Case {
            name: "gauge set below zero",
            callback: "request_headers",
            does: |body| {
                body.metric(1, "m");
                body.raw("(drop (call $record (i32.load (i32.const 8)) (i64.const -2)))");
            },
            want: &[
                "probe in worker 0, proxy_on_request_headers, proxy_record_metric: the gauge m would be -2, which \
                     wraps to a huge number: keep it at 0 or above",
            ],
        },
        Case {
            name: "histogram",
            callback: "request_headers",
            does: |body| {
                body.metric(2, "m");
                body.raw("(drop (call $get_metric (i32.load (i32.const 8)) (i32.const 16)))");
            },
            want: &["probe in worker 0, proxy_on_request_headers, proxy_get_metric: the histogram m can neither be \
                     read nor incremented: record to it"],
        },
        Case {
            name: "unknown id",
            callback: "request_headers",
            does: |body| body.raw("(drop (call $record (i32.const 4000) (i64.const 1)))"),
            want: &["probe in worker 0, proxy_on_request_headers, proxy_record_metric: no metric has the id 4000: \
                     define it first"],
        },
    ]);
}

#[test]
fn call_outs_that_nobody_waits_for() {
    let dispatching = |callback: &str, does: fn(&mut Body<'_>)| {
        let probe = Probe::new().on(callback, does);
        found_with_cluster(&probe)
    };
    let sentence = |callback: &str| {
        format!(
            "probe in worker 0, {callback}: proxy_http_call from a stream that then went on; Kong's engine crashes on \
             the answer: return Pause, or call from the root context"
        )
    };
    assert_eq!(
        dispatching("request_headers", |body| body.http_call("auth", "/", 100)),
        [sentence("proxy_on_request_headers")]
    );
    assert_eq!(
        dispatching("response_body", |body| at_the_end(body, |body| body.http_call("auth", "/", 100))),
        [sentence("proxy_on_response_body")]
    );
    let none: [String; 0] = [];
    let from_the_root: fn(&mut Body<'_>) = |body| {
        body.effective(1);
        body.http_call("auth", "/", 100);
    };
    assert_eq!(dispatching("request_headers", from_the_root), none, "the root's calls are free");
    let replying: fn(&mut Body<'_>) = |body| {
        body.http_call("auth", "/", 100);
        body.reply(403, "", &[]);
    };
    assert_eq!(dispatching("request_headers", replying), none, "the stream does not go on");
    let refused: fn(&mut Body<'_>) = |body| body.http_call("nobody", "/", 100);
    assert_eq!(
        dispatching("request_headers", refused),
        [
            "probe in worker 0, proxy_on_request_headers, proxy_http_call: unknown cluster \"nobody\": name one the proxy \
          has, and expect the call to fail"
        ],
        "nothing was sent"
    );
}
