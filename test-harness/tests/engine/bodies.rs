//! Bodies and trailers: chunks, pauses, edits, limits.

use test_harness::{Limits, ProxySpec, Request, UpstreamResponse};

use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, plugins, post, proxy, proxy_of, send, send_to, start};

/// Reads the body and pauses until it is complete.
fn collecting(direction: u32) -> impl FnOnce(&mut crate::probe::Body<'_>) {
    move |body| {
        body.parameter(1);
        body.buffer(direction, 0, 99);
        body.raw("(if (i32.eqz (local.get 2)) (then (return (i32.const 1))))");
    }
}

#[test]
fn a_body_arrives_in_chunks_and_ends_with_an_empty_one() {
    let probe = Probe::new().on("request_body", |body| {
        body.parameter(1);
        body.parameter(2);
        body.buffer(0, 0, 99);
    });
    let mut proxy = proxy(&probe);
    let mut upstream = None;
    let logs = logs_of(&mut proxy, |proxy| upstream = send(proxy, post(&["ab", "c"])).upstream);
    let want = [
        "parameter 1: 2",
        "parameter 2: 0",
        "buffer 0: 0 ab",
        "parameter 1: 1",
        "parameter 2: 0",
        "buffer 0: 0 c",
        "parameter 1: 0",
        "parameter 2: 1",
        "buffer 0: 0 ",
    ];
    assert_eq!(logs, want);
    let upstream = upstream.expect("reached");
    assert_eq!(upstream.body, b"abc");
    assert_eq!(upstream.header("content-length"), Some(&b"3"[..]));
}

#[test]
fn a_pausing_filter_sees_everything_so_far_and_may_rewrite_it() {
    let collect =
        Probe::new().on("request_headers", |body| body.remove(0, "content-length")).on("request_body", |body| {
            collecting(0)(body);
            body.set_buffer(0, 0, 99, "whole");
            body.set_buffer(0, 99, 0, "!");
            body.set_buffer(0, 0, 0, "the ");
            body.set_buffer(0, 1, 1, "x");
        });
    let watch = Probe::new().on("request_body", |body| {
        body.parameter(2);
        body.buffer(0, 0, 99);
    });
    let mut proxy = proxy_of(&[("collect", &collect), ("watch", &watch)]);
    let mut upstream = None;
    let logs = logs_of(&mut proxy, |proxy| upstream = send(proxy, post(&["ab", "c"])).upstream);
    let want = [
        "remove content-length: 0",
        "parameter 1: 2",
        "buffer 0: 0 ab",
        "parameter 1: 3",
        "buffer 0: 0 abc",
        "parameter 1: 3",
        "buffer 0: 0 abc",
        "set_buffer: 0",
        "set_buffer: 0",
        "set_buffer: 0",
        "set_buffer: 2",
        "parameter 2: 1",
        "buffer 0: 0 the whole!",
    ];
    assert_eq!(logs, want);
    assert_eq!(upstream.expect("reached").body, b"the whole!");
}

#[test]
fn a_response_body_may_be_collected_and_replaced() {
    let probe =
        Probe::new().on("response_headers", |body| body.remove(2, "content-length")).on("response_body", |body| {
            collecting(1)(body);
            body.set_buffer(1, 0, 99, "new");
        });
    let answer = UpstreamResponse { body: vec![b"a".to_vec(), b"b".to_vec()], ..UpstreamResponse::default() };
    let exchange = send_to(&mut proxy(&probe), get(&[]), answer);
    assert_eq!(exchange.response.body, b"new");
    assert_eq!(kinds(&exchange.diagnostics), Vec::<String>::new());
}

#[test]
fn a_forgotten_content_length_is_reported() {
    let probe = Probe::new().on("request_body", |body| body.set_buffer(0, 0, 0, "longer"));
    let exchange = send(&mut proxy(&probe), post(&["body"]));
    assert_eq!(kinds(&exchange.diagnostics), ["ContentLength"]);
}

#[test]
fn a_body_beyond_the_limit_is_refused_while_it_is_held_back() {
    let limits = Limits { buffer_bytes: 4, ..Limits::default() };
    let of = |probe: &Probe| start(ProxySpec { plugins: plugins(&[("probe", probe)]), limits, ..ProxySpec::default() });
    let request = Probe::new().on("request_body", collecting(0));
    assert_eq!(send(&mut of(&request), post(&["abc", "d"])).response.status, 200, "4 bytes fit");
    let refused = send(&mut of(&request), post(&["abc", "de"]));
    assert_eq!((refused.response.status, refused.upstream), (413, None));
    let response = Probe::new().on("response_body", collecting(1));
    let answer = UpstreamResponse { body: vec![b"abc".to_vec(), b"de".to_vec()], ..UpstreamResponse::default() };
    let broken = send_to(&mut of(&response), get(&[]), answer);
    assert!(!broken.response.complete, "the headers were sent: all that is left is a reset");
}

#[test]
fn waiting_for_the_body_in_request_headers_never_ends() {
    let probe = Probe::new().on("request_headers", |body| body.returns(1)).on("request_body", |body| body.log("body"));
    let mut proxy = proxy(&probe);
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, post(&["a"]))));
    assert_eq!(logs, Vec::<String>::new());
    assert_eq!(kinds(&exchange.expect("sent").diagnostics), ["Stuck"]);
}

#[test]
fn trailers_follow_the_body_and_can_be_edited() {
    let probe = Probe::new().on("request_body", |body| body.parameter(2)).on("request_trailers", |body| {
        body.parameter(1);
        body.get(1, "x-sum");
        body.set(1, "x-sum", b"2");
    });
    let request = Request { trailers: vec![(b"X-Sum".to_vec(), b"1".to_vec())], ..post(&["a"]) };
    let mut proxy = proxy(&probe);
    let mut upstream = None;
    let logs = logs_of(&mut proxy, |proxy| upstream = send(proxy, request).upstream);
    assert_eq!(logs, ["parameter 2: 0", "parameter 1: 1", "get x-sum: 0 1", "set x-sum: 0"]);
    assert_eq!(upstream.expect("reached").trailers, [(b"x-sum".to_vec(), b"2".to_vec())]);
}
