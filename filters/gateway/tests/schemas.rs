//! The JSON Schemas of configurations, and the tables of READMEs: made of the config types, and true.
//!
//! `BLESS=1` writes both anew.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "this is how tests fail")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A filter whose config types are described.
struct Described {
    name: &'static str,
    schema: fn() -> Value,
    /// Its README with the tables anew, where they are made of the types.
    tables: Option<fn(&str) -> Option<String>>,
    /// At least so many configurations are accepted.
    accepted: usize,
}

const FILTERS: [Described; 5] = [
    Described { name: "cors", schema: sluicegate_cors::schema, tables: Some(sluicegate_cors::tables), accepted: 40 },
    Described {
        name: "circuit-breaker",
        schema: sluicegate_circuit_breaker::schema,
        tables: Some(sluicegate_circuit_breaker::tables),
        accepted: 10,
    },
    Described {
        name: "rate-limit",
        schema: sluicegate_rate_limit::schema,
        tables: Some(sluicegate_rate_limit::tables),
        accepted: 40,
    },
    Described { name: "auth", schema: sluicegate_auth::schema, tables: Some(sluicegate_auth::tables), accepted: 100 },
    Described {
        name: "header-transform",
        schema: sluicegate_header_transform::schema,
        tables: Some(sluicegate_header_transform::tables),
        accepted: 100,
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a readable file")
}

/// The file says this; or is told to.
fn holds(path: &str, wanted: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(root().join(path), wanted).expect("a writable file");
    }
    let found = fs::read_to_string(root().join(path)).unwrap_or_default();
    assert!(found == wanted, "{path} is stale: BLESS=1 cargo test -p sluicegate-gateway --test schemas");
}

#[test]
fn what_is_committed_is_made_of_the_types() {
    for Described { name, schema, tables, .. } in &FILTERS {
        let schema = schema();
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
        holds(&format!("schema/{name}.json"), &(serde_json::to_string_pretty(&schema).expect("JSON") + "\n"));
        if let Some(tables) = tables {
            let path = format!("filters/{name}/README.md");
            holds(&path, &tables(&read(&path)).expect("the markers of the table"));
        }
    }
}

/// A configuration, and the file that it stands in.
type Found = (String, Value);

/// Configurations of scenarios that are accepted.
fn scenarios(filter: &str) -> Vec<Found> {
    let folder = root().join("test-harness/scenarios").join(filter);
    let files = fs::read_dir(folder).expect("scenarios").map(|entry| entry.expect("an entry").path());
    let mut all = Vec::new();
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "yaml")) {
        let scenario: Value =
            serde_saphyr::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("YAML");
        let chain = scenario["plugins"].as_array().cloned().unwrap_or_else(|| vec![scenario.clone()]);
        if scenario.get("refused").is_none() {
            let ours = chain.iter().filter(|plugin| plugin["plugin"] == filter && plugin["config"].is_object());
            all.extend(ours.map(|plugin| (file.display().to_string(), plugin["config"].clone())));
        }
    }
    all
}

/// The examples, and the whole configurations among the blocks of the README.
fn documents(filter: &str) -> Vec<Found> {
    let examples = fs::read_dir(root().join("examples").join(filter)).expect("examples");
    let examples = examples.map(|entry| entry.expect("an entry").path());
    let examples = examples.filter(|file| file.extension().is_some_and(|kind| kind == "json"));
    let examples = examples.map(|file| {
        let config = serde_json::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("JSON");
        (file.display().to_string(), config)
    });
    let readme = read(&format!("filters/{filter}/README.md"));
    let blocks = readme.split("```json\n").skip(1).filter_map(|block| block.split("```").next());
    let blocks: Vec<Value> = blocks.filter_map(|block| serde_json::from_str(block).ok()).collect();
    assert!(!blocks.is_empty(), "{filter}");
    let blocks = blocks.into_iter().map(|block| (format!("the README of {filter}"), block));
    examples.chain(blocks).collect()
}

#[test]
fn what_filters_accept_is_valid() {
    let mut wrong = Vec::new();
    for Described { name, schema, accepted, .. } in &FILTERS {
        let validator = jsonschema::validator_for(&schema()).expect("a schema");
        let all: Vec<Found> = documents(name).into_iter().chain(scenarios(name)).collect();
        assert!(all.len() >= *accepted, "{name}: only {}", all.len());
        for (file, config) in all {
            wrong.extend(
                validator.iter_errors(&config).map(|error| format!("{file}: {}: {error}", error.instance_path())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rule(matched: &Value, config: &Value) -> Value {
    json!({ "rules": [{ "name": "a", "match": matched, "config": config }] })
}

/// Mistakes in what all filters have.
fn common_mistakes() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    vec![
        json!({ "moed": "off" }),
        json!({ "mode": "of" }),
        json!({ "error_format": "html" }),
        json!({ "errors": { "unauthorized": { "satus": 403 } } }),
        json!({ "client_ip": { "from": "peer" } }),
        json!({ "request_id": { "heder": "x-id" } }),
        json!({ "rules": {} }),
        json!({ "rules": [{ "name": "A b", "match": fine, "config": {} }] }),
        json!({ "rules": [{ "name": "a", "match": fine }] }),
        rule(&json!({ "path": [] }), &json!({})),
        rule(&json!({ "paths": [{ "prefix": "/a", "exact": "/b" }] }), &json!({})),
        rule(&json!({ "headers": [{ "exact": "a" }] }), &json!({})),
        rule(&fine, &json!({ "moed": "off" })),
        rule(&fine, &json!({ "client_ip": { "from": "host" } })),
    ]
}

fn mistakes_in_limits() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let limit = |field: &str, value: Value| {
        let mut limit = json!({ "name": "a", "requests": 5, "per": "1m" });
        limit[field] = value;
        json!({ "limits": [limit] })
    };
    let plans = |by: &str, plan: Value| json!({ "plans": { "by": by, "table": { "gold": plan } } });
    let global = |field: &str, value: Value| {
        let mut global = json!({ "service": { "cluster": "limits" }, "domain": "edge", "descriptors": [] });
        global[field] = value;
        json!({ "global": global })
    };
    vec![
        json!({ "limits": [{ "name": "a", "requests": 5 }] }),
        json!({ "limit": [] }),
        json!({ "headers": ["draft", "draft"] }),
        json!({ "headers": ["x-ratelimit"] }),
        json!({ "store": { "buckets": 0 } }),
        json!({ "replicas": 0 }),
        limit("requests", json!(0)),
        limit("per", json!(60)),
        limit("per", json!("1 minute")),
        limit("algorithm", json!("leaky_bucket")),
        limit("key", json!("ip")),
        limit("key", json!([])),
        limit("key", json!(["user"])),
        limit("key", json!(["header:"])),
        limit("key", json!(["ip", "ip"])),
        limit("cost", json!(5)),
        limit("cost", json!({ "fixed": 1, "header": { "name": "x-cost", "max": 5 } })),
        limit("cost", json!({ "header": { "name": "x-cost" } })),
        limit("match", json!({ "path": "/a" })),
        limit("on_missing_key", json!("allow")),
        plans("header:x-plan", json!({})),
        plans("group", json!({ "quota": { "requests": 5, "per": "1h" } })),
        plans("group", json!({ "throttle": { "burst": 5 } })),
        global("service", json!("limits")),
        global("descriptors", json!([{ "key": "user", "value": "consumer" }])),
        global("failure_mode", json!("open")),
        rule(&fine, &json!({ "store": { "ways": 4 } })),
        rule(&fine, &json!({ "limits": [{ "name": "a" }] })),
    ]
}

fn mistakes_of_auth() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let authenticator = |config: Value| json!({ "authenticators": { "a": config } });
    let issuer = |field: &str, value: Value| {
        let mut issuer = json!({ "name": "i", "algorithms": ["HS256"], "keys": { "secret": { "env": "S" } } });
        issuer[field] = value;
        authenticator(json!({ "type": "jwt", "issuers": [issuer] }))
    };
    let credential = |key: Value| {
        let credentials = json!([{ "id": "a", "consumer": "a", "key": key }]);
        authenticator(json!({ "type": "api_key", "from": [{ "header": "x-api-key" }], "credentials": credentials }))
    };
    vec![
        authenticator(json!({ "issuers": [] })),
        authenticator(json!({ "type": "jwks", "issuers": [] })),
        authenticator(json!({ "type": "jwt", "issuer": "https://idp.example.com" })),
        authenticator(json!({ "type": "jwt", "issuers": [], "clock_skew": 60 })),
        authenticator(json!({ "type": "jwt", "issuers": [], "max_token_size": "16KB" })),
        authenticator(json!({ "type": "jwt", "issuers": [], "from": [] })),
        authenticator(json!({ "type": "jwt", "issuers": [], "from": [{ "header": "a", "cookie": "b" }] })),
        authenticator(json!({ "type": "jwt", "issuers": [], "from": [{ "prefix": "Bearer " }] })),
        authenticator(json!({ "type": "api_key", "credentials": [] })),
        authenticator(json!({ "type": "basic", "from": [{ "header": "a" }], "users": [] })),
        authenticator(json!({ "type": "basic", "users": [], "slow_hash_rate": 0 })),
        authenticator(json!({ "type": "basic", "users": [{ "username": "a", "consumer": "a", "password": "a" }] })),
        issuer("algorithms", json!(["none"])),
        issuer("algorithms", json!("RS256")),
        issuer("audience", json!("api")),
        issuer("keys", json!({ "secret": "0123456789abcdef0123456789abcdef" })),
        issuer("keys", json!({ "pem": "", "secret": { "env": "S" } })),
        issuer("keys", json!({ "jwks": [] })),
        issuer("keys", json!({ "remote": { "uri": "https://idp.example.com/jwks.json" } })),
        issuer("keys", json!({ "remote": { "uri": "https://idp.example.com/", "cluster": "c", "timeout": "2 s" } })),
        issuer("consumer", json!("/sub")),
        credential(json!("secret")),
        credential(json!({ "sha512": "00" })),
        credential(json!({ "env": "S", "value": "s" })),
        json!({ "authenticators": [] }),
        json!({ "consumers": [{ "groups": [] }] }),
        json!({ "consumers": [{ "id": "a", "group": "b" }] }),
        json!({ "require": "a" }),
        json!({ "require": {} }),
        json!({ "require": { "uses": "a" } }),
        json!({ "require": { "any": [] } }),
        json!({ "require": { "any": [{ "use": "a", "public": {} }] } }),
        json!({ "require": { "all": [{ "optional": { "any": ["a"] } }] } }),
        json!({ "require": { "public": true } }),
        json!({ "authorize": [{ "allow": { "groups": ["a"] } }] }),
        json!({ "authorize": [{ "name": "a", "allow": { "roles": ["a"] } }] }),
        json!({ "authorize": [{ "name": "a", "allow": { "claims": [{ "pointer": "/a", "equals": [] }] } }] }),
        json!({ "login": { "path": "/login", "claims": ["/id"] } }),
        json!({ "login": { "path": "/login", "claims": "/id", "key": { "env": "S" } } }),
        json!({ "login": { "path": "/login", "claims": ["/id"], "key": { "env": "S" }, "algorithm": "RS256" } }),
        json!({ "revocation": { "logout_paths": ["/logout"] } }),
        json!({ "identity_headers": { "consumer": "x-consumer" } }),
        rule(&fine, &json!({ "consumers": [] })),
        rule(&fine, &json!({ "authenticators": {} })),
        rule(&fine, &json!({ "require": { "used": "a" } })),
        rule(&fine, &json!({ "hide_credentials": "no" })),
    ]
}

fn mistakes_in_ops() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let request = |op: Value| json!({ "request": [op] });
    let response = |op: Value| json!({ "response": [op] });
    vec![
        json!({ "requests": [] }),
        json!({ "traceparent": "new" }),
        json!({ "security_headers": "all" }),
        request(json!({ "op": "add", "target": "header", "name": "x", "value": "a" })),
        request(json!({ "op": "set", "target": "headers", "name": "x", "value": "a" })),
        request(json!({ "op": "set", "target": "header", "name": "x" })),
        request(json!({ "op": "set", "target": "header", "value": "a" })),
        request(json!({ "op": "set", "target": "header", "name_prefix": "x-", "value": "a" })),
        request(json!({ "op": "set", "target": "header", "name": "x a", "value": "a" })),
        request(json!({ "op": "set", "target": "header", "name": "x", "value": "a", "on_missing": "drop" })),
        request(json!({ "op": "remove", "target": "header", "name": "x", "value": "a" })),
        request(json!({ "op": "remove", "target": "header", "name": "x", "name_prefix": "x-" })),
        request(json!({ "op": "rename", "target": "query", "name": "x", "value": "y" })),
        request(json!({ "op": "rewrite", "target": "path", "regex": "/a(.*)" })),
        request(json!({ "op": "append", "target": "path", "value": "/a" })),
        request(json!({ "op": "set", "target": "path", "name": "x", "value": "/a" })),
        request(json!({ "op": "set", "target": "status", "value": "404" })),
        request(json!({ "op": "remove", "target": "header", "name": "x", "when": { "statuses": ["404"] } })),
        response(json!({ "op": "set", "target": "path", "value": "/a" })),
        response(json!({ "op": "set", "target": "status", "value": 404 })),
        response(json!({ "op": "set", "target": "status", "value": "204" })),
        response(json!({ "op": "remove", "target": "header", "name": "x", "when": {} })),
        json!({ "reply": [{ "status": 503 }] }),
        json!({ "reply": [{ "name": "a", "status": 600 }] }),
        json!({ "reply": [{ "name": "a", "json": {}, "text": "a" }] }),
        rule(&fine, &json!({ "request": [{ "op": "remove", "target": "header" }] })),
        rule(&fine, &json!({ "request_id": {} })),
    ]
}

#[test]
fn mistakes_are_caught() {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let of_cors = [
        json!({ "allow_origin": [] }),
        json!({ "allow_origins": "https://app.example.com" }),
        json!({ "allow_credentials": "yes" }),
        json!({ "max_age": 600 }),
        json!({ "max_age": "2 hours" }),
        json!({ "preflight_status": 302 }),
        json!({ "on_disallowed_origin": "refuse" }),
        rule(&fine, &json!({ "alow_origins": [] })),
        rule(&fine, &json!({ "max_age": 5 })),
    ];
    let of_breakers = [
        json!({ "window": { "type": "calls", "size": 10 } }),
        json!({ "window": { "type": "count" } }),
        json!({ "window": { "type": "time", "size": 60 } }),
        json!({ "failure_rate_threshold": 101 }),
        json!({ "failure": { "status": ["500"] } }),
        json!({ "state": "open" }),
        rule(&fine, &json!({ "id": "other" })),
        rule(&fine, &json!({ "minimum_calls": 0 })),
    ];
    let of_limits = mistakes_in_limits();
    let (of_auth, of_ops) = (mistakes_of_auth(), mistakes_in_ops());
    let own: [&[Value]; FILTERS.len()] = [&of_cors, &of_breakers, &of_limits, &of_auth, &of_ops];
    for (Described { name, schema, .. }, own) in FILTERS.iter().zip(own) {
        let validator = jsonschema::validator_for(&schema()).expect("a schema");
        for config in own.iter().chain(&common_mistakes()) {
            assert!(!validator.is_valid(config), "{name}: {config}");
        }
    }
}

#[test]
fn rules_say_patches() {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let patches: [Value; FILTERS.len()] = [
        json!({ "max_age": null, "errors": { "origin_not_allowed": { "status": 404 } } }),
        json!({ "window": { "size": 50 }, "failure": { "statuses": null } }),
        json!({
            "limits": null,
            "plans": { "table": { "gold": { "quota": { "requests": 5 } }, "free": null } },
            "global": { "cost": { "fixed": null, "header": { "name": "x-cost", "max": 5 } } },
        }),
        json!({ "require": { "optional": { "any": [{ "use": "a" }] } }, "authorize": [], "realm": null }),
        json!({ "security_headers": null, "request": [{ "op": "remove", "target": "cookie", "name_regex": "a.*" }] }),
    ];
    for (Described { name, schema, .. }, patch) in FILTERS.iter().zip(&patches) {
        let validator = jsonschema::validator_for(&schema()).expect("a schema");
        let config = rule(&fine, patch);
        let errors: Vec<String> = validator.iter_errors(&config).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}
