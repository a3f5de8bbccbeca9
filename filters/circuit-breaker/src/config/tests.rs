use serde_json::{Value, json};
use sluicegate_common::config::Env;

use super::*;

fn parse(config: Value) -> Result<Config, ConfigErrors> {
    let env = Env::default();
    Config::parse(config.as_object().cloned().unwrap(), &Setup::new(&env), None)
}

#[test]
fn an_empty_config_has_the_defaults() {
    let Config { rules, slow_call_duration, state, .. } = parse(json!({})).unwrap();
    let want = Rules {
        window: DEFAULT_WINDOW,
        minimum_calls: 20,
        failure_rate: 50,
        slow_call_rate: 100,
        consecutive_failures: 5,
        wait: Duration::from_secs(60),
        multiplier: 1.0,
        max_wait: Duration::from_secs(300),
        jitter: 0.0,
        permitted_calls: 5,
        permit_lease: Duration::from_secs(15),
        max_wait_in_half_open: None,
    };
    assert_eq!(*rules, want);
    assert_eq!((slow_call_duration, state), (Duration::from_secs(2), StateRule::Auto));
}

#[test]
fn accepted() {
    let cases = [
        json!({"window": {"type": "time", "size": "60s"}, "minimum_calls": 1}),
        json!({"window": {"type": "count", "size": 10_000}}),
        json!({"scope": ["cluster", "route", "path_template", "const:x"], "id": "a", "max_breakers": 1024}),
        json!({"scope": ["host"], "hosts": ["api.example.com", "*.example.org"]}),
        json!({"failure_rate_threshold": 0, "slow_call_rate_threshold": 0, "consecutive_failures": 1}),
        json!({"failure_rate_threshold": 100, "slow_call_rate_threshold": 0, "consecutive_failures": 0}),
        json!({"wait_duration_in_open_state": "10m"}),
        json!({"wait_backoff": {"multiplier": 1.5, "max": "1h", "jitter": 0.5}}),
        json!({"max_wait_in_half_open": "30s", "permitted_calls_in_half_open": 100, "permit_lease": "1s"}),
        json!({"open": {"status": 503, "json": {"error": "Service temporarily unavailable", "service": "${breaker}"}}}),
        json!({"open": {"status": 503, "text": "later"}, "state": "metrics_only", "status_path": "/circuit-breakers"}),
    ];
    for case in cases {
        assert!(parse(case.clone()).is_ok(), "{case}: {:?}", parse(case.clone()).err());
    }
}

#[test]
fn refused() {
    let cases = [
        (json!({"windw": 1}), "windw: unknown field, did you mean \"window\"?"),
        (
            json!({"window": {"type": "count", "size": 0}}),
            "window.size: expected a whole number from 1 to 10000, found 0",
        ),
        (
            json!({"window": {"type": "time", "size": "1500ms"}}),
            "window.size: expected whole seconds from \"1s\" to \"1h\", found 1.5s",
        ),
        (
            json!({"window": {"type": "tme", "size": "1s"}}),
            "window.type: expected \"count\" or \"time\", found \"tme\", did you mean \"time\"?",
        ),
        (
            json!({"failure_rate_threshold": 0, "slow_call_rate_threshold": 0, "consecutive_failures": 0}),
            "consecutive_failures: no rule is on: one of \"failure_rate_threshold\", \"slow_call_rate_threshold\" and \
             \"consecutive_failures\" must be above 0",
        ),
        (
            json!({"failure_rate_threshold": 101}),
            "failure_rate_threshold: expected a percentage from 0 to 100, found 101",
        ),
        (
            json!({"wait_duration_in_open_state": "0s"}),
            "wait_duration_in_open_state: expected a duration above zero, found \"0s\"",
        ),
        (json!({"max_wait_in_half_open": "0s"}), "max_wait_in_half_open: expected a duration above zero, found \"0s\""),
        (
            json!({"wait_backoff": {"multiplier": 0.5, "max": "1s", "jitter": 2}}),
            "wait_backoff.multiplier: expected a number from 1 to 100, found 0.5\n\
             wait_backoff.jitter: expected a number from 0 to 1, found 2\n\
             wait_backoff.max: is shorter than \"wait_duration_in_open_state\"",
        ),
        (
            json!({"permitted_calls_in_half_open": 0}),
            "permitted_calls_in_half_open: expected a whole number from 1 to 100, found 0",
        ),
        (json!({"scope": []}), "scope: is empty: \"const:<name>\" makes one breaker for all requests"),
        (json!({"scope": ["host"]}), "hosts: stands beside \"host\" in \"scope\", and names those told apart"),
        (json!({"hosts": ["a.example"]}), "hosts: stands beside \"host\" in \"scope\", and names those told apart"),
        (
            json!({"scope": ["host"], "hosts": ["a.example:80"]}),
            "hosts[0]: expected a host without port such as \"api.example.com\", \"*.example.com\" or \"[::1]\", found \
             \"a.example:80\"",
        ),
        (
            json!({"scope": ["const:A"]}),
            "scope[0]: expected \"cluster\", \"route\", \"path_template\", \"host\" or \"const:<name>\", a name such as \
             \"orders\", found \"const:A\"",
        ),
        (
            json!({"status_path": "circuit-breakers"}),
            "status_path: expected a plain path such as \"/circuit-breakers\", found circuit-breakers",
        ),
        (json!({"open": {"status": 204, "text": "x"}}), "open.status: 204 has no body (RFC 9110 section 6.4.1)"),
    ];
    for (config, want) in cases {
        let errors = parse(config.clone()).err().unwrap_or_default();
        assert_eq!(errors.to_string(), want, "{config}");
    }
}

#[test]
fn a_rule_shares_the_registry_and_adds_its_window() {
    let env = Env::default();
    let top = parse(json!({})).unwrap();
    assert!(!top.registry.serves_rules());
    let rule = |size: u32| {
        let window = json!({"window": {"type": "count", "size": size}});
        Config::parse(window.as_object().cloned().unwrap(), &Setup::new(&env), Some(&top))
    };
    for size in [100, 1, 2, 3] {
        assert!(Rc::ptr_eq(&rule(size).unwrap().registry, &top.registry));
    }
    assert!(top.registry.serves_rules());
    let error = rule(4).err().unwrap_or_default().to_string();
    assert_eq!(error, "window: the rules have 4 other windows already, and breakers keep all of them");
}
