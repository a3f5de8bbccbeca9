use std::cell::RefCell;
use std::time::Duration;

use sluicegate_common::facts::Facts;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, ResponseHead};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::time::Nanos;

use super::{Ending, Slowness, UNHINDERED_BODY, ending_of_response, ending_of_stream, grpc};

/// A host that tells what it is given of a response, and notes what it was asked.
#[derive(Default)]
struct Host {
    kong: bool,
    properties: Vec<(&'static str, Vec<u8>)>,
    fails: Option<&'static str>,
    asked: RefCell<Vec<String>>,
}

impl Host {
    fn envoy(details: &str, flags: u64) -> Self {
        Self::default().with("response.code_details", details.as_bytes()).with("response.flags", &flags.to_le_bytes())
    }

    fn kong(header_time: Option<&str>) -> Self {
        let host = Self { kong: true, ..Self::default() };
        match header_time {
            Some(time) => host.with("ngx.upstream_header_time", time.as_bytes()),
            None => host,
        }
    }

    fn with(mut self, name: &'static str, value: &[u8]) -> Self {
        self.properties.push((name, value.to_vec()));
        self
    }

    fn status(self, status: u64) -> Self {
        self.with("response.code", &status.to_le_bytes())
    }

    fn reached(self) -> Self {
        self.with("upstream.address", b"10.0.0.1:80")
    }

    fn body(self, size: u64) -> Self {
        self.with("response.size", &size.to_le_bytes())
    }
}

impl Proxy for Host {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        let path = path.join(".");
        self.asked.borrow_mut().push(path.clone());
        if self.fails == Some(path.as_str()) {
            return Err(Status::InternalFailure);
        }
        Ok(self.properties.iter().find(|(name, _)| *name == path).map(|(_, value)| value.clone()))
    }

    fn is_envoy(&self) -> bool {
        !self.kong
    }
}

const EARLY: &str = "upstream_reset_before_response_started{connection_termination}";
const LATE: &str = "upstream_reset_after_response_started{remote_reset}";

#[test]
fn envoy_says_who_made_a_response() {
    use Ending::{Answered, NotUpstream, Reset, Timeout};
    let cases = [
        ("the application", "via_upstream", 0, 503, Answered),
        ("the application, behind tries that were too many", "via_upstream", 0x8000, 503, Answered),
        ("the application, and a try that the proxy's limit forbade", "via_upstream", 0x80, 503, Answered),
        ("refused", "upstream_reset_before_response_started{remote_connection_failure}", 0x20, 503, Reset),
        ("reset", EARLY, 0x40, 503, Reset),
        ("reset by the other side", EARLY, 0x10, 503, Reset),
        ("half-closed before an answer", EARLY, 0x8, 503, Reset),
        ("no HTTP", "upstream_reset_before_response_started{protocol_error}", 0x80_0000, 502, Reset),
        ("no healthy host", "no_healthy_upstream", 0x2, 503, Reset),
        ("reset in the last of several tries", EARLY, 0x8040, 503, Reset),
        ("reset, and no further try within the proxy's limit", EARLY, 0xC0, 503, Reset),
        ("reset after an injected delay", EARLY, 0x240, 503, Reset),
        ("timeout of the route", "response_timeout", 0x4, 504, Timeout),
        ("timeout that the route calls 204", "response_timeout", 0x4, 204, Timeout),
        ("timeout of a try", "upstream_per_try_timeout", 0x8004, 504, Timeout),
        ("too old before an answer", "upstream_max_stream_duration_reached", 0x8_0000, 504, Timeout),
        ("too old before the request had come", "upstream_max_stream_duration_reached", 0x8_0000, 408, NotUpstream),
        ("the duration that a route, or a client of it, allows", "max_duration_timeout", 0, 504, NotUpstream),
        ("the proxy's own limit", "upstream_reset_before_response_started{overflow}", 0x80, 503, NotUpstream),
        ("unknown cluster", "cluster_not_found", 0x100_0000, 503, NotUpstream),
        ("no route", "route_not_found", 0x100, 404, NotUpstream),
        ("direct response", "direct_response", 0, 503, NotUpstream),
        ("another filter", "rate_limited", 0x800, 429, NotUpstream),
        ("a fault of the fault filter", "fault_filter_abort", 0x400, 503, NotUpstream),
        ("a name that does not resolve", "dns_resolution_failure", 0x400_0000, 503, NotUpstream),
        ("load is shed", "drop_overload", 0x800_0000, 503, NotUpstream),
        ("load is shed wholly", "unconditional_drop_overload", 0x2000_0000, 503, NotUpstream),
        ("the overload manager", "overload", 0x200_0000, 503, NotUpstream),
        ("the client left", "downstream_remote_disconnect", 0x4000, 0, NotUpstream),
        ("the client left, and the upstream was reset", EARLY, 0x4040, 503, NotUpstream),
        ("the client reset its stream", "http2.remote_reset", 0x1000_0000, 0, NotUpstream),
        ("the client reset its stream, and so did the upstream", EARLY, 0x1000_0010, 503, NotUpstream),
        ("the client broke the protocol amid its request", EARLY, 0x4_0010, 503, NotUpstream),
        ("details that only begin like an answer", "via_upstream_", 0, 503, NotUpstream),
    ];
    for (name, details, flags, status, want) in cases {
        assert_eq!(ending_of_response(&Host::envoy(details, flags), Some(status)), want, "{name}");
    }
}

#[test]
fn an_idle_stream_is_the_upstreams_only_once_it_has_the_whole_request() {
    let idle = || Host::envoy("stream_idle_timeout", 0x1_0000);
    let reached = || idle().reached();
    assert_eq!(ending_of_response(&reached(), Some(504)), Ending::Timeout);
    assert_eq!(ending_of_response(&reached(), Some(408)), Ending::NotUpstream, "the request had not come whole");
    assert_eq!(ending_of_response(&reached(), None), Ending::NotUpstream);
    assert_eq!(ending_of_response(&idle(), Some(504)), Ending::NotUpstream, "held by a filter");
    assert_eq!(ending_of_response(&idle().with("upstream.address", b""), Some(504)), Ending::NotUpstream);
    let left = Host::envoy("stream_idle_timeout", 0x1_4000).reached();
    assert_eq!(ending_of_response(&left, Some(504)), Ending::NotUpstream);
    assert_eq!(ending_of_stream(&reached().body(0)), Ending::NotUpstream, "either side may be idle amid an answer");
}

#[test]
fn envoy_says_how_a_stream_ended() {
    use Ending::{Answered, NotUpstream, Reset, Timeout};
    let cases = [
        ("well", Host::envoy("via_upstream", 0), Answered),
        ("reset amid the answer", Host::envoy(LATE, 0x10).body(0), Reset),
        ("broken amid the answer", Host::envoy(LATE, 0x80_0000).body(UNHINDERED_BODY - 1), Reset),
        ("too late amid the answer", Host::envoy("response_timeout", 0x4).body(5), Timeout),
        ("reset when the client may have held it up", Host::envoy(LATE, 0x10).body(UNHINDERED_BODY), Answered),
        ("late when the client may have held it up", Host::envoy("response_timeout", 0x4).body(1 << 20), Answered),
        ("a WebSocket was closed", Host::envoy(LATE, 0x40).body(4).status(101), Answered),
        ("a tunnel was closed", Host::envoy(LATE, 0x40).body(4).with("request.method", b"CONNECT"), Answered),
        (
            "another status, another method",
            Host::envoy(LATE, 0x40).body(4).status(200).with("request.method", b"GET"),
            Reset,
        ),
        ("the client closed a WebSocket", Host::envoy("downstream_remote_disconnect", 0x4000).status(101), NotUpstream),
        ("reset, and nobody knows after how much", Host::envoy(LATE, 0x10), NotUpstream),
        ("the client left", Host::envoy("downstream_remote_disconnect", 0x4000).body(0), NotUpstream),
        ("the client left an answer", Host::envoy("downstream_remote_disconnect", 0x4000).reached(), Answered),
        ("the client reset an answer", Host::envoy("http2.remote_reset", 0x1000_0000).reached(), Answered),
        ("another filter behind an upstream", Host::envoy("some_filter", 0).reached(), NotUpstream),
        ("the client left a broken answer", Host::envoy(LATE, 0x4010).body(0), NotUpstream),
        ("another filter", Host::envoy("some_filter", 0).body(0), NotUpstream),
        ("too old amid the answer", Host::envoy("max_duration_timeout", 0x8_0000).body(0), NotUpstream),
    ];
    for (name, host, want) in cases {
        assert_eq!(ending_of_stream(&host), want, "{name}");
    }
}

#[test]
fn kong_says_who_made_a_response() {
    use Ending::{Answered, NotUpstream, Reset, Timeout};
    let cases = [
        ("the application", Some("0.012"), Some(503), Answered),
        ("the application's 504", Some("0.012"), Some(504), Answered),
        ("no answer", Some("-"), Some(502), Reset),
        ("no peer", Some("-"), Some(503), Reset),
        ("no answer in time", Some("-"), Some(504), Timeout),
        ("the second try answered", Some("-, 0.004"), Some(200), Answered),
        ("no try was answered", Some("0.004, -"), Some(502), Reset),
        ("answered behind an internal redirect", Some("- : 0.004"), Some(200), Answered),
        ("the client left", Some("-"), Some(499), NotUpstream),
        ("no status", Some("-"), None, NotUpstream),
        ("no upstream", None, Some(502), NotUpstream),
        ("nothing that nginx writes", Some("x"), Some(502), NotUpstream),
        ("nothing", Some(""), Some(502), NotUpstream),
    ];
    for (name, time, status, want) in cases {
        assert_eq!(ending_of_response(&Host::kong(time), status), want, "{name}");
    }
    for (name, time, want) in [
        ("well", Some("0.012"), Answered),
        ("without a head", Some("-"), NotUpstream),
        ("no upstream", None, NotUpstream),
    ] {
        assert_eq!(ending_of_stream(&Host::kong(time)), want, "{name}");
    }
}

#[test]
fn what_cannot_be_read_blames_nobody() {
    let reads = ["response.code_details", "response.flags", "response.size"];
    for fails in reads {
        let host = Host { fails: Some(fails), ..Host::envoy(LATE, 0x40).body(0) };
        assert_eq!(ending_of_stream(&host), Ending::NotUpstream, "{fails}");
    }
    for fails in &reads[..2] {
        let host = Host { fails: Some(fails), ..Host::envoy(EARLY, 0x40) };
        assert_eq!(ending_of_response(&host, Some(503)), Ending::NotUpstream, "{fails}");
    }
    let short = Host::default().with("response.code_details", EARLY.as_bytes()).with("response.flags", &[0x40]);
    assert_eq!(ending_of_response(&short, Some(503)), Ending::NotUpstream, "no integer");
    assert_eq!(ending_of_response(&Host::default(), Some(503)), Ending::NotUpstream, "no such properties");
    let host = Host { fails: Some("ngx.upstream_header_time"), ..Host::kong(Some("-")) };
    assert_eq!(ending_of_response(&host, Some(502)), Ending::NotUpstream);
}

/// The head of a response that has this service time, if any.
struct Head(Option<&'static str>);

impl HeaderSource for Head {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.filter(|_| name == "x-envoy-upstream-service-time").map(|value| value.as_bytes().to_vec()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        Err(Status::Unimplemented)
    }
}

/// Whether a call was slow that took three seconds, where two are the limit.
fn seems_slow(slowness: &Slowness, service_time: Option<&'static str>, host: &Host) -> bool {
    took(Duration::from_secs(3), slowness, service_time, false, host)
}

fn took(elapsed: Duration, slowness: &Slowness, service_time: Option<&'static str>, whole: bool, host: &Host) -> bool {
    let (source, mut state) = (Head(service_time), HeadState::default());
    let (mut facts, settings) = (Facts::default(), Settings::default());
    if whole {
        facts.set_whole();
    }
    let cx = Cx::new(Nanos(0), host, &mut facts, &settings);
    slowness.is_slow(elapsed, Duration::from_secs(2), &ResponseHead::new(&source, &mut state), &cx)
}

#[test]
fn clients_that_send_slowly_make_no_call_slow() {
    let elapsed = Duration::from_secs(3);
    let cases = [
        ("the upstream was slow", Some("2000"), false, true),
        ("the client was slow, if only with the end of a body that is empty", Some("1999"), false, false),
        ("no body, so the clock says it", Some("0"), true, true),
        ("no number", Some("soon"), false, true),
        ("a host that tells no times", None, false, true),
    ];
    for (name, service_time, whole, want) in cases {
        assert_eq!(took(elapsed, &Slowness::default(), service_time, whole, &Host::default()), want, "{name}");
    }
}

#[test]
fn an_answer_before_the_whole_request_is_not_slow() {
    let (slowness, host) = (Slowness::default(), Host::default());
    assert!(
        !took(Duration::from_millis(1), &slowness, Some("1"), false, &host),
        "it is quick, and shows that times are told"
    );
    assert!(!seems_slow(&slowness, None, &host));
    assert!(seems_slow(&slowness, Some("3000"), &host));
    assert!(took(Duration::from_secs(2), &slowness, Some("2000"), false, &host), "the limit itself is slow");
}

#[test]
fn nginx_says_how_long_the_upstream_took() {
    let cases = [
        ("the upstream was slow", Some("2.000"), true),
        ("the client was slow", Some("0.012"), false),
        ("all tries count", Some("1.500, 0.500"), true),
        ("tries that failed say nothing", Some("-, 0.012"), false),
        ("none was answered", Some("-"), true),
        ("no upstream", None, true),
        ("nothing that nginx writes", Some("1"), true),
    ];
    for (name, time, want) in cases {
        assert_eq!(seems_slow(&Slowness::default(), None, &Host::kong(time)), want, "{name}");
    }
    let quick = Host::kong(Some("0.012"));
    assert!(!took(Duration::from_secs(1), &Slowness::default(), None, false, &quick));
    assert!(quick.asked.borrow().is_empty(), "{:?}", quick.asked);
}

#[test]
fn a_good_answer_costs_one_host_call() {
    for host in [Host::envoy("via_upstream", 0), Host::kong(Some("0.012"))] {
        assert_eq!(ending_of_response(&host, Some(200)), Ending::Answered);
        assert_eq!(ending_of_stream(&host), Ending::Answered);
        assert_eq!(host.asked.borrow().len(), 2, "{:?}", host.asked);
    }
}

#[test]
fn a_grpc_status_is_a_number_or_unknown() {
    for (value, want) in
        [("0", 0), ("14", 14), (" 14 ", 14), ("99", 99), ("", 2), ("OK", 2), ("-1", 2), ("4294967296", 2), ("14, 0", 2)]
    {
        assert_eq!(grpc::status(value.as_bytes()), want, "{value:?}");
    }
    assert_eq!(grpc::status(b"\xff"), 2);
}
