//! Header maps: who may touch them when, and what they hold.

use test_harness::Request;

use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, proxy, send};

#[test]
fn request_headers_close_behind_their_callback_and_open_again_for_the_log() {
    let probe = Probe::new()
        .on("request_headers", |body| body.get(0, "x-a"))
        .on("response_headers", |body| {
            body.get(0, "x-a");
            body.pairs(0);
            body.set(0, "x-b", b"1");
            body.get(2, ":status");
        })
        .on("log", |body| {
            body.get(0, "x-a");
            body.get(2, ":status");
            body.get(3, "none");
            body.set(0, "x-b", b"1");
        });
    let mut proxy = proxy(&probe);
    let mut diagnostics = Vec::new();
    let logs = logs_of(&mut proxy, |proxy| diagnostics = send(proxy, get(&[("x-a", "1")])).diagnostics);
    let in_request = ["get x-a: 0 1"];
    let in_response = ["get x-a: 2", "pairs: 0 ", "set x-b: 2", "get :status: 0 200"];
    let in_log = ["get x-a: 0 1", "get :status: 0 200", "get none: 1", "set x-b: 2"];
    assert_eq!(logs, [&in_request[..], &in_response, &in_log].concat());
    assert_eq!(kinds(&diagnostics), ["WrongPhase"; 4]);
}

#[test]
fn a_paused_filter_keeps_its_headers() {
    let probe = Probe::new()
        .on("configure", |body| body.tick_period(10))
        .on("request_headers", |body| {
            body.raw("(i32.store (i32.const 32) (local.get 0))");
            body.returns(1);
        })
        .on("tick", |body| {
            body.raw("(if (i32.load (i32.const 32)) (then");
            body.raw("(drop (call $effective (i32.load (i32.const 32))))");
            body.get(0, "x-a");
            body.set(0, "x-a", b"2");
            body.resume(0);
            body.get(0, "x-a");
            body.raw("(i32.store (i32.const 32) (i32.const 0))))");
        });
    let mut proxy = proxy(&probe);
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[("x-a", "1")]))));
    assert_eq!(logs, ["get x-a: 0 1", "set x-a: 0", "resume: 0", "get x-a: 2"]);
    let exchange = exchange.expect("the request was sent");
    assert_eq!(exchange.response.status, 200);
    assert_eq!(exchange.upstream.expect("reached").header("x-a"), Some(&b"2"[..]));
}

#[test]
fn the_first_filter_sees_what_envoy_made_of_the_request() {
    let probe = Probe::new().on("request_headers", |body| body.pairs(0));
    let mut proxy = proxy(&probe);
    let request = Request {
        path: b"/a?b=c".to_vec(),
        ..get(&[
            ("X-Mixed", "1"),
            ("Accept", "a"),
            ("accept", "b"),
            ("X-Api-Key", "1"),
            ("x-api-key", "2"),
            ("Connection", "close"),
        ])
    };
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, request)));
    let line = logs[0].strip_prefix("pairs: 0 ").expect("a list");
    let (own, id) = line.split_once("x-request-id=").expect("an id");
    assert_eq!(
        own,
        ":authority=example.com|:path=/a?b=c|:method=GET|:scheme=http|x-mixed=1|accept=a,b|x-api-key=1|x-api-key=2|\
         x-forwarded-for=10.0.0.1|x-forwarded-proto=http|x-envoy-external-address=10.0.0.1|"
    );
    assert_eq!(id.len(), 37, "a UUID and a bar");
}

#[test]
fn edits_reach_the_upstream() {
    let probe = Probe::new().on("request_headers", |body| {
        body.add(0, "x-new", b"1");
        body.add(0, "X-New", b"2");
        body.add(0, "accept", b"b");
        body.set(0, "x-api-key", b"one");
        body.remove(0, "x-gone");
        body.set(0, "host", b"other.example");
        body.get(0, "x-absent");
        body.get(9, "x-absent");
    });
    let mut proxy = proxy(&probe);
    let mut upstream = None;
    let request = get(&[("accept", "a"), ("x-api-key", "1"), ("x-gone", "1"), ("x-api-key", "2")]);
    let logs = logs_of(&mut proxy, |proxy| upstream = send(proxy, request).upstream);
    assert_eq!(logs[6..], ["get x-absent: 1", "get x-absent: 2"]);
    let headers = upstream.expect("reached").headers;
    let of = |name: &str| -> Vec<String> {
        let values = headers.iter().filter(|(field, _)| field == name.as_bytes());
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    };
    assert_eq!(of("x-new"), ["1", "2"]);
    assert_eq!(of("accept"), ["a,b"]);
    assert_eq!(of("x-api-key"), ["one"]);
    assert_eq!(of("x-gone"), Vec::<String>::new());
    assert_eq!(of(":authority"), ["other.example"]);
}

#[test]
fn set_pairs_forgets_what_it_does_not_name() {
    let probe = Probe::new().on("request_headers", |body| body.set_pairs(0, &[(":path", "/"), ("x-a", "1")]));
    let exchange = send(&mut proxy(&probe), get(&[]));
    assert_eq!((exchange.response.status, exchange.upstream), (503, None), "without a method nothing is sent");
}

#[test]
fn missing_and_unsendable_request_headers_end_as_in_envoy() {
    struct Case {
        name: &'static str,
        probe: Probe,
        want: (u16, &'static str),
    }
    let on = |define: fn(&mut crate::probe::Body<'_>)| Probe::new().on("request_headers", define);
    let cases = [
        Case { name: "path", probe: on(|b| b.remove(0, ":path")), want: (404, "") },
        Case { name: "method", probe: on(|b| b.remove(0, ":method")), want: (503, "missing required header: :method") },
        Case { name: "authority", probe: on(|b| b.remove(0, ":authority")), want: (200, "") },
        Case {
            name: "line feed",
            probe: on(|b| b.set(0, "x-a", b"a\nb")),
            want: (503, "invalid header value for: x-a"),
        },
        Case { name: "NUL", probe: on(|b| b.set(0, "x-a", b"a\0b")), want: (503, "invalid header value for: x-a") },
        Case { name: "name", probe: on(|b| b.set(0, "x a", b"v")), want: (503, "invalid header name: x a") },
        Case { name: "high byte", probe: on(|b| b.set(0, "x-a", b"a\xffb")), want: (200, "") },
    ];
    for Case { name, probe, want } in cases {
        let response = send(&mut proxy(&probe), get(&[])).response;
        assert_eq!((response.status, String::from_utf8_lossy(&response.body).as_ref()), want, "{name}");
    }
}

#[test]
fn a_response_without_status_is_replaced_and_one_with_a_line_break_is_split() {
    let removed = send(&mut proxy(&Probe::new().on("response_headers", |body| body.remove(2, ":status"))), get(&[]));
    assert_eq!(
        (removed.response.status, removed.response.body.as_slice()),
        (502, &b"missing required header: :status"[..])
    );
    let split = send(&mut proxy(&Probe::new().on("response_headers", |body| body.set(2, "x-a", b"a\nb"))), get(&[]));
    assert_eq!(split.response.status, 200);
    assert_eq!(kinds(&split.diagnostics), ["InvalidHeader"]);
}

#[test]
fn request_heads_have_limits() {
    let mut proxy = proxy(&Probe::logging_all());
    let many: Vec<(String, String)> = (0..101).map(|number| (format!("x-{number}"), "v".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let long = "a".repeat(61 << 10);
    for (name, headers) in [("count", many), ("size", vec![("x-long", long.as_str())])] {
        let mut status = 0;
        let logs = logs_of(&mut proxy, |proxy| status = send(proxy, get(&headers)).response.status);
        assert_eq!(status, 431, "{name}");
        assert_eq!(logs, ["context_create", "log", "done", "delete"], "{name}: filters see the log only");
    }
    let doubled = get(&[("content-length", "1"), ("Content-Length", "1")]);
    assert_eq!(send(&mut proxy, doubled).response.status, 400);
}

#[test]
fn attributes_have_envoys_encodings_and_phases() {
    let all = |body: &mut crate::probe::Body<'_>| {
        for path in
            ["request.path", "request.headers.x-a", "request.protocol", "response.code_details", "xds.route_name"]
        {
            body.property(path);
        }
        for path in ["request", "route_name", "node.id", "nothing"] {
            body.property(path);
        }
    };
    let probe = Probe::new()
        .on("request_headers", move |body| {
            body.set_property("mine", "v");
            body.property("mine");
            body.set_property("a\0b", "v");
            body.property("a.b");
            all(body);
        })
        .on("response_headers", all);
    let mut proxy = proxy(&probe);
    let request = Request { path: b"/a?b".to_vec(), ..get(&[("x-a", "1"), ("x-a", "2")]) };
    let logs = logs_of(&mut proxy, |proxy| drop(send(proxy, request)));
    let rest = ["property request: 3", "property route_name: 1", "property node.id: 1", "property nothing: 1"];
    let in_request = [
        "set_property: 0",
        "property mine: 0 v",
        "set_property: 0",
        "property a.b: 1",
        "property request.path: 0 /a?b",
        "property request.headers.x-a: 0 1,2",
        "property request.protocol: 0 HTTP/1.1",
        "property response.code_details: 1",
        "property xds.route_name: 0 default",
    ];
    let in_response = [
        "property request.path: 1",
        "property request.headers.x-a: 1",
        "property request.protocol: 0 HTTP/1.1",
        "property response.code_details: 0 via_upstream",
        "property xds.route_name: 0 default",
    ];
    assert_eq!(logs, [&in_request[..], &rest, &in_response, &rest].concat());
}
