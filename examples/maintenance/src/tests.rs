use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Answer, CalloutAnswer, CalloutError, CalloutRequest, RootCx};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::module::Module;
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::single::Single;

use super::*;

/// A host that has nothing: the filter reads no request.
struct Nothing;

impl HeaderSource for Nothing {
    fn first(&self, _: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        Ok(HeaderMap::default())
    }
}

impl Proxy for Nothing {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::NotFound)
    }
}

fn filter(fields: Value) -> Result<Maintenance, String> {
    let mut config = json!({"cluster": "status", "authority": "status.internal", "path": "/maintenance"});
    let (Value::Object(config), Value::Object(fields)) = (&mut config, fields) else { panic!("expected objects") };
    config.extend(fields);
    Maintenance::configure(config.clone(), &Setup::new(&Env::default()), None).map_err(|errors| errors.to_string())
}

const START: Nanos = Nanos(1_000_000_000_000);

/// What comes of a request after `waited`: the reply's status, code and `Retry-After`, or until when it waits.
#[derive(Debug, PartialEq)]
enum Came {
    Passed,
    Replied(u16, &'static str, Option<u64>),
    Waits(Nanos),
}

fn came(filter: &Maintenance, waited: Option<Duration>) -> Came {
    let (mut facts, mut state, settings) = (Facts::default(), HeadState::default(), Settings::default());
    let mut head = RequestHead::new(&Nothing, &mut state);
    let now = START.plus(waited.unwrap_or_default());
    let mut cx = Cx::new(now, &Nothing, &mut facts, &settings);
    let mut until = START.plus(Duration::from_secs(1));
    let decision = match waited {
        None => filter.on_request(&mut until, &mut head, &mut cx),
        Some(_) => filter.on_wake(&mut until, &Wake::Timeout, &mut head, &mut cx),
    };
    match decision {
        Decision::Continue => Came::Passed,
        Decision::Respond(reply) => Came::Replied(reply.status(), reply.code(), reply.retry_after_secs()),
        Decision::Wait(Wait::Background { topic: ANSWERED, until }) => Came::Waits(until),
        Decision::Wait(other) => panic!("{other:?}"),
    }
}

fn answer(status: u16, body: &str) -> CalloutAnswer {
    CalloutAnswer { id: 0, outcome: Ok(Answer { status, headers: HeaderMap::default(), body: body.into() }) }
}

fn root() -> RootCx<'static> {
    RootCx::new(START, &Nothing)
}

#[test]
fn the_example_config_is_accepted() {
    Module::<Single<Maintenance>>::configure(include_bytes!("../config.json"), &Env::default()).unwrap();
}

#[test]
fn a_wrong_config_says_what_is_wrong() {
    for (fields, want) in [
        (json!({"cluster": "a b"}), "cluster: expected printable ASCII without spaces"),
        (json!({"path": "maintenance"}), "path: expected a path"),
        (json!({"refresh": "99ms"}), "refresh: expected at least 100ms, found 99ms"),
        (json!({"timeout": "0ms"}), "timeout: expected at least 1ms"),
        (json!({"on_unknown": "maybe"}), "on_unknown: expected"),
    ] {
        let error = filter(fields.clone()).unwrap_err();
        assert!(error.contains(want), "{fields}: expected {want}, found {error}");
    }
}

#[test]
fn the_last_answer_decides() {
    struct Case {
        answers: &'static [(u16, &'static str)],
        want: Came,
    }
    let down = || Came::Replied(503, "maintenance", Some(60));
    let waits = || Came::Waits(START.plus(Duration::from_secs(1)));
    const TRUE: (u16, &str) = (200, r#"{"maintenance": true, "since": "noon"}"#);
    const FALSE: (u16, &str) = (200, r#"{"maintenance": false}"#);
    for Case { answers, want } in [
        Case { answers: &[], want: waits() },
        Case { answers: &[TRUE], want: down() },
        Case { answers: &[FALSE], want: Came::Passed },
        Case { answers: &[FALSE, TRUE], want: down() },
        Case { answers: &[TRUE, FALSE], want: Came::Passed },
        Case { answers: &[(200, "")], want: waits() },
        Case { answers: &[(200, r#"{"maintenance": 1}"#)], want: waits() },
        Case { answers: &[(503, r#"{"maintenance": false}"#)], want: waits() },
        Case { answers: &[TRUE, (503, ""), (200, "[]")], want: down() },
    ] {
        let filter = filter(json!({})).unwrap();
        for (status, body) in answers {
            let mut cx = root();
            filter.poll.on_answer(&answer(*status, body), &mut cx);
            let known = [TRUE, FALSE].contains(&(*status, *body));
            assert_eq!(cx.topics, if known { vec![ANSWERED] } else { Vec::new() }, "{body}");
        }
        assert_eq!(came(&filter, None), want, "{answers:?}");
    }
}

#[test]
fn who_has_waited_in_vain_is_let_through_or_not() {
    let second = Duration::from_secs(1);
    for (on_unknown, want) in [("allow", Came::Passed), ("deny", Came::Replied(503, "maintenance_unknown", None))] {
        let filter = filter(json!({"on_unknown": on_unknown})).unwrap();
        let early = second.checked_sub(Duration::from_nanos(1));
        assert_eq!(came(&filter, early), Came::Waits(START.plus(second)), "woken too early");
        assert_eq!(came(&filter, Some(second)), want, "{on_unknown}");
    }
    assert_eq!(came(&filter(json!({"max_wait": "0ms"})).unwrap(), None), Came::Passed);
}

#[test]
fn one_question_is_under_way_at_a_time() {
    let filter = filter(json!({"timeout": "300ms"})).unwrap();
    let ask = || {
        let mut cx = root();
        filter.poll.on_tick(&mut cx);
        cx.callouts
    };
    let asked = ask();
    let [callout] = asked.as_slice() else { panic!("expected one call-out, found {asked:?}") };
    assert_eq!((callout.upstream.as_str(), callout.timeout.as_millis()), ("status", 300));
    let CalloutRequest::Http { headers, .. } = &callout.request else { panic!("{callout:?}") };
    assert_eq!(
        headers.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
        ["GET", "/maintenance", "status.internal", "application/json"]
    );
    assert_eq!(ask(), []);
    let failed = CalloutAnswer { id: 0, outcome: Err(CalloutError::NotSent(Status::InternalFailure)) };
    filter.poll.on_answer(&failed, &mut root());
    assert_eq!(ask().len(), 1);
}
