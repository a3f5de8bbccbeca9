use serde_json::{Value, json};
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, RequestHead};
use sluicegate_common::matcher::MatchOptions;
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::time::Nanos;

use super::{Failure, Ignore, Judgement, RawFailure, RawIgnore};
use crate::upstream::Ending;

fn given(failure: Value, ignore: Value) -> Result<(Failure, Ignore), ConfigErrors> {
    let failure =
        deserr::deserialize::<RawFailure, _, _>(failure).map_err(|errors: ConfigErrors| errors.under("failure"))?;
    let ignore =
        deserr::deserialize::<RawIgnore, _, _>(ignore).map_err(|errors: ConfigErrors| errors.under("ignore"))?;
    let paths = MatchOptions { case_sensitive: true, ..MatchOptions::default() };
    Ok((failure.compile(&ignore)?, ignore.compile(paths)?))
}

struct Case {
    name: &'static str,
    failure: Value,
    ignore: Value,
    call: (Ending, Option<u16>, Option<u32>),
    want: Judgement,
}

#[test]
fn calls_are_judged() {
    use Ending::{Answered, NotUpstream, Reset, Timeout};
    use Judgement::{Failed, Good, Ignored, NotCounted};
    let case = |name, failure, call, want| Case { name, failure, ignore: json!({}), call, want };
    let by_default = |name, call, want| case(name, json!({}), call, want);
    let http = |status| (Answered, Some(status), None);
    let grpc = |status| (Answered, Some(200), Some(status));
    let cases = [
        by_default("200", http(200), Good),
        by_default("404", http(404), Good),
        by_default("429", http(429), Good),
        by_default("500", http(500), Failed),
        by_default("501", http(501), Good),
        by_default("502", http(502), Failed),
        by_default("503", http(503), Failed),
        by_default("504", http(504), Failed),
        by_default("an answer without a status", (Answered, None, None), NotCounted),
        by_default("gRPC 0", grpc(0), Good),
        by_default("gRPC 4", grpc(4), Failed),
        by_default("gRPC 5", grpc(5), Good),
        by_default("gRPC 8", grpc(8), Failed),
        by_default("gRPC 13", grpc(13), Failed),
        by_default("gRPC 14", grpc(14), Failed),
        by_default("gRPC 15", grpc(15), Failed),
        by_default("gRPC 16", grpc(16), Good),
        by_default("gRPC of no such number", grpc(36), Good),
        by_default("gRPC of a number far away", grpc(u32::MAX), Good),
        by_default("HTTP before gRPC", (Answered, Some(503), Some(0)), Failed),
        by_default("HTTP that is no 200 before gRPC", (Answered, Some(404), Some(14)), Good),
        by_default("reset", (Reset, Some(503), None), Failed),
        by_default("reset without a status", (Reset, None, None), Failed),
        by_default("timeout", (Timeout, Some(504), None), Failed),
        by_default("somebody else's 503", (NotUpstream, Some(503), None), NotCounted),
        by_default("somebody else's 200", (NotUpstream, Some(200), None), NotCounted),
        by_default("somebody else's gRPC 14", (NotUpstream, Some(200), Some(14)), NotCounted),
        case("other statuses: one of them", json!({"statuses": ["4xx"]}), http(404), Failed),
        case("other statuses: not the default", json!({"statuses": ["4xx"]}), http(503), Good),
        case("no statuses", json!({"statuses": []}), http(503), Good),
        case("no statuses, but resets", json!({"statuses": []}), (Reset, Some(503), None), Failed),
        case("other gRPC statuses: one of them", json!({"grpc_statuses": [1, 16]}), grpc(16), Failed),
        case("other gRPC statuses: not the default", json!({"grpc_statuses": [1, 16]}), grpc(14), Good),
        case("no gRPC statuses", json!({"grpc_statuses": []}), grpc(14), Good),
        case("resets off", json!({"on_reset": false}), (Reset, Some(503), None), Ignored),
        case("resets off, timeout", json!({"on_reset": false}), (Timeout, Some(504), None), Failed),
        case("timeouts off", json!({"on_timeout": false}), (Timeout, Some(504), None), Ignored),
        case("timeouts off, reset", json!({"on_timeout": false}), (Reset, Some(503), None), Failed),
        Case { ignore: json!({"statuses": ["404"]}), ..by_default("ignored", http(404), Ignored) },
        Case { ignore: json!({"statuses": ["404"]}), ..by_default("not ignored", http(403), Good) },
        Case { ignore: json!({"statuses": ["2xx"]}), ..by_default("gRPC fails in an ignored 200", grpc(14), Failed) },
        Case { ignore: json!({"statuses": ["5xx"]}), ..case("ignored", json!({"statuses": []}), http(503), Ignored) },
    ];
    for Case { name, failure, ignore, call: (ending, status, grpc), want } in cases {
        let (compiled, _) = given(failure, ignore).unwrap();
        assert_eq!(compiled.judge(ending, status, grpc), want, "{name}");
    }
}

#[test]
fn blocks_that_are_absent_say_what_empty_ones_do() {
    let absent = RawFailure::default().compile(&RawIgnore::default()).unwrap();
    assert_eq!(absent, given(json!({}), json!({})).unwrap().0);
    assert!(absent.asks_grpc());
    assert!(!given(json!({"grpc_statuses": []}), json!({})).unwrap().0.asks_grpc());
}

#[test]
fn an_answer_with_a_good_head_is_judged_by_its_end() {
    use Ending::{Answered, NotUpstream, Reset, Timeout};
    let (failure, _) = given(json!({"statuses": ["200"], "on_timeout": false}), json!({})).unwrap();
    for (ending, grpc, want) in [
        (Answered, None, Judgement::Good),
        (Answered, Some(0), Judgement::Good),
        (Answered, Some(14), Judgement::Failed),
        (Reset, None, Judgement::Failed),
        (Reset, Some(0), Judgement::Failed),
        (Timeout, None, Judgement::Ignored),
        (NotUpstream, None, Judgement::NotCounted),
        (NotUpstream, Some(14), Judgement::NotCounted),
    ] {
        assert_eq!(failure.judge_end(ending, grpc), want, "{ending:?} {grpc:?}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let cases = [
        (json!({"statuses": ["teapot"]}), json!({}), "failure.statuses[0]: expected a status"),
        (json!({"statuses": [503]}), json!({}), "failure.statuses[0]: expected a status"),
        (json!({"grpc_statuses": [0]}), json!({}), "failure.grpc_statuses[0]: expected a whole number from 1 to 16"),
        (json!({"grpc_statuses": [14, 17]}), json!({}), "failure.grpc_statuses[1]: expected a whole number"),
        (json!({"grpc_statuses": ["14"]}), json!({}), "failure.grpc_statuses[0]: expected a whole number"),
        (json!({"on_reset": "yes"}), json!({}), "failure.on_reset: expected a boolean"),
        (json!({"on_resets": true}), json!({}), "failure.on_resets: unknown field, did you mean \"on_reset\"?"),
        (json!({}), json!({"method": []}), "ignore.method: unknown field, did you mean \"methods\"?"),
        (json!({}), json!({"methods": ["options"]}), "ignore.methods[0]: expected a method"),
        (json!({}), json!({"paths": ["/health"]}), "ignore.paths[0]: expected an object"),
        (json!({}), json!({"paths": [{"prefix": "health"}]}), "ignore.paths[0].prefix: expected a path"),
        (json!({}), json!({"paths": [{"regex": "("}]}), "ignore.paths[0].regex: expected a regular expression"),
        (json!({}), json!({"statuses": ["503"]}), "ignore.statuses: 503 stands in failure.statuses as well"),
        (json!({"statuses": ["5xx"]}), json!({"statuses": ["404", "501"]}), "ignore.statuses: 501 stands in failure"),
    ];
    for (failure, ignore, want) in cases {
        let errors = given(failure.clone(), ignore.clone()).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors}");
        assert!(errors.to_string().starts_with(want), "{failure} {ignore}: {errors}");
    }
}

/// A request of one method and path.
struct Request(&'static str, &'static str);

impl HeaderSource for Request {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(match name {
            ":method" => Some(self.0.into()),
            ":path" => Some(self.1.into()),
            _ => None,
        })
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&[(":method", self.0), (":path", self.1)]))
    }
}

impl Proxy for Request {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }
}

#[test]
fn requests_are_let_be_by_method_or_path() {
    let health = json!({"paths": [{"prefix": "/health"}, {"exact": "/ping"}]});
    let cases = [
        ("a preflight", json!({}), Request("OPTIONS", "/"), true),
        ("another method", json!({}), Request("GET", "/"), false),
        ("the case of a method counts", json!({}), Request("options", "/"), false),
        ("a path of the list", health.clone(), Request("GET", "/health/live?x=1"), true),
        ("another of the list", health.clone(), Request("GET", "/ping"), true),
        ("a path that begins alike", health.clone(), Request("GET", "/healthy"), false),
        ("a path that only seems to be there", health.clone(), Request("GET", "/health/../orders"), false),
        ("paths leave methods alone", health, Request("OPTIONS", "/orders"), true),
        ("other methods", json!({"methods": ["HEAD"]}), Request("OPTIONS", "/"), false),
        ("one of them", json!({"methods": ["HEAD"]}), Request("HEAD", "/"), true),
        ("no methods", json!({"methods": []}), Request("OPTIONS", "/"), false),
        ("no paths", json!({"paths": []}), Request("GET", "/"), false),
    ];
    for (name, ignore, request, want) in cases {
        let (_, ignore) = given(json!({}), ignore).unwrap();
        let (mut state, mut facts, settings) = (HeadState::default(), Facts::default(), Settings::default());
        let head = RequestHead::new(&request, &mut state);
        let cx = Cx::new(Nanos(0), &request, &mut facts, &settings);
        assert_eq!(ignore.skips(&head, &cx), want, "{name}");
    }
}

#[test]
fn only_paths_look_at_the_path() {
    for (ignore, want) in [
        (json!({"methods": ["GET"]}), false),
        (json!({"paths": []}), false),
        (json!({"paths": [{"prefix": "/health"}]}), true),
    ] {
        assert_eq!(given(json!({}), ignore.clone()).unwrap().1.uses_paths(), want, "{ignore}");
    }
}
