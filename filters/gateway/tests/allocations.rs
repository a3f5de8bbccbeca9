//! What a request that passes allocates besides the blocks the host returns, which it cannot do without. A bound holds
//! for requests after the first, of a stream whose memory is used again; one that falls is put where it fell to.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "this is how tests fail")]

mod host;

use std::cell::Cell;

use allocation_counter::measure;
use host::{Host, Map, Scratch, exchange};
use serde_json::{Value, json};
use sluicegate_auth::Auth;
use sluicegate_circuit_breaker::CircuitBreaker;
use sluicegate_common::chain::Chain;
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_common::single::Single;
use sluicegate_common::time::Nanos;
use sluicegate_cors::Cors;
use sluicegate_gateway::Gateway;
use sluicegate_header_transform::HeaderTransform;
use sluicegate_rate_limit::RateLimit;

const TOKEN: &str = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2FwaS5leGFtcGxlLmNvbSIsInN1YiI6\
    InJvb3QiLCJyb2xlIjoiYWRtaW4iLCJleHAiOjQxMDI0NDQ4MDB9.iTRXguA65TmnfoSNhEhy9rGSu7lLHEyrLhsn0ScUp04";

const REQUEST: [(&str, &str); 9] = [
    (":authority", "api.example"),
    (":path", "/orders/17?expand=items"),
    (":method", "GET"),
    (":scheme", "http"),
    ("accept", "application/json"),
    ("origin", "https://app.example.com"),
    ("x-internal-debug", "1"),
    ("x-request-id", "8c5b0a7e-0000-4000-8000-000000000000"),
    ("authorization", TOKEN),
];

const RESPONSE: [(&str, &str); 3] =
    [(":status", "200"), ("date", "Mon, 23 Nov 2026 12:00:00 GMT"), ("server", "envoy")];

/// Allocations of our own, blocks of the host, and readings and writes of headers; of a request after three others.
fn cost<C: Chain>(config: &Value) -> (u64, u64, [u64; 2]) {
    let env = Env::from_iter([("JWT_SECRET", "an example secret, not for production")]);
    let module = Module::<C>::configure(config.to_string().as_bytes(), &env).unwrap();
    let (host, mut scratch) = (Host::default(), Scratch::default());
    host.status.set(200);
    let [from_client, from_upstream, trailers] = [&REQUEST[..], &RESPONSE, &[]].map(|fields| Map::new(&host, fields));
    module.start(&host);
    let mut now = Nanos(1_763_900_000_000_000_000);
    let mut next = || {
        now = Nanos(now.0 + 100_000);
        let answer = |ended: Option<_>| {
            assert!(ended.is_none(), "the request passes");
            &from_upstream
        };
        exchange(&module, &host, now, [&from_client, &trailers], answer, &mut scratch).unwrap();
    };
    (0..3).for_each(|_| next());
    let counts = [&host.blocks, &host.reads, &host.writes];
    counts.iter().for_each(|count| count.set(0));
    let all = measure(next).count_total;
    let [blocks, reads, writes] = counts.map(Cell::get);
    (all - blocks, blocks, [reads, writes])
}

fn cors() -> Value {
    json!({"allow_origins": ["https://app.example.com"], "expose_headers": ["x-correlation-id"], "allow_credentials": true})
}

fn auth() -> Value {
    json!({
        "authenticators": {"users": {"type": "jwt", "issuers": [{
            "name": "own", "issuer": "https://api.example.com", "algorithms": ["HS256"],
            "keys": {"secret": {"value": "an example secret, not for production"}}, "groups_claim": "/role",
        }]}},
        "require": {"use": "users"},
    })
}

fn limits(key: &str) -> Value {
    json!({"limits": [{"name": "flow", "requests": 1_000_000_000, "per": "1s", "key": [key]}]})
}

fn breaker() -> Value {
    json!({"id": "const", "scope": ["const:orders"]})
}

fn transform() -> Value {
    json!({
        "request": [
            {"op": "remove", "target": "header", "name": "x-internal-debug"},
            {"op": "set", "target": "header", "name": "x-forwarded-by", "value": "API-Gateway"},
        ],
        "response": [{"op": "set", "target": "header", "name": "x-gateway", "value": "API-Gateway-v1.0"}],
    })
}

fn rules(matcher: &Value) -> Value {
    json!({"rules": [{"name": "orders", "match": matcher, "config": {"header_transform": transform()}}]})
}

#[test]
fn requests_that_pass_allocate_no_more_than_this() {
    let all = json!({
        "cors": cors(), "auth": auth(), "rate_limit": limits("consumer"),
        "circuit_breaker": breaker(), "header_transform": transform(),
    });
    let cases = [
        ("gateway, no filter", cost::<Gateway>(&json!({})), 0),
        ("gateway, a rule by path", cost::<Gateway>(&rules(&json!({"paths": [{"prefix": "/orders"}]}))), 1),
        (
            "gateway, a rule by header",
            cost::<Gateway>(&rules(&json!({"headers": [{"name": "origin", "present": true}]}))),
            0,
        ),
        ("gateway, a request id", cost::<Gateway>(&json!({"request_id": {}})), 0),
        ("cors", cost::<Single<Cors>>(&cors()), 1),
        ("auth, a known token", cost::<Single<Auth>>(&auth()), 0),
        ("rate-limit", cost::<Single<RateLimit>>(&limits("ip")), 0),
        ("circuit-breaker", cost::<Single<CircuitBreaker>>(&breaker()), 0),
        ("header-transform", cost::<Single<HeaderTransform>>(&transform()), 0),
        ("gateway, all filters", cost::<Gateway>(&all), 1),
    ];
    let mut over = Vec::new();
    for (name, (ours, blocks, [reads, writes]), bound) in cases {
        println!("{name}: {ours} of ours (at most {bound}), {blocks} of the host, {reads} reads, {writes} writes");
        assert!(reads <= 1, "{name}: headers are read {reads} times");
        if ours > bound {
            over.push(name);
        }
    }
    assert!(over.is_empty(), "these allocate more: {over:?}");
}
