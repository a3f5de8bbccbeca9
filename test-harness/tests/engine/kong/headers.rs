//! Header maps, and what goes upstream.

use test_harness::{ProxySpec, Request, Route, RouteAction, UpstreamFailure, UpstreamResponse};

use super::{proxy, spec};
use crate::probe::Probe;
use crate::support::{get, kinds, logs_of, plugins, post, send, send_to, start};

#[test]
fn names_keep_their_case_and_the_authority_is_the_server_name() {
    let probe = Probe::new().on("request_headers", |body| body.pairs(0)).on("response_headers", |body| {
        body.get(0, "HOST");
        body.get(0, ":authority");
        body.get(0, "x-mixed");
    });
    let logs = logs_of(&mut proxy(&probe), |proxy| {
        drop(send(proxy, get(&[("X-Mixed", "1"), ("accept", "a"), ("accept", "b")])))
    });
    assert_eq!(logs.len(), 4, "{logs:?}");
    for part in ["Host", "X-Mixed", ":authority", "localhost", "example.com"] {
        assert!(logs[0].contains(part), "{part} in {}", logs[0]);
    }
    assert_eq!(logs[0].matches("accept").count(), 2, "lines are not joined");
    assert_eq!(logs[1..], ["get HOST: 0 example.com", "get :authority: 0 localhost", "get x-mixed: 0 1"]);
}

#[test]
fn a_changed_path_goes_nowhere_and_the_authority_cannot_be_changed() {
    let probe = Probe::new().on("request_headers", |body| {
        body.set(0, ":path", b"/changed");
        body.get(0, ":path");
        body.set(0, ":authority", b"other.example");
        body.get(0, ":authority");
        body.set(0, "host", b"upstream.example");
        body.set(0, ":method", b"PUT");
    });
    let mut proxy = proxy(&probe);
    let mut upstream = None;
    let logs = logs_of(&mut proxy, |proxy| upstream = send(proxy, get(&[])).upstream);
    assert_eq!(logs[1], "get :path: 0 /changed");
    assert_eq!(logs[2..4], ["set :authority: 0", "get :authority: 0 localhost"]);
    let upstream = upstream.expect("reached");
    assert_eq!(upstream.header(":path"), Some(&b"/"[..]));
    assert_eq!(upstream.header(":authority"), Some(&b"upstream.example"[..]));
    assert_eq!(upstream.header(":method"), Some(&b"PUT"[..]));
}

#[test]
fn request_headers_are_closed_once_there_is_a_response() {
    let probe = Probe::new().on("response_headers", |body| {
        body.set(0, "x-late", b"1");
        body.get(0, "x-late");
        body.set(2, "x-new", b"1");
    });
    let mut proxy = proxy(&probe);
    let mut exchange = None;
    let logs = logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    assert_eq!(logs, ["set x-late: 0", "get x-late: 1", "set x-new: 0"]);
    let exchange = exchange.expect("sent");
    assert_eq!(kinds(&exchange.diagnostics), ["WrongPhase"]);
    assert_eq!(exchange.response.header("x-new"), Some(&b"1"[..]));
    assert_eq!(exchange.response.header("server"), Some(&b"nginx"[..]));
}

#[test]
fn removing_the_path_is_fatal() {
    let probe = Probe::new().on("request_headers", |body| body.remove(0, ":path"));
    assert_eq!(kinds(&send(&mut proxy(&probe), get(&[])).diagnostics), ["Fatal"]);
}

#[test]
fn the_length_of_a_request_is_mended_and_that_of_a_response_is_not() {
    let probe = Probe::new()
        .on("request_body", |body| body.set_buffer(0, 0, 99, "longer than before"))
        .on("response_body", |body| body.set_buffer(1, 0, 99, "short"));
    let answer = UpstreamResponse { body: vec![b"a longer body".to_vec()], ..UpstreamResponse::default() };
    let exchange = send_to(&mut proxy(&probe), post(&["abc"]), answer);
    assert_eq!(exchange.upstream.expect("reached").header("Content-Length"), Some(&b"18"[..]));
    assert_eq!(kinds(&exchange.diagnostics), ["ContentLength"]);
}

#[test]
fn failed_upstreams_are_told_by_a_variable() {
    let probe = Probe::new().on("response_headers", |body| {
        body.get(2, ":status");
        body.property("ngx.upstream_header_time");
        body.property("response.code_details");
    });
    let refused = logs_of(&mut proxy(&probe), |proxy| drop(send_to(proxy, get(&[]), UpstreamFailure::Refused)));
    assert_eq!(refused[..2], ["get :status: 0 502", "property ngx.upstream_header_time: 0 -"]);
    assert_eq!(refused[2], "property response.code_details: 1");
    let route = Route { action: RouteAction::NoHealthyHost, ..Route::default() };
    let mut hostless = start(ProxySpec { plugins: plugins(&[("probe", &probe)]), route, ..spec() });
    let hostless = logs_of(&mut hostless, |proxy| assert_eq!(send(proxy, post(&["read"])).upstream, None));
    assert_eq!(hostless[..2], refused[..2]);
    let late = logs_of(&mut proxy(&probe), |proxy| drop(send_to(proxy, get(&[]), UpstreamFailure::Timeout)));
    assert_eq!(late[0], "get :status: 0 504");
    let answered = logs_of(&mut proxy(&probe), |proxy| drop(send(proxy, get(&[]))));
    assert_eq!(answered[..2], ["get :status: 0 200", "property ngx.upstream_header_time: 0 0.000"]);
}

#[test]
fn properties_are_text() {
    let probe = Probe::new().on("request_headers", |body| {
        for path in ["source.address", "source.port", "connection.id", "request.path", "request.url_path"] {
            body.property(path);
        }
        for path in ["xds.route_name", "ngx.upstream_header_time"] {
            body.property(path);
        }
        body.set_property("mine", "v");
        body.set_property("wasmx\0mine", "v");
        body.property("wasmx.mine");
    });
    let request = Request { path: b"/a?b".to_vec(), ..get(&[]) };
    let logs = logs_of(&mut proxy(&probe), |proxy| drop(send(proxy, request)));
    let want = [
        "property source.address: 0 10.0.0.1",
        "property source.port: 0 40000",
        "property connection.id: 0 1",
        "property request.path: 0 /a?b",
        "property request.url_path: 0 /a",
        "property xds.route_name: 1",
        "property ngx.upstream_header_time: 1",
        "set_property: 1",
        "set_property: 0",
        "property wasmx.mine: 0 v",
    ];
    assert_eq!(logs, want);
}
