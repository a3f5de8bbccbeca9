use serde_json::{Value, json};
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Answer, Callout, CalloutAnswer, CalloutError, CalloutRequest};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::module::Module;
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::single::Single;
use sluicegate_common::time::Nanos;

use super::*;

fn service(cluster: &str) -> Value {
    json!({"cluster": cluster, "authority": "authz.internal", "path": "/check"})
}

fn filter(config: Value) -> Result<ExtAuth, String> {
    let Value::Object(config) = config else { panic!("expected an object") };
    ExtAuth::configure(config, &Setup::new(&Env::default()), None).map_err(|errors| errors.to_string())
}

#[test]
fn the_example_config_is_accepted() {
    Module::<Single<ExtAuth>>::configure(include_bytes!("../config.json"), &Env::default()).unwrap();
}

#[test]
fn a_wrong_config_says_what_is_wrong() {
    struct Case {
        config: Value,
        want: &'static str,
    }
    for Case { config, want } in [
        Case { config: json!({}), want: "services: required field is missing" },
        Case { config: json!({"services": []}), want: "services: expected at least one service" },
        Case { config: json!({"services": [service("")]}), want: "services[0].cluster: expected printable ASCII" },
        Case { config: json!({"services": [service("a")], "timeout": "0ms"}), want: "timeout: expected at least" },
        Case { config: json!({"services": [service("a")], "headers": [":path"]}), want: "headers[0]: expected" },
        Case { config: json!({"services": [service("a")], "on_service_failure": "503"}), want: "on_service_failure" },
    ] {
        let error = filter(config.clone()).unwrap_err();
        assert!(error.contains(want), "{config}: expected {want}, found {error}");
    }
}

/// One request on its way through the filter.
struct Exchange {
    filter: ExtAuth,
    pending: Pending,
    host: Host,
    state: HeadState,
}

impl Exchange {
    fn new(config: Value, fields: &[(&str, &[u8])]) -> Self {
        let pseudo = [(":method", "POST"), (":path", "/orders?id=1"), (":authority", "api.example.com")];
        let pseudo = pseudo.map(|(name, value)| (name, value.as_bytes()));
        let own = |(name, value): (&str, &[u8])| (name.to_owned(), value.to_vec());
        let host = Host(pseudo.into_iter().chain(fields.iter().copied()).map(own).collect());
        Self { filter: filter(config).unwrap(), pending: Pending::default(), host, state: HeadState::default() }
    }

    fn ask(&mut self, why: Option<&CalloutAnswer>) -> Decision {
        let (mut facts, settings) = (Facts::default(), Settings::default());
        let mut head = RequestHead::new(&self.host, &mut self.state);
        let mut cx = Cx::new(Nanos::default(), &self.host, &mut facts, &settings);
        match why {
            None => self.filter.on_request(&mut self.pending, &mut head, &mut cx),
            Some(answer) => self.filter.on_wake(&mut self.pending, &Wake::Answer(answer), &mut head, &mut cx),
        }
    }

    fn callouts(&mut self) -> Vec<Callout> {
        match self.ask(None) {
            Decision::Wait(Wait::Callouts(callouts)) => callouts,
            other => panic!("expected call-outs, found {other:?}"),
        }
    }

    fn upstream(&mut self, name: &str) -> Vec<String> {
        let head = RequestHead::new(&self.host, &mut self.state);
        head.values(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }
}

/// A host that has this request and nothing else.
struct Host(Vec<(String, Vec<u8>)>);

impl HeaderSource for Host {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

impl Proxy for Host {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::NotFound)
    }
}

fn answer(status: u16, fields: &[(&str, &str)]) -> CalloutAnswer {
    let headers = HeaderMap::parse(HeaderMap::serialize(fields)).unwrap();
    CalloutAnswer { id: 0, outcome: Ok(Answer { status, headers, body: Vec::new() }) }
}

#[test]
fn a_service_is_told_the_request_and_the_chosen_headers() {
    let config = json!({"services": [service("a"), service("b")], "timeout": "250ms", "headers": ["X-Key"]});
    let mut exchange = Exchange::new(config, &[("x-key", b"1"), ("cookie", b"secret"), ("x-key", b"2")]);
    let callouts = exchange.callouts();
    let asked: Vec<_> = callouts.iter().map(|callout| (callout.id, callout.upstream.as_str())).collect();
    assert_eq!(asked, [(0, "a"), (1, "b")]);
    for callout in callouts {
        let CalloutRequest::Http { headers, body } = callout.request else { panic!("expected HTTP") };
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let want = [
            (":method", "GET"),
            (":path", "/check"),
            (":authority", "authz.internal"),
            ("x-forwarded-method", "POST"),
            ("x-forwarded-uri", "/orders?id=1"),
            ("x-forwarded-host", "api.example.com"),
            ("x-key", "1"),
            ("x-key", "2"),
        ];
        assert_eq!(headers, want);
        assert_eq!((callout.timeout.as_millis(), body.len()), (250, 0));
    }
}

#[test]
fn an_answer_decides() {
    struct Case {
        answer: CalloutAnswer,
        on_service_failure: &'static str,
        want: Option<(u16, &'static str)>,
    }
    let failed = |error| CalloutAnswer { id: 0, outcome: Err(error) };
    let refused = |answer, want| Case { answer, on_service_failure: "allow", want: Some(want) };
    let failing = |answer: fn() -> CalloutAnswer| {
        [("deny", Some((503, "service_failure"))), ("allow", None)].map(|(on_service_failure, want)| Case {
            answer: answer(),
            on_service_failure,
            want,
        })
    };
    let mut cases = vec![
        Case { answer: answer(200, &[]), on_service_failure: "deny", want: None },
        refused(answer(401, &[]), (401, "unauthenticated")),
        refused(answer(403, &[]), (403, "denied")),
    ];
    cases.extend(failing(|| answer(204, &[])));
    cases.extend(failing(|| answer(302, &[])));
    cases.extend(failing(|| answer(500, &[])));
    cases.push(Case { answer: failed(CalloutError::Failed), on_service_failure: "allow", want: None });
    let not_sent = failed(CalloutError::NotSent(Status::BadArgument));
    cases.push(Case { answer: not_sent, on_service_failure: "deny", want: Some((503, "service_failure")) });
    for Case { answer, on_service_failure, want } in cases {
        let config = json!({"services": [service("a")], "on_service_failure": on_service_failure});
        let mut exchange = Exchange::new(config, &[]);
        exchange.callouts();
        let found = match exchange.ask(Some(&answer)) {
            Decision::Continue => None,
            Decision::Respond(reply) => Some((reply.status(), reply.code())),
            Decision::Wait(wait) => panic!("{answer:?}: {wait:?}"),
        };
        assert_eq!(found, want, "{answer:?}, {on_service_failure}");
    }
}

#[test]
fn the_upstream_sees_the_services_headers_and_never_the_clients() {
    let config = json!({"services": [service("a"), service("b")], "copy_headers": ["x-user", "x-groups"]});
    let mut exchange = Exchange::new(config, &[("x-user", b"mallory"), ("x-groups", b"admin")]);
    exchange.callouts();
    assert_eq!(exchange.upstream("x-user"), [""; 0]);
    let first = answer(200, &[("x-user", "alice"), ("x-other", "1")]);
    assert!(matches!(exchange.ask(Some(&first)), Decision::Wait(Wait::Callouts(none)) if none.is_empty()));
    assert!(matches!(exchange.ask(Some(&answer(200, &[("x-groups", "a"), ("x-groups", "b")]))), Decision::Continue));
    assert_eq!(exchange.upstream("x-user"), ["alice"]);
    assert_eq!(exchange.upstream("x-groups"), ["a", "b"]);
    assert_eq!(exchange.upstream("x-other"), [""; 0]);
}

#[test]
fn a_challenge_reaches_the_client() {
    let mut exchange = Exchange::new(json!({"services": [service("a")]}), &[]);
    exchange.callouts();
    let refused = answer(401, &[("www-authenticate", "Basic realm=\"a\""), ("set-cookie", "a=b")]);
    let Decision::Respond(reply) = exchange.ask(Some(&refused)) else { panic!("expected a reply") };
    assert_eq!(reply.headers(), [("www-authenticate".into(), b"Basic realm=\"a\"".to_vec())]);
}

#[test]
fn what_is_not_text_is_not_sent() {
    for (name, value) in [("authorization", b"Bearer \xff".as_slice()), (":path", b"/\xff")] {
        let config = json!({"services": [service("a")], "headers": ["authorization"]});
        let mut exchange = Exchange::new(config, &[]);
        exchange.host.0.retain(|(found, _)| found != name);
        exchange.host.0.push((name.to_owned(), value.to_vec()));
        let Decision::Respond(reply) = exchange.ask(None) else { panic!("{name}: expected a reply") };
        assert_eq!((reply.status(), reply.code()), (400, "not_text"));
        assert_eq!(reply.message(), format!("The value of {name} is not UTF-8."));
    }
}
