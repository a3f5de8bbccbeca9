//! A rule shares the filters that its patch leaves as they are. It must not show: a patch that names every filter, with
//! nothing to change in it, makes the gateway compile all of them anew, and the two are told apart by nothing.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "this is how tests fail"
)]

mod host;

use host::{Host, Map, Scratch, exchange};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};
use sluicegate_common::account::Step;
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_common::time::Nanos;
use sluicegate_gateway::Gateway;

const FILTERS: [&str; 5] = ["cors", "auth", "rate_limit", "circuit_breaker", "header_transform"];

/// One request through the gateway, and its answer back.
fn request(module: &Module<Gateway>, host: &Host, now: Nanos, fields: &[(&'static str, String)], status: u16) {
    let answer = |ended: Option<(usize, Step)>| {
        if let Some((at, step)) = &ended {
            host.note(|| format!("at {at}: {step:?}"));
        }
        host.status.set(match ended {
            None => status,
            Some((_, Step::Reply(reply))) => reply.status,
            Some(_) => 500,
        });
        Map::new(host, &[(":status", host.status.get().to_string()), ("x-a", "1".to_owned())])
    };
    let (from_client, trailers) = (Map::new(host, fields), Map::new::<&str>(host, &[]));
    if let Err(reply) = exchange(module, host, now, [&from_client, &trailers], answer, &mut Scratch::default()) {
        host.note(|| format!("{reply:?}"));
    }
}

/// The fields of a filter, from which its patches are drawn as well; the first stands at the top always.
fn fields(filter: &str) -> Vec<(&'static str, Value)> {
    let own =
        |path: &str, config: Value| json!([{"name": "own", "match": {"paths": [{"prefix": path}]}, "config": config}]);
    match filter {
        "cors" => vec![
            ("allow_origins", json!(["https://app.example.com"])),
            ("allow_methods", json!(["GET", "PUT"])),
            ("on_disallowed_origin", json!("reject")),
            ("rules", own("/b", json!({"allow_origins": ["*"]}))),
        ],
        "auth" => vec![
            (
                "authenticators",
                json!({"keys": {"type": "api_key", "from": [{"header": "x-api-key"}],
                    "credentials": [{"id": "k", "consumer": "ada", "key": {"value": "a-key-of-a-client-not-for-production"}}]}}),
            ),
            ("require", json!({"optional": {"use": "keys"}})),
            (
                "authorize",
                json!([{"name": "ada", "match": {"paths": [{"prefix": "/a"}]}, "allow": {"consumers": ["ada"]}}]),
            ),
            ("hide_credentials", json!(false)),
            ("rules", own("/b", json!({"require": {"public": {}}}))),
        ],
        "rate_limit" => vec![
            ("limits", json!([{"name": "flow", "requests": 2, "per": "1m", "key": ["consumer"]}])),
            ("headers", json!([])),
            (
                "rules",
                own(
                    "/b",
                    json!({"limits": [{"name": "few", "requests": 1, "per": "1m", "key": ["ip"], "stage": "before_auth"}]}),
                ),
            ),
        ],
        "circuit_breaker" => vec![
            ("scope", json!(["const:orders"])),
            ("consecutive_failures", json!(2)),
            ("rules", own("/b", json!({"consecutive_failures": 1}))),
        ],
        _ => vec![
            ("response", json!([{"op": "set", "target": "header", "name": "x-a", "value": "${header.x-a}"}])),
            ("request", json!([{"op": "set", "target": "header", "name": "x-b", "value": "${consumer.id}"}])),
            ("security_headers", json!("api")),
            ("rules", own("/b", json!({"reply": [{"name": "here", "status": 418, "text": "${request_id}"}]}))),
        ],
    }
}

fn common() -> Vec<(&'static str, Value)> {
    vec![
        ("mode", json!("shadow")),
        ("mode", json!("off")),
        ("error_format", json!("json")),
        ("on_internal_error", json!("deny")),
        ("decision_record", json!("all")),
        ("errors", json!({"ambiguous_path": {"status": 404}})),
    ]
}

/// Some of these fields as an object. The first of `must` are among them.
fn object(fields: Vec<(&'static str, Value)>, must: usize) -> BoxedStrategy<Value> {
    let (always, may) = (fields[..must].to_vec(), fields[must..].to_vec());
    let all = may.len();
    subsequence(may, 0..=all)
        .prop_map(move |chosen| {
            Value::Object(always.iter().cloned().chain(chosen).map(|(name, value)| (name.to_owned(), value)).collect())
        })
        .boxed()
}

fn join(into: &Value, more: &Value) -> Value {
    let mut joined = into.as_object().cloned().unwrap();
    joined.extend(more.as_object().cloned().unwrap());
    joined.into()
}

/// The gateway's object with some filters, each with some of its fields and perhaps some of the common ones.
fn layer(at_top: bool) -> BoxedStrategy<Value> {
    let few = |fields: Vec<(&'static str, Value)>| prop_oneof![3 => Just(json!({})), 1 => object(fields, 0)];
    let filter = |name: &'static str| {
        let (mut own, must) = (fields(name), usize::from(at_top));
        if !at_top {
            own.retain(|(field, _)| !["authenticators", "scope"].contains(field)); // No rule may name these.
        }
        let known = (object(own, must), few(common())).prop_map(|(own, common)| join(&own, &common));
        prop_oneof![1 => Just(None), 9 => known.prop_map(move |object| Some((name, object)))]
    };
    let filters: Vec<_> = FILTERS.into_iter().map(filter).collect();
    (filters, few(common()))
        .prop_map(|(filters, common)| {
            let filters = filters.into_iter().flatten().map(|(name, object)| (name.to_owned(), object));
            join(&Value::Object(filters.collect()), &common)
        })
        .boxed()
}

/// Under it every filter is compiled anew.
fn names_all(top: &Value, patch: &Value) -> Value {
    let missing = FILTERS.iter().filter(|name| top.get(name).is_some() && patch.get(name).is_none());
    join(patch, &Value::Object(missing.map(|&name| (name.to_owned(), json!({}))).collect()))
}

fn config(top: &Value, patches: &[Value]) -> String {
    let rules: Vec<Value> = patches
        .iter()
        .enumerate()
        .map(|(at, patch)| json!({"name": format!("r{at}"), "match": {"headers": [{"name": "x-rule", "exact": at.to_string()}]}, "config": patch}))
        .collect();
    join(top, &json!({"rules": rules})).to_string()
}

#[derive(Debug, Clone)]
struct Request {
    fields: Vec<(&'static str, String)>,
    status: u16,
}

fn requests() -> impl Strategy<Value = Request> {
    let maybe = |name: &'static str, value: &'static [&'static str]| {
        prop::option::of(prop::sample::select(value)).prop_map(move |value| value.map(|value| (name, value.to_owned())))
    };
    let optional = (
        maybe("x-rule", &["0", "1", "2"]),
        maybe("origin", &["https://app.example.com", "https://evil.example"]),
        maybe("access-control-request-method", &["PUT"]),
        maybe("x-api-key", &["a-key-of-a-client-not-for-production", "wrong"]),
    );
    let head =
        (prop::sample::select(vec!["GET", "OPTIONS", "POST"]), prop::sample::select(vec!["/a", "/b", "/c", "/b;x"]));
    (head, optional, prop::sample::select(vec![200, 401, 503])).prop_map(|((method, path), optional, status)| {
        let always = [(":method", method), (":path", path), (":authority", "api.example"), (":scheme", "http")];
        let always = always.map(|(name, value)| (name, value.to_owned()));
        let optional = [optional.0, optional.1, optional.2, optional.3].into_iter().flatten();
        Request { fields: always.into_iter().chain(optional).collect(), status }
    })
}

/// What comes of the requests, or what is wrong with the config.
fn play(config: &str, requests: &[Request]) -> Result<Vec<String>, String> {
    let module =
        Module::<Gateway>::configure(config.as_bytes(), &Env::default()).map_err(|errors| errors.to_string())?;
    let host = Host::default();
    module.start(&host);
    host.told.replace(Some(Vec::new()));
    for (at, Request { fields, status }) in (0..).zip(requests) {
        host.note(|| format!("request {at}"));
        request(&module, &host, Nanos(1_763_900_000_000_000_000 + at * 1_000_000), fields, *status);
    }
    Ok(host.told.take().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn sharing_does_not_show(
        top in layer(true),
        patches in prop::collection::vec(layer(false), 1..4),
        requests in prop::collection::vec(requests(), 1..16),
    ) {
        let whole: Vec<Value> = patches.iter().map(|patch| names_all(&top, patch)).collect();
        prop_assert_eq!(play(&config(&top, &patches), &requests), play(&config(&top, &whole), &requests));
    }
}
