use serde_json::{Value, json};
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Cx, Decision, End, Filter as _, Setup};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, RequestHead, ResponseHead};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::store::SharedData;
use sluicegate_common::store::memory::{Dialect, GetFault};
use sluicegate_common::time::Nanos;

use crate::process::Process;
use crate::{CircuitBreaker, Stream};

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_800_000_000 * SECOND;
const EARLY: &str = "upstream_reset_before_response_started{connection_termination}";
const LATE: &str = "upstream_reset_after_response_started{connection_termination}";

/// Header lines.
#[derive(Clone, Copy)]
struct Lines(&'static [(&'static str, &'static str)]);

impl HeaderSource for Lines {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_bytes().to_vec()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(self.0))
    }
}

/// What Envoy says of a response: details, flags, and how much of the body went.
#[derive(Clone, Copy)]
struct Says(&'static str, u64, u64);

impl Says {
    /// Whether an upstream was chosen.
    fn reached(self) -> bool {
        self.0 != "busy" && self.0 != "hit" && self.0 != "left_early"
    }
}

const GOOD: Says = Says("via_upstream", 0, 2);
const LEFT: Says = Says("downstream_remote_disconnect", 0x4000, 2);

/// The same, of a stream that no upstream took part in.
const LEFT_EARLY: Says = Says("left_early", 0x4000, 2);

/// A worker at one moment of a stream. The router notes the status of what an upstream answers, and of nothing else.
struct Host<'a>(&'a Process, Says, Option<u64>);

impl<'a> Host<'a> {
    fn new(process: &'a Process, says: Says) -> Self {
        Self(process, says, None)
    }

    fn with_head(process: &'a Process, says: Says, head: Lines) -> Self {
        let status = head.0.iter().find(|(name, _)| *name == ":status").map(|(_, value)| value.parse().unwrap());
        Self(process, says, status.filter(|_| says.0 == GOOD.0))
    }
}

impl Proxy for Host<'_> {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        let Says(details, flags, size) = self.1;
        Ok(match path {
            ["response", "code_details"] => Some(details.into()),
            ["response", "code"] => self.2.map(|code| code.to_le_bytes().into()),
            ["response", "flags"] => Some(flags.to_le_bytes().into()),
            ["response", "size"] => Some(size.to_le_bytes().into()),
            ["upstream", "address"] if self.1.reached() => Some("10.0.0.1:80".into()),
            _ => None,
        })
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.0.random(bytes)
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        self.0.define_counter(name)
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        self.0.increment(counter, by)
    }

    fn define_gauge(&self, name: &str) -> Result<u32, Status> {
        self.0.define_gauge(name)
    }

    fn record(&self, gauge: u32, value: u64) -> Result<(), Status> {
        self.0.record(gauge, value)
    }

    fn metric(&self, id: u32) -> Result<u64, Status> {
        self.0.metric(id)
    }

    fn shared(&self) -> &dyn SharedData {
        self.0
    }
}

/// A proxy with the filter.
struct Gateway {
    process: Process,
    filter: CircuitBreaker,
    settings: Settings,
}

/// What a request meets.
#[derive(Clone, Copy)]
struct Exchange {
    /// When it comes and when the response's head is there, in milliseconds since the start.
    at: (u64, u64),
    /// None: the stream ends before.
    head: Option<(Lines, Says)>,
    grpc: bool,
    trailers: Lines,
    end: Says,
}

const OK: Exchange = Exchange {
    at: (0, 1),
    head: Some((Lines(&[(":status", "200")]), GOOD)),
    grpc: false,
    trailers: Lines(&[]),
    end: GOOD,
};
const GRPC: Exchange = Exchange { grpc: true, ..OK };
const FAILED: Exchange = Exchange { head: Some((Lines(&[(":status", "503")]), GOOD)), ..OK };

impl Gateway {
    fn new(config: Value) -> Self {
        let gateway = Self::before_start(config);
        gateway.filter.start(&gateway.process);
        gateway
    }

    fn before_start(mut config: Value) -> Self {
        config["scope"] = json!(["const:s"]);
        config["consecutive_failures"] = json!(2);
        let config = config.as_object().unwrap().clone();
        let filter = CircuitBreaker::configure(config, &Setup::new(&Env::default()), None).unwrap();
        Self { process: Process::new(Dialect::Envoy), filter, settings: Settings::default() }
    }

    /// Whether the request came to the upstream.
    fn play(&self, exchange: Exchange) -> bool {
        let Exchange { at: (came, answered), head, grpc, trailers, end } = exchange;
        let (mut stream, mut facts) = (Stream::default(), Facts::default());
        let mut state = HeadState::default();
        let host = Host::new(&self.process, Says("", 0, 0));
        let request: &[_] = match grpc {
            true => &[(":method", "POST"), (":path", "/s/M"), ("content-type", "application/grpc")],
            false => &[(":method", "GET"), (":path", "/")],
        };
        let request = Lines(request);
        let mut cx = Cx::new(Nanos(START + came * 1_000_000), &host, &mut facts, &self.settings);
        let decision = self.filter.on_request(&mut stream, &mut RequestHead::new(&request, &mut state), &mut cx);
        let passed = matches!(decision, Decision::Continue);
        let now = Nanos(START + answered * 1_000_000);
        if let Some((lines, says)) = head.filter(|_| passed) {
            let (host, mut state) = (Host::with_head(&self.process, says, lines), HeadState::default());
            let mut cx = Cx::new(now, &host, &mut facts, &self.settings);
            self.filter.observe(&mut stream, &ResponseHead::new(&lines, &mut state), &mut cx);
        }
        let host = Host::new(&self.process, end);
        let mut cx = Cx::new(now, &host, &mut facts, &self.settings);
        self.filter.on_end(stream, &End { trailers: &trailers }, &mut cx);
        passed
    }

    fn count(&self, metric: &str) -> u64 {
        let id = self.process.define_counter(&format!("sluicegate_circuit_breaker_{metric}.breaker.s")).unwrap();
        self.process.metric(id).unwrap()
    }

    /// Successful, failed, ignored, slow.
    fn counts(&self) -> [u64; 4] {
        let slow = self.count("slow_calls_total.kind.successful") + self.count("slow_calls_total.kind.failed");
        let calls = |kind| self.count(&format!("calls_total.kind.{kind}"));
        [calls("successful"), calls("failed"), calls("ignored"), slow]
    }
}

#[test]
fn a_call_is_counted_once_as_what_it_was() {
    let head = |lines| Some((Lines(lines), GOOD));
    let timeout = Says("response_timeout", 0x4, 0);
    let reset = Says(EARLY, 0x40, 0);
    let cases = [
        ("good", OK, [1, 0, 0, 0]),
        ("failed", FAILED, [0, 1, 0, 0]),
        ("failed, and its client left", Exchange { end: LEFT, ..FAILED }, [0, 1, 0, 0]),
        ("ignored", Exchange { head: head(&[(":status", "501")]), ..OK }, [0, 0, 1, 0]),
        ("broken off", Exchange { end: Says(LATE, 0x40, 2), ..OK }, [0, 1, 0, 0]),
        (
            "broken off, where the client may be the cause",
            Exchange { end: Says(LATE, 0x40, 1 << 20), ..OK },
            [1, 0, 0, 0],
        ),
        ("late trailers", Exchange { trailers: Lines(&[("grpc-status", "14")]), ..GRPC }, [0, 1, 0, 0]),
        ("good trailers", Exchange { trailers: Lines(&[("grpc-status", "5")]), ..GRPC }, [1, 0, 0, 0]),
        ("no message", Exchange { head: head(&[(":status", "200"), ("grpc-status", "14")]), ..GRPC }, [0, 1, 0, 0]),
        (
            "trailers of what is no gRPC",
            Exchange {
                head: head(&[(":status", "200"), ("content-type", "text/plain")]),
                trailers: Lines(&[("grpc-status", "14")]),
                ..GRPC
            },
            [1, 0, 0, 0],
        ),
        ("trailers that nobody asked for", Exchange { trailers: Lines(&[("grpc-status", "14")]), ..OK }, [1, 0, 0, 0]),
        (
            "another filter's 503",
            Exchange { head: Some((Lines(&[(":status", "503")]), Says("busy", 0, 0))), end: Says("busy", 0, 0), ..OK },
            [0, 0, 0, 0],
        ),
        (
            "another filter's 200",
            Exchange { head: Some((Lines(&[(":status", "200")]), Says("hit", 0, 0))), end: Says("hit", 0, 0), ..OK },
            [0, 0, 0, 0],
        ),
        ("reset", Exchange { head: Some((Lines(&[(":status", "503")]), reset)), end: reset, ..OK }, [0, 1, 0, 0]),
        (
            "timeout",
            Exchange { at: (0, 15_000), head: Some((Lines(&[(":status", "504")]), timeout)), end: timeout, ..OK },
            [0, 1, 0, 1],
        ),
        (
            "a timeout that the route calls 204",
            Exchange { head: Some((Lines(&[(":status", "204")]), timeout)), end: timeout, ..OK },
            [0, 1, 0, 0],
        ),
        ("the client left amid the answer", Exchange { end: LEFT, ..OK }, [1, 0, 0, 0]),
        (
            "the client left amid another filter's answer",
            Exchange { head: Some((Lines(&[(":status", "200")]), Says("hit", 0, 0))), end: LEFT_EARLY, ..OK },
            [0, 0, 0, 0],
        ),
        ("the client left before an answer", Exchange { head: None, end: LEFT, ..OK }, [0, 0, 0, 0]),
        ("nothing came, and nobody knows why", Exchange { head: None, end: GOOD, ..OK }, [0, 0, 0, 0]),
        ("slow", Exchange { at: (0, 2_000), ..OK }, [1, 0, 0, 1]),
        ("slow and failed", Exchange { at: (0, 2_000), ..FAILED }, [0, 1, 0, 1]),
    ];
    for (name, exchange, want) in cases {
        let gateway = Gateway::new(json!({"ignore": {"statuses": ["501"]}}));
        assert!(gateway.play(exchange), "{name}");
        assert_eq!(gateway.counts(), want, "{name}");
    }
}

#[test]
fn a_timeout_is_slow_whatever_the_host_tells_of_answers() {
    let gateway = Gateway::new(json!({}));
    let told = Lines(&[(":status", "200"), ("x-envoy-upstream-service-time", "1")]);
    assert!(gateway.play(Exchange { head: Some((told, GOOD)), ..OK }));
    let timeout = Says("response_timeout", 0x4, 0);
    let head = Some((Lines(&[(":status", "504")]), timeout));
    assert!(gateway.play(Exchange { at: (0, 15_000), head, end: timeout, ..OK }));
    assert_eq!(gateway.counts(), [1, 1, 0, 1]);
    assert!(gateway.play(Exchange { at: (0, 15_000), ..OK }), "an answer before the whole request");
    assert_eq!(gateway.counts(), [2, 1, 0, 1]);
}

/// A gateway that opened a moment ago, and probes with one call from 61 s on.
fn opened() -> Gateway {
    let gateway = Gateway::new(json!({"permitted_calls_in_half_open": 1}));
    assert!(gateway.play(FAILED) && gateway.play(FAILED) && !gateway.play(OK));
    gateway
}

#[test]
fn a_probe_that_was_answered_is_reported_even_if_its_client_leaves() {
    let at = (61_000, 61_001);
    let gateway = opened();
    assert!(gateway.play(Exchange { at, end: LEFT, ..OK }));
    assert_eq!(gateway.count("transitions_total.from.half_open.to.closed"), 1);
    assert_eq!(gateway.counts(), [1, 2, 0, 0]);
}

#[test]
fn a_probe_that_was_not_answered_lets_another_try() {
    let at = (61_000, 61_001);
    let busy = Says("busy", 0, 0);
    let unanswered = [
        ("the client left", Exchange { at, head: None, end: LEFT, ..OK }),
        ("another filter", Exchange { at, head: Some((Lines(&[(":status", "200")]), busy)), end: busy, ..OK }),
    ];
    for (name, exchange) in unanswered {
        let gateway = opened();
        assert!(gateway.play(exchange), "{name}");
        assert_eq!(gateway.counts(), [0, 2, 0, 0], "{name}");
        assert!(gateway.play(Exchange { at, ..OK }), "{name}");
        assert_eq!(gateway.count("transitions_total.from.half_open.to.closed"), 1, "{name}");
    }
}

#[test]
fn a_probe_that_breaks_off_opens_again() {
    let gateway = opened();
    assert!(gateway.play(Exchange { at: (61_000, 61_001), end: Says(LATE, 0x40, 2), ..OK }));
    assert_eq!(gateway.count("transitions_total.from.half_open.to.open"), 1);
    assert!(!gateway.play(Exchange { at: (62_000, 62_001), ..OK }));
}

#[test]
fn where_no_breaker_is_found_the_config_decides() {
    for (state, passes) in [("auto", true), ("metrics_only", true), ("disabled", true), ("forced_open", false)] {
        let gateway = Gateway::before_start(json!({"state": state}));
        gateway.process.shared.fail_get(GetFault::Fails(Status::InternalFailure));
        assert_eq!(gateway.play(OK), passes, "{state}");
        assert!(gateway.process.shared.is_empty(), "{state}: nothing was found or made");
    }
}

/// A head that nobody may read.
struct Sealed;

impl HeaderSource for Sealed {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        assert_eq!(name, "x-envoy-upstream-service-time", "asked until the host is known");
        Ok(Some(b"1".into()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        panic!("the whole head is read");
    }
}

#[test]
fn a_good_answer_is_told_without_its_head() {
    let gateway = Gateway::new(json!({}));
    let (mut stream, mut facts, mut state) = (Stream::default(), Facts::default(), HeadState::default());
    let host = Host(&gateway.process, GOOD, Some(200));
    let mut cx = Cx::new(Nanos(START), &host, &mut facts, &gateway.settings);
    let request = Lines(&[(":method", "GET"), (":path", "/")]);
    gateway.filter.on_request(&mut stream, &mut RequestHead::new(&request, &mut HeadState::default()), &mut cx);
    gateway.filter.observe(&mut stream, &ResponseHead::new(&Sealed, &mut state), &mut cx);
    gateway.filter.on_end(stream, &End { trailers: &Sealed }, &mut cx);
    assert_eq!(gateway.counts(), [1, 0, 0, 0]);
}
