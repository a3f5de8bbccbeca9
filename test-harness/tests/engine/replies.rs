//! Local replies, alone and in a chain.

use test_harness::{ProxySpec, Request, Route, RouteAction, UpstreamFailure, UpstreamResponse};

use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, named_logs_of, plugins, post, proxy, proxy_of, send, send_to, start};

#[test]
fn the_replier_and_the_filters_before_it_see_the_reply() {
    let watcher = Probe::logging_all();
    let replier = Probe::logging_all().on("request_headers", |body| {
        body.log("request_headers");
        body.reply(401, "no", &[("x-why", "because")]);
    });
    let mut proxy = proxy_of(&[("a", &watcher), ("b", &replier), ("c", &watcher)]);
    let mut exchange = None;
    let logs = named_logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    let want = [
        "a context_create",
        "a request_headers",
        "b context_create",
        "b request_headers",
        "b reply: 0",
        "b response_headers",
        "a response_headers",
        "b response_body",
        "a response_body",
        "a log",
        "b log",
        "c context_create",
        "c log",
        "a done",
        "a delete",
        "b done",
        "b delete",
        "c done",
        "c delete",
    ];
    assert_eq!(logs, want);
    let exchange = exchange.expect("sent");
    assert_eq!(exchange.upstream, None);
    assert_eq!(exchange.response.status, 401);
    assert_eq!(exchange.response.body, b"no");
    assert_eq!(exchange.response.header("x-why"), Some(&b"because"[..]));
    assert_eq!(exchange.response.header("content-type"), Some(&b"text/plain"[..]));
    assert_eq!(exchange.response.header("content-length"), Some(&b"2"[..]));
    assert_eq!(exchange.response.code_details, "probe_reply");
}

#[test]
fn a_reply_in_response_headers_skips_the_outer_filters() {
    let watcher = Probe::logging_all();
    let replier = Probe::logging_all().on("response_headers", |body| body.reply(502, "replaced", &[]));
    let mut proxy = proxy_of(&[("a", &watcher), ("b", &replier), ("c", &watcher)]);
    let mut exchange = None;
    let logs = named_logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    let responses: Vec<&String> = logs.iter().filter(|line| line.contains("response")).collect();
    assert_eq!(responses, ["c response_headers"]);
    let response = exchange.expect("sent").response;
    assert_eq!((response.status, response.body.as_slice()), (502, &b"replaced"[..]));
}

#[test]
fn the_first_reply_stands() {
    let probe = Probe::new().on("request_headers", |body| {
        body.reply(401, "first", &[]);
        body.reply(403, "second", &[]);
    });
    let exchange = send(&mut proxy(&probe), get(&[]));
    assert_eq!((exchange.response.status, exchange.response.body.as_slice()), (401, &b"first"[..]));
    assert_eq!(kinds(&exchange.diagnostics), ["SecondReply"]);
}

#[test]
fn a_reply_in_a_body_callback_drops_the_rest() {
    let probe = Probe::logging_all().on("request_body", |body| body.reply(400, "", &[]));
    let mut proxy = proxy(&probe);
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, post(&["a", "b", "c"]))));
    assert_eq!(logs.iter().filter(|line| *line == "reply: 0").count(), 1);
    assert_eq!(exchange.expect("sent").response.status, 400);
}

#[test]
fn grpc_requests_get_a_grpc_status() {
    struct Case {
        content_type: &'static str,
        status: u32,
        grpc: i32,
        want: (u16, Option<&'static str>),
    }
    let cases = [
        Case { content_type: "application/grpc", status: 401, grpc: -1, want: (200, Some("16")) },
        Case { content_type: "application/grpc+proto", status: 403, grpc: -1, want: (200, Some("7")) },
        Case { content_type: "application/grpc", status: 429, grpc: -1, want: (200, Some("14")) },
        Case { content_type: "application/grpc", status: 429, grpc: 8, want: (200, Some("8")) },
        Case { content_type: "application/grpc-web", status: 429, grpc: 8, want: (429, None) },
        Case { content_type: "application/json", status: 401, grpc: 16, want: (401, None) },
    ];
    for Case { content_type, status, grpc, want } in cases {
        let probe = Probe::new().on("request_headers", |body| body.reply_grpc(status, "a%b", &[], grpc));
        let response = send(&mut proxy(&probe), get(&[("content-type", content_type)])).response;
        let found = response.header("grpc-status").map(|code| String::from_utf8_lossy(code).into_owned());
        assert_eq!((response.status, found.as_deref()), want, "{content_type} {status} {grpc}");
        if want.1.is_some() {
            assert_eq!(response.header("grpc-message"), Some(&b"a%25b"[..]));
            assert_eq!(response.body, b"");
        }
    }
}

#[test]
fn a_body_where_none_is_allowed_is_reported() {
    for (status, method, want) in
        [(204, "GET", &["BodyNotAllowed"][..]), (304, "GET", &["BodyNotAllowed"]), (403, "HEAD", &[])]
    {
        let probe = Probe::new().on("request_headers", |body| body.reply(status, "body", &[]));
        let request = Request { method: method.as_bytes().to_vec(), ..get(&[]) };
        let exchange = send(&mut proxy(&probe), request);
        assert_eq!((u32::from(exchange.response.status), exchange.response.body.as_slice()), (status, &b""[..]));
        assert_eq!(kinds(&exchange.diagnostics), want, "{status} {method}");
    }
}

#[test]
fn a_reply_after_the_end_is_fatal_in_envoy() {
    for callback in ["log", "done"] {
        let probe = Probe::new().on(callback, |body| body.reply(500, "", &[]));
        let exchange = send(&mut proxy(&probe), get(&[]));
        assert_eq!(kinds(&exchange.diagnostics), ["ReplyAfterEnd"], "{callback}");
        assert_eq!(exchange.response.status, 200);
    }
}

#[test]
fn upstream_failures_look_as_envoy_shows_them() {
    let flags = |number: u64| String::from_utf8_lossy(&number.to_le_bytes()).into_owned();
    let cases = [
        (UpstreamFailure::Refused, 503, "upstream_reset_before_response_started{", 0x20),
        (
            UpstreamFailure::ResetBeforeHeaders,
            503,
            "upstream_reset_before_response_started{connection_termination}",
            0x40,
        ),
        (UpstreamFailure::BadProtocol, 502, "upstream_reset_before_response_started{protocol_error}", 0x80_0000),
        (UpstreamFailure::Timeout, 504, "response_timeout", 0x4),
    ];
    let probe = Probe::new().on("response_headers", |body| {
        body.get(2, ":status");
        body.property("response.code_details");
        body.property("response.flags");
    });
    let mut proxy = proxy(&probe);
    for (failure, status, details, flag) in cases {
        let logs = logs_of(&mut proxy, |proxy| drop(send_to(proxy, get(&[]), failure)));
        assert_eq!(logs[0], format!("get :status: 0 {status}"));
        assert!(logs[1].starts_with(&format!("property response.code_details: 0 {details}")), "{}", logs[1]);
        assert_eq!(logs[2], format!("property response.flags: 0 {}", flags(flag)));
    }
    let logs = logs_of(&mut proxy, |proxy| drop(send_to(proxy, get(&[]), UpstreamResponse::default())));
    assert_eq!(logs[1], "property response.code_details: 0 via_upstream");
}

#[test]
fn a_request_that_goes_nowhere_is_answered_before_its_body() {
    let direct = RouteAction::DirectResponse { status: 418, body: b"short and stout".to_vec() };
    let cases = [
        (RouteAction::NoRoute, 404, "", "route_not_found"),
        (RouteAction::UnknownCluster, 503, "", "cluster_not_found"),
        (RouteAction::NoHealthyHost, 503, "no healthy upstream", "no_healthy_upstream"),
        (direct, 418, "short and stout", "direct_response"),
    ];
    let probe = Probe::new().on("request_body", |body| body.log("request_body"));
    for (action, status, body, details) in cases {
        let route = Route { action: action.clone(), ..Route::default() };
        let mut proxy = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), route, ..ProxySpec::default() });
        let mut exchange = None;
        let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, post(&["unread"]))));
        let exchange = exchange.expect("sent");
        assert_eq!(exchange.response.status, status, "{action:?}");
        assert_eq!(exchange.response.body, body.as_bytes(), "{action:?}");
        assert_eq!(exchange.response.code_details, details, "{action:?}");
        assert_eq!(exchange.upstream, None, "{action:?}");
        assert!(logs.is_empty(), "{action:?}: {logs:?}");
    }
}
