use serde_json::{Value, json};
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_common::single::Single;

use super::*;
use crate::Auth;

fn object(value: &Value) -> Object {
    value.as_object().cloned().unwrap()
}

fn parse(config: &Value) -> Result<Config, String> {
    Config::parse(object(config), &Setup::new(&Env::default()), None).map_err(|errors| errors.to_string())
}

fn refused(config: &Value) -> String {
    let module = Module::<Single<Auth>>::configure(config.to_string().as_bytes(), &Env::default());
    module.err().unwrap_or_default().to_string()
}

fn own(name: &str) -> Value {
    let secret = "a secret of thirty-two bytes, say";
    json!({"type": "jwt", "issuers": [{"name": name, "algorithms": ["HS256"], "keys": {"secret": {"value": secret}}}]})
}

fn telling(name: &str, header: &str) -> Value {
    let mut authenticator = own(name);
    authenticator["claims_to_headers"] = json!([{"claim": "/id", "header": header}]);
    authenticator
}

fn keys() -> Value {
    let key = json!({"value": "k-1"});
    json!({"type": "api_key", "from": [{"header": "x-api-key"}],
           "credentials": [{"id": "p1", "consumer": "partner", "key": key}]})
}

#[test]
fn what_is_left_out_is_strict() {
    let config = parse(&json!({"authenticators": {"users": own("own")}})).unwrap();
    assert_eq!(config.gate.require, Require::Use(0));
    assert!(config.hide_credentials && config.bypass_cors_preflight && config.publish_identity);
    assert!(!config.publish_claims && !config.gate.logs_out && config.logout.logs_out);
    assert!(config.registry.tokens.is_some() && config.registry.revocation.is_none());
    assert!(config.registry.remotes.is_empty());
}

#[test]
fn only_a_module_of_its_own_publishes_who_calls_unless_told() {
    let env = Env::default();
    let cases = [(true, None, true), (false, None, false), (true, Some(false), false), (false, Some(true), true)];
    for (alone, given, want) in cases {
        let mut config = json!({"authenticators": {"users": own("own")}});
        if let Some(given) = given {
            config["publish_identity"] = given.into();
        }
        let setup = Setup { alone, ..Setup::new(&env) };
        let config = Config::parse(object(&config), &setup, None).unwrap();
        assert_eq!(config.publish_identity, want, "alone {alone}, given {given:?}");
    }
}

#[test]
fn a_rule_shares_the_registry_of_the_top() {
    let top = parse(&json!({"authenticators": {"users": own("own"), "partners": keys()},
        "require": {"use": "users"}, "consumers": [{"id": "partner"}]}))
    .unwrap();
    let rule = json!({"require": {"use": "partners"}, "hide_credentials": false});
    let rule = Config::parse(object(&rule), &Setup::new(&Env::default()), Some(&top)).unwrap();
    assert!(Rc::ptr_eq(&rule.registry, &top.registry));
    assert_eq!((&top.gate.require, &rule.gate.require), (&Require::Use(1), &Require::Use(0)), "sorted by name");
    assert!(!rule.hide_credentials);
}

#[test]
fn nobody_is_anonymous_where_nobody_is_asked() {
    for (require, want) in [
        (json!({"public": {}}), false),
        (json!({"optional": {"use": "users"}}), true),
        (json!({"any": [{"use": "users"}, {"public": {}}]}), true),
    ] {
        let config = parse(&json!({"authenticators": {"users": own("own")}, "require": require})).unwrap();
        assert_eq!(config.anonymous.is_some(), want, "{require}");
    }
}

#[test]
fn a_logout_asks_every_authenticator_of_tokens_and_no_other() {
    let authenticators = json!({"a-keys": keys(), "b-users": own("b"), "c-users": own("c")});
    let config = parse(&json!({"authenticators": authenticators, "require": {"public": {}}})).unwrap();
    assert_eq!(config.logout.require, Require::FirstValid(vec![Require::Use(1), Require::Use(2)]));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let cases = [
        (json!({}), "require: no authenticator is configured: configure one, or say {\"public\": {}}"),
        (
            json!({"authenticators": {"a": own("own"), "b": own("own")}, "require": {"use": "a"}}),
            "authenticators.b.issuers[0].name: the name is taken by an issuer of authenticators.a",
        ),
        (
            json!({"authenticators": {"a": {"type": "api_key", "credentials": []}}}),
            "authenticators.a.from: required field is missing",
        ),
        (
            json!({"authenticators": {"A": own("own")}, "require": {"public": {}}}),
            "authenticators.A: expected a name of 1 to 63 characters out of a-z, 0-9, _ and -, found \"A\"",
        ),
        (
            json!({"authenticators": {"a": {"type": "jws"}}, "require": {"public": {}}}),
            "authenticators.a.type: expected \"jwt\", \"api_key\" or \"basic\", found \"jws\", did you mean \"jwt\"?",
        ),
        (
            json!({"authenticators": {"a": {"type": "basic", "from": [], "users": []}}, "require": {"public": {}}}),
            "authenticators.a.from: unknown field, expected one of users, slow_hash_rate",
        ),
        (
            json!({"authenticators": {"a": {"type": "api_key", "from": [{"query": "key"}], "credentials": [
                {"id": "p", "consumer": "p", "key": {"env": "MISSING"}}]}}}),
            "authenticators.a.credentials[0].key.env: the VM has no environment variable \"MISSING\": pass it in \
             (Envoy: `environment_variables` of the VM's configuration, Istio: `vmConfig.env`)",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "identity_headers": {"consumer_id": "authorization",
                "consumer_groups": "host", "credential_id": "x-id"}}),
            "identity_headers.consumer_id: \"authorization\" cannot be a header for the upstream: credentials of \
             authenticators.a stand there: none could be shown\n\
             identity_headers.consumer_groups: \"host\" cannot be a header for the upstream: requests need it as it is",
        ),
        (
            json!({"authenticators": {"a": own("own"), "k": keys(), "b": telling("b", "x_consumer_id"),
                "c": telling("c", "x.api.key")}, "require": {"use": "a"}}),
            "authenticators.b: \"x_consumer_id\" cannot be a header for the upstream: it is identity_headers.consumer_id\n\
             authenticators.c: \"x.api.key\" cannot be a header for the upstream: credentials of authenticators.k stand \
             there: none could be shown",
        ),
        (
            json!({"authenticators": {"k": keys()}, "revocation": {"logout_path": "/logout"}}),
            "revocation.logout_path: needs an authenticator of type \"jwt\": only tokens are revoked",
        ),
        (
            json!({"authenticators": {"a": {"type": "jwt", "issuers": [
                {"name": "a", "algorithms": ["HS256"], "keys": {"secret": {"env": "MISSING"}}}]}},
                "revocation": {"logout_path": "/logout"}}),
            "authenticators.a.issuers[0].keys.secret.env: the VM has no environment variable \"MISSING\": pass it in \
             (Envoy: `environment_variables` of the VM's configuration, Istio: `vmConfig.env`)",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "revocation": {"allow_origins": ["https://a.example"]}}),
            "revocation.allow_origins: needs a \"logout_path\": they may log out there",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "revocation": {"logout_path": "/Auth/"},
                "login": {"path": "/auth", "claims": ["/id"], "key": {"value": "a secret of thirty-two bytes, say"}}}),
            "login.path: it is revocation.logout_path",
        ),
        (
            json!({"authenticators": {"a": own("own")},
                "login": {"path": "/in", "claims": ["/exp"], "key": {"env": "NONE"}, "ttl": "0s"}}),
            "login.ttl: expected whole seconds, minutes, hours or days such as \"24h\", at least one second, found \"0s\"",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "login": {"path": "/in", "claims": ["/exp"], "key": {"value": "x"}}}),
            "login.claims[0]: \"/exp\" would be the claim \"exp\", which comes from the gateway alone\n\
             login.key: expected a secret of at least 32 bytes, found 1 bytes",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "rules": [
                {"name": "r", "match": {"methods": ["GET"]}, "config": {"login": null}}]}),
            "rules[0].config.login: a registry stands at the top, once for all rules: no rule can change it",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "require": {"any": []}, "consumers": [{"id": "x"}, {"id": "x"}]}),
            "require.any: expected at least one element, found none\n\
             consumers[1].id: the name \"x\" is taken by consumers[0]",
        ),
        (
            json!({"authenticators": {"a": own("own")}, "rules": [
                {"name": "r", "match": {"methods": ["GET"]}, "config": {"consumers": []}}]}),
            "rules[0].config.consumers: a registry stands at the top, once for all rules: no rule can change it",
        ),
        (
            json!({"authenticators": {"users": own("own")}, "rules": [
                {"name": "r", "match": {"methods": ["GET"]}, "config": {"require": {"use": "user"}}}]}),
            "rules[0].config.require.use: expected the name of an authenticator, found \"user\", \
             did you mean \"users\"?",
        ),
    ];
    for (config, want) in cases {
        assert_eq!(refused(&config), want, "{config}");
    }
}
