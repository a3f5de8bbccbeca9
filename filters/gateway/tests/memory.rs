//! What a config takes in memory, which WebAssembly never gives back: what exists once is not held once for each rule,
//! not even while it is compiled.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "this is how tests fail")]

use allocation_counter::measure;
use serde_json::{Value, json};
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_gateway::Gateway;

/// The bytes that are left once the config is compiled, and the most at any time before.
fn taken(config: &Value) -> (i64, u64) {
    let (text, mut module) = (config.to_string(), None);
    let seen = measure(|| module = Module::<Gateway>::configure(text.as_bytes(), &Env::default()).ok());
    assert!(module.is_some(), "the config is refused");
    (seen.bytes_current, seen.bytes_max)
}

fn config(keys: usize, rules: usize, patch: &Value) -> Value {
    let credentials: Vec<Value> = (0..keys)
        .map(|key| json!({"id": format!("key-{key}"), "consumer": format!("c{key}"), "key": {"sha256": format!("{key:064x}")}}))
        .collect();
    let consumers: Vec<Value> = (0..keys).map(|key| json!({"id": format!("c{key}"), "groups": ["partner"]})).collect();
    let rule =
        |at| json!({"name": format!("r{at}"), "match": {"paths": [{"prefix": format!("/r{at}")}]}, "config": patch});
    let open =
        json!([{"name": "open", "match": {"paths": [{"prefix": "/open"}]}, "config": {"require": {"public": {}}}}]);
    json!({
        "cors": {"allow_origins": ["https://app.example.com"]},
        "auth": {
            "authenticators": {"partners": {"type": "api_key", "from": [{"header": "x-api-key"}], "credentials": credentials}},
            "consumers": consumers,
            "require": {"use": "partners"},
            "authorize": [{"name": "partners", "match": {"paths": [{"prefix": "/"}]}, "allow": {"groups": ["partner"]}}],
            "rules": open,
        },
        "rate_limit": {"limits": [{"name": "l", "requests": 5, "per": "1s", "key": ["ip"]}]},
        "circuit_breaker": {},
        "header_transform": {"request": [{"op": "remove", "target": "header", "name": "x-a"}]},
        "rules": (0..rules).map(rule).collect::<Vec<Value>>(),
    })
}

#[test]
fn rules_do_not_copy_keys() {
    let ((_, none), (_, one)) =
        (taken(&config(2000, 0, &json!({}))), taken(&config(2000, 1, &json!({"mode": "shadow"}))));
    assert!(one < none + none / 20, "without a rule {none} bytes, with one {one}");
}

#[test]
fn a_rule_shares_the_filters_that_it_leaves_as_they_are() {
    let of_a_rule = |patch| (taken(&config(1, 200, patch)).0 - taken(&config(1, 100, patch)).0) / 100;
    let (nothing, one, all) = (json!({}), json!({"cors": {"allow_origins": ["*"]}}), json!({"mode": "shadow"}));
    let [nothing, one, all] = [&nothing, &one, &all].map(of_a_rule);
    println!("bytes of a rule that patches nothing {nothing}, one filter {one}, all {all}");
    assert!(nothing < one && one < all, "{nothing}, {one}, {all}");
    assert!(nothing * 2 < all, "{nothing}, {all}");
}
