//! Configurations that no schema may let pass.

use serde_json::{Value, json};

/// A rule that patches, as a whole configuration.
pub fn rule(matched: &Value, config: &Value) -> Value {
    json!({ "rules": [{ "name": "a", "match": matched, "config": config }] })
}

/// Mistakes in what one module has.
pub fn of(name: &str) -> Vec<Value> {
    match name {
        "cors" => of_cors(),
        "circuit-breaker" => of_breakers(),
        "rate-limit" => of_limits(),
        "auth" => of_auth(),
        "header-transform" => of_ops(),
        _ => of_gateway(),
    }
}

/// Mistakes in what all modules have.
pub fn common() -> Vec<Value> {
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

fn of_limits() -> Vec<Value> {
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

fn of_auth() -> Vec<Value> {
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

fn of_ops() -> Vec<Value> {
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

fn of_cors() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    vec![
        json!({ "allow_origin": [] }),
        json!({ "allow_origins": "https://app.example.com" }),
        json!({ "allow_credentials": "yes" }),
        json!({ "max_age": 600 }),
        json!({ "max_age": "2 hours" }),
        json!({ "preflight_status": 302 }),
        json!({ "on_disallowed_origin": "refuse" }),
        rule(&fine, &json!({ "alow_origins": [] })),
        rule(&fine, &json!({ "max_age": 5 })),
    ]
}

fn of_breakers() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    vec![
        json!({ "window": { "type": "calls", "size": 10 } }),
        json!({ "window": { "type": "count" } }),
        json!({ "window": { "type": "time", "size": 60 } }),
        json!({ "failure_rate_threshold": 101 }),
        json!({ "failure": { "status": ["500"] } }),
        json!({ "failure": { "grpc_statuses": [0] } }),
        json!({ "ignore": { "paths": ["/health"] } }),
        json!({ "scope": ["service"] }),
        json!({ "scope": ["const:"] }),
        json!({ "permit_lease": "0s" }),
        json!({ "max_wait_in_half_open": "0ms" }),
        json!({ "wait_backoff": { "multiplier": 0.5 } }),
        json!({ "wait_backoff": { "jitter": 2 } }),
        json!({ "open": { "body": "closed" } }),
        json!({ "state": "open" }),
        rule(&fine, &json!({ "id": "other" })),
        rule(&fine, &json!({ "minimum_calls": 0 })),
    ]
}

/// Those of each filter, in its field and in a rule's patch of it.
fn of_gateway() -> Vec<Value> {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let filters = ["cors", "auth", "rate-limit", "circuit-breaker", "header-transform"];
    let inside = filters.iter().flat_map(|name| {
        let field = name.replace('-', "_");
        let (own, common) = (of(name), common());
        own.into_iter().chain(common).map(move |config| json!({ field.as_str(): config })).collect::<Vec<_>>()
    });
    let own = [
        json!({ "corz": {} }),
        json!({ "rate-limit": {} }),
        json!({ "cors": [] }),
        json!({ "cors": null }),
        json!({ "publish_identity": true }),
        json!({ "case_sensitive": "yes" }),
        json!({ "cors": { "client_ip": { "from": "host" } } }),
        json!({ "header_transform": { "request_id": {} } }),
        rule(&fine, &json!({ "corz": null })),
        rule(&fine, &json!({ "cors": { "request_id": {} } })),
        rule(&fine, &json!({ "cors": { "max_age": 600 } })),
        rule(&fine, &json!({ "cors": { "rules": [{ "name": "a", "match": fine }] } })),
        rule(&fine, &json!({ "cors": rule(&fine, &json!({ "max_age": 600 })) })),
        rule(&fine, &json!({ "auth": { "authenticators": {} } })),
        rule(&fine, &json!({ "auth": { "consumers": null } })),
        rule(&fine, &json!({ "auth": { "require": { "used": "a" } } })),
        rule(&fine, &json!({ "auth": { "require": { "any": [{ "used": "a" }] } } })),
        rule(&fine, &json!({ "rate_limit": { "store": { "ways": 4 } } })),
        rule(&fine, &json!({ "rate_limit": { "limits": [{ "name": "a" }] } })),
        rule(&fine, &json!({ "circuit_breaker": { "scope": ["cluster"] } })),
        rule(&fine, &json!({ "circuit_breaker": { "window": { "size": 0 } } })),
        rule(&fine, &json!({ "header_transform": { "request": [{ "op": "remove", "target": "header" }] } })),
        rule(&fine, &json!({ "on_ambiguous_path": "reject" })),
        rule(&fine, &json!({ "rules": [] })),
    ];
    inside.chain(own).collect()
}
