//! What a request that passes allocates besides the blocks the host returns, which it cannot do without. A bound holds
//! for requests after the first, of a stream whose memory is used again; one that falls is put where it fell to.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use allocation_counter::measure;
use serde_json::{Value, json};
use sluicegate_auth::Auth;
use sluicegate_circuit_breaker::CircuitBreaker;
use sluicegate_common::account::Step;
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Cx, End};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSink, HeaderSource, RequestHead, ResponseHead};
use sluicegate_common::module::Module;
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::request_id;
use sluicegate_common::single::Single;
use sluicegate_common::store::SharedData;
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

/// A host that counts the blocks it returns, and allocates nothing else once it knows its keys.
#[derive(Default)]
struct Host {
    blocks: Cell<u64>,
    shared: RefCell<Vec<(String, Vec<u8>, u32)>>,
    counters: RefCell<Vec<String>>,
}

impl Host {
    fn give(&self, bytes: &[u8]) -> Vec<u8> {
        if !bytes.is_empty() {
            self.blocks.set(self.blocks.get() + 1);
        }
        bytes.to_vec()
    }
}

impl Proxy for Host {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        let value: &[u8] = match path {
            ["source", "address"] => b"192.0.2.1:4242",
            ["connection", "id"] => &[7, 0, 0, 0, 0, 0, 0, 0],
            ["xds", "cluster_name"] => b"orders",
            ["response", "code"] => &[200, 0, 0, 0, 0, 0, 0, 0],
            ["response", "code_details"] => b"via_upstream",
            ["upstream", "address"] => b"192.0.2.9:80",
            _ => return Ok(None),
        };
        Ok(Some(self.give(value)))
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Ok(())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        bytes.fill(7);
        Ok(())
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        let mut counters = self.counters.borrow_mut();
        counters.push(name.to_owned());
        Ok(u32::try_from(counters.len()).unwrap())
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        Ok(())
    }

    fn define_gauge(&self, name: &str) -> Result<u32, Status> {
        self.define_counter(name)
    }

    fn record(&self, _: u32, _: u64) -> Result<(), Status> {
        Ok(())
    }

    fn metric(&self, _: u32) -> Result<u64, Status> {
        Ok(0)
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}

impl SharedData for Host {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        let shared = self.shared.borrow();
        let found = shared.iter().find(|(known, ..)| known == key);
        Ok(found.map(|(_, value, version)| (self.give(value), NonZeroU32::new(*version))))
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        let mut shared = self.shared.borrow_mut();
        let Some((_, old, version)) = shared.iter_mut().find(|(known, ..)| known == key) else {
            shared.push((key.to_owned(), value.to_vec(), 1));
            return Ok(());
        };
        if cas.is_some_and(|cas| cas != *version) {
            return Err(Status::CasMismatch);
        }
        old.clear();
        old.extend_from_slice(value);
        *version += 1;
        Ok(())
    }
}

/// A header map of the host.
struct Map<'a> {
    host: &'a Host,
    fields: &'a [(&'a str, &'a str)],
    wire: Vec<u8>,
    /// How often it returned bytes.
    read: Cell<usize>,
    written: Cell<usize>,
}

impl<'a> Map<'a> {
    fn new(host: &'a Host, fields: &'a [(&'a str, &'a str)]) -> Self {
        Self { host, fields, wire: HeaderMap::serialize(fields), read: Cell::new(0), written: Cell::new(0) }
    }

    fn give(&self, bytes: &[u8]) -> Vec<u8> {
        self.read.set(self.read.get() + 1);
        self.host.give(bytes)
    }

    fn write(&self) {
        self.written.set(self.written.get() + 1);
    }
}

impl HeaderSource for Map<'_> {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        let found = self.fields.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, value)| self.give(value.as_bytes())))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(self.give(&self.wire))
    }
}

impl HeaderSink for Map<'_> {
    fn replace(&self, _: &str, _: &[u8]) {
        self.write();
    }

    fn add(&self, _: &str, _: &[u8]) {
        self.write();
    }

    fn remove(&self, _: &str) {
        self.write();
    }
}

/// What is used again from stream to stream.
#[derive(Default)]
struct Scratch {
    facts: Facts,
    request: HeadState,
    response: HeadState,
}

/// One request through a module, as the driver of the host crate does it.
fn request<C: Chain>(module: &Module<C>, host: &Host, now: Nanos, maps: &[Map<'_>; 3], scratch: &mut Scratch) {
    let [from_client, from_upstream, trailers] = maps;
    let Scratch { facts, request, response } = scratch;
    let mut filters = <C::Filters as Walk>::Stream::default();
    facts.set_whole();
    let mut head = RequestHead::new(from_client, request);
    let chain = module.choose(&mut head, &mut Cx::new(now, host, facts, module.settings())).unwrap();
    if chain.reads_headers() {
        head.prefetch();
    }
    for at in 0..C::Filters::LEN {
        let mut cx = Cx::new(now, host, facts, module.settings());
        let step = chain.filters().on_request(at, &mut filters, &mut head, &mut cx);
        assert!(matches!(step, Step::Continue), "the request passes");
    }
    chain.on_passed(&Cx::new(now, host, facts, module.settings()));
    request.edits.write(from_client);

    let mut head = ResponseHead::new(from_upstream, response);
    let mut cx = Cx::new(now, host, facts, module.settings());
    chain.filters().observe(C::Filters::LEN, &mut filters, &head, &mut cx);
    request_id::echo(&mut head, &mut cx);
    for at in (0..C::Filters::LEN).rev() {
        chain.filters().on_response(at, &mut filters, &mut head, &mut cx);
    }
    response.edits.write(from_upstream);
    chain.filters().on_end(C::Filters::LEN, &mut filters, &End { trailers }, &mut cx);
    facts.clear();
    request.clear();
    response.clear();
}

/// Allocations of our own, blocks of the host, and readings and writes of headers; of a request after three others.
fn cost<C: Chain>(config: &Value) -> (u64, u64, [usize; 2]) {
    let env = Env::from_iter([("JWT_SECRET", "an example secret, not for production")]);
    let module = Module::<C>::configure(config.to_string().as_bytes(), &env).unwrap();
    let (host, mut scratch) = (Host::default(), Scratch::default());
    let maps = [Map::new(&host, &REQUEST), Map::new(&host, &RESPONSE), Map::new(&host, &[])];
    module.start(&host);
    let mut now = Nanos(1_763_900_000_000_000_000);
    let mut next = || {
        now = Nanos(now.0 + 100_000);
        request(&module, &host, now, &maps, &mut scratch);
    };
    (0..3).for_each(|_| next());
    maps.iter().for_each(|map| {
        map.read.set(0);
        map.written.set(0);
    });
    host.blocks.set(0);
    let all = measure(next).count_total;
    let blocks = host.blocks.get();
    let sum = |of: fn(&Map<'_>) -> usize| maps.iter().map(of).sum();
    (all - blocks, blocks, [sum(|map| map.read.get()), sum(|map| map.written.get())])
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
        ("cors", cost::<Single<Cors>>(&cors()), 2),
        ("auth, a known token", cost::<Single<Auth>>(&auth()), 0),
        ("rate-limit", cost::<Single<RateLimit>>(&limits("ip")), 0),
        ("circuit-breaker", cost::<Single<CircuitBreaker>>(&breaker()), 0),
        ("header-transform", cost::<Single<HeaderTransform>>(&transform()), 0),
        ("gateway, all filters", cost::<Gateway>(&all), 2),
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
