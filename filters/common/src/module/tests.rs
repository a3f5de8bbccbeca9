use std::cell::RefCell;

use serde_json::{Value, json};

use super::*;
use crate::chain::Walk;
use crate::config::{FromConfig, InternalError, Object, read};
use crate::facts::Facts;
use crate::facts::fake::FakeHost;
use crate::filter::{Decision, Filter, Outcome, Setup};
use crate::head::HeadState;
use crate::proxy::Status;
use crate::reply::LocalReply;
use crate::single::Single;
use crate::time::Nanos;

/// Refuses requests that carry the configured header, and marks the others.
#[derive(Debug)]
struct Guard {
    refuse: String,
}

#[derive(FromConfig)]
struct RawGuard {
    refuse: String,
}

impl Filter for Guard {
    const NAME: &'static str = "guard";
    const REGISTRIES: &'static [&'static str] = &["store"];
    const CODES: &'static [&'static str] = &["carried"];
    const ON_INTERNAL_ERROR: InternalError = InternalError::Deny;
    type Stream = ();

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        Ok(Self { refuse: read::<RawGuard>(config)?.refuse })
    }

    fn on_request(&self, (): &mut (), head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        if head.get("x-asked").is_some() {
            cx.report(Outcome::Answered, "asked");
            return Decision::Respond(LocalReply::new(204, "asked", "").no_body());
        }
        if head.get(&self.refuse).is_some() {
            return Decision::Respond(LocalReply::new(403, "carried", "Not with that header."));
        }
        head.set("x-guarded", *b"yes").unwrap();
        Decision::Continue
    }
}

fn module(config: &Value) -> Result<Module<Single<Guard>>, String> {
    Module::configure(config.to_string().as_bytes(), &Env::default()).map_err(|errors| errors.to_string())
}

/// What came of a request: the step in words, and whether the filter's mark was set.
fn walk(module: &Module<Single<Guard>>, host: &FakeHost) -> (String, bool) {
    let (mut state, mut facts) = (HeadState::default(), Facts::default());
    let mut head = RequestHead::new(host, &mut state);
    let mut cx = Cx::new(Nanos(0), host, &mut facts, module.settings());
    let reply = |reply: Rendered| format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body));
    let step = match module.choose(&mut head, &mut cx) {
        Err(rendered) => reply(rendered),
        Ok(chain) => match chain.on_request(0, &mut (), &mut head, &mut cx) {
            Step::Continue => "continue".to_owned(),
            Step::Reply(rendered) => reply(rendered),
            Step::Wait(_) => "wait".to_owned(),
        },
    };
    (step, head.get("x-guarded").is_some())
}

fn counted(host: &FakeHost) -> Vec<String> {
    let tail = |(name, value): &(String, u32)| format!("{} {value}", name.trim_start_matches("sluicegate_"));
    host.counted.borrow().iter().map(tail).collect()
}

#[test]
fn a_decision_becomes_a_step_a_count_and_a_record() {
    struct Case {
        name: &'static str,
        config: Value,
        headers: &'static [(&'static str, &'static str)],
        step: &'static str,
        marked: bool,
        counted: &'static [&'static str],
        record: &'static [&'static str],
    }
    let text = |mut more: Value| {
        more["refuse"] = json!("x-bad");
        more["error_format"] = json!("text");
        more
    };
    let cases = [
        Case {
            name: "allowed",
            config: text(json!({})),
            headers: &[],
            step: "continue",
            marked: true,
            counted: &["guard_requests_total.outcome.allowed.code.ok.rule.default.mode.enforce 1"],
            record: &[],
        },
        Case {
            name: "refused",
            config: text(json!({})),
            headers: &[("x-bad", "1")],
            step: "403 Not with that header.",
            marked: false,
            counted: &["guard_requests_total.outcome.refused.code.carried.rule.default.mode.enforce 1"],
            record: &["carried;rule=default;mode=enforce"],
        },
        Case {
            name: "answered as asked: no refusal to record",
            config: text(json!({})),
            headers: &[("x-asked", "1")],
            step: "204 ",
            marked: false,
            counted: &["guard_requests_total.outcome.answered.code.asked.rule.default.mode.enforce 1"],
            record: &[],
        },
        Case {
            name: "shadow counts and changes nothing",
            config: text(json!({"mode": "shadow"})),
            headers: &[("x-bad", "1")],
            step: "continue",
            marked: false,
            counted: &["guard_requests_total.outcome.refused.code.carried.rule.default.mode.shadow 1"],
            record: &["carried;rule=default;mode=shadow"],
        },
        Case {
            name: "shadow takes the edits of an allowed request back",
            config: text(json!({"mode": "shadow", "decision_record": "all"})),
            headers: &[],
            step: "continue",
            marked: false,
            counted: &["guard_requests_total.outcome.allowed.code.ok.rule.default.mode.shadow 1"],
            record: &["ok;rule=default;mode=shadow"],
        },
        Case {
            name: "off",
            config: text(json!({"mode": "off"})),
            headers: &[("x-bad", "1")],
            step: "continue",
            marked: false,
            counted: &[],
            record: &[],
        },
        Case {
            name: "a reply overridden, no record wanted",
            config: text(json!({"errors": {"carried": {"status": 451, "text": "no"}}, "decision_record": "off"})),
            headers: &[("x-bad", "1")],
            step: "451 no",
            marked: false,
            counted: &["guard_requests_total.outcome.refused.code.carried.rule.default.mode.enforce 1"],
            record: &[],
        },
        Case {
            name: "the tutorial's error model, with the request's id",
            config: json!({"refuse": "x-bad", "error_format": "json"}),
            headers: &[("x-bad", "1"), ("x-correlation-id", "order-4711")],
            step: r#"403 {"error":"carried","message":"Not with that header.","correlationId":"order-4711"}"#,
            marked: false,
            counted: &["guard_requests_total.outcome.refused.code.carried.rule.default.mode.enforce 1"],
            record: &["carried;rule=default;mode=enforce"],
        },
    ];
    for case in cases {
        let module = module(&case.config).unwrap();
        let host = FakeHost::new(case.headers);
        assert_eq!(walk(&module, &host), (case.step.to_owned(), case.marked), "{}", case.name);
        assert_eq!(counted(&host), case.counted, "{}", case.name);
        let records = host.set.borrow().iter().map(|(_, record)| record.clone()).collect::<Vec<_>>();
        assert_eq!(records, case.record, "{}", case.name);
    }
}

#[test]
fn the_first_rule_that_matches_chooses() {
    let rule = |name: &str, prefix: &str, refuse: &str| json!({"name": name, "match": {"paths": [{"prefix": prefix}]}, "config": {"refuse": refuse}});
    let config = json!({"refuse": "x-top", "error_format": "text",
        "rules": [rule("ab", "/a/b", "x-ab"), rule("a", "/a", "x-a")]});
    let module = module(&config).unwrap();
    for (path, header, want, label) in [
        ("/", "x-top", "403 Not with that header.", "refused.code.carried.rule.default"),
        ("/a", "x-a", "403 Not with that header.", "refused.code.carried.rule.a"),
        ("/a/b/c?x", "x-ab", "403 Not with that header.", "refused.code.carried.rule.ab"),
        ("/a/b", "x-a", "continue", "allowed.code.ok.rule.ab"),
        (
            "/a/%2e%2e;/b",
            "x-a",
            "400 The path can be read in more than one way.",
            "refused.code.ambiguous_path.rule.default",
        ),
    ] {
        let host = FakeHost::new(&[(":path", path), (header, "1")]);
        assert_eq!(walk(&module, &host).0, want, "{path}");
        assert_eq!(counted(&host), [format!("guard_requests_total.outcome.{label}.mode.enforce 1")], "{path}");
    }
}

#[test]
fn the_headers_that_rules_look_at_are_known_whichever_matches() {
    let rule = |name: &str, matcher: Value| json!({"name": name, "match": matcher, "config": {"refuse": "x-other"}});
    let by_header = rule("h", json!({"headers": [{"name": "X-Plan", "exact": "gold"}]}));
    let by_cookie = rule("c", json!({"cookies": [{"name": "beta", "present": true}], "methods": ["GET"]}));
    let by_path = rule("p", json!({"paths": [{"prefix": "/a"}], "query": [{"name": "q", "present": true}]}));
    for (rules, want) in
        [(json!([by_path, by_header, by_cookie]), "cookie x-plan"), (json!([by_path]), ""), (json!([]), "")]
    {
        let module = module(&json!({"refuse": "x-top", "rules": rules})).unwrap();
        let host = FakeHost::new(&[(":path", "/a?q"), (":method", "GET")]);
        let (mut state, mut facts) = (HeadState::default(), Facts::default());
        let mut cx = Cx::new(Nanos(0), &host, &mut facts, module.settings());
        for _ in 0..2 {
            module.choose(&mut RequestHead::new(&host, &mut state), &mut cx).unwrap();
        }
        assert_eq!(Vec::from_iter(facts.chosen_by()).join(" "), want, "{rules}");
    }
}

#[test]
fn a_host_that_fails_is_settled_by_the_failure_mode() {
    struct Broken(FakeHost, RefCell<u32>);
    impl crate::head::HeaderSource for Broken {
        fn first(&self, _: &str) -> Result<Option<Vec<u8>>, Status> {
            *self.1.borrow_mut() += 1;
            Err(Status::InternalFailure)
        }
        fn all(&self) -> Result<crate::head::HeaderMap, Status> {
            Err(Status::InternalFailure)
        }
    }
    for (mode, want) in [(json!({}), "500"), (json!({"on_internal_error": "allow"}), "continue")] {
        let mut config = mode;
        config["refuse"] = json!("x-bad");
        let module = module(&config).unwrap();
        let broken = Broken(FakeHost::default(), RefCell::default());
        let (mut state, mut facts) = (HeadState::default(), Facts::default());
        let mut head = RequestHead::new(&broken, &mut state);
        let mut cx = Cx::new(Nanos(0), &broken.0, &mut facts, module.settings());
        let step = match module.top().on_request(0, &mut (), &mut head, &mut cx) {
            Step::Reply(reply) => reply.status.to_string(),
            Step::Continue => "continue".to_owned(),
            Step::Wait(_) => "wait".to_owned(),
        };
        assert_eq!(step, want);
        let error = "guard_requests_total.outcome.error.code.internal_error.rule.default.mode.enforce 1";
        assert_eq!(counted(&broken.0), [error]);
        assert!(*broken.1.borrow() > 0);
    }
}

#[test]
fn all_errors_of_a_config_are_listed() {
    let config = json!({"refuze": "x", "errors": {"caried": {"text": "no"}}, "client_ip": {"from": "header"},
        "case_sensitive": 1,
        "rules": [{"name": "a", "match": {}, "config": {"store": {}, "refuse": 1}}]});
    let errors = module(&config).unwrap_err();
    for want in [
        "refuze: unknown field, did you mean \"refuse\"?",
        "errors.caried: unknown field, did you mean \"carried\"?",
        "client_ip.from: expected",
        "case_sensitive: expected",
        "rules[0].match: ",
        "rules[0].config.store: a registry stands at the top",
        "rules[0].config.refuse: expected",
    ] {
        assert!(errors.contains(want), "{want:?} is missing in:\n{errors}");
    }
}
