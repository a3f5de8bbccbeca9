//! A rule shares the filters that its patch leaves as they are. It must not show: a patch that names every filter, with
//! nothing to change in it, makes the gateway compile all of them anew, and the two are told apart by nothing.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};
use sluicegate_common::account::Step;
use sluicegate_common::chain::{Chain as _, Walk};
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Cx, End};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSink, HeaderSource, RequestHead, ResponseHead};
use sluicegate_common::module::Module;
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::request_id;
use sluicegate_common::store::SharedData;
use sluicegate_common::time::Nanos;
use sluicegate_gateway::{Filters, Gateway};

const FILTERS: [&str; 5] = ["cors", "auth", "rate_limit", "circuit_breaker", "header_transform"];

/// A host that notes what it is told.
#[derive(Default)]
struct Host {
    told: RefCell<Vec<String>>,
    metrics: RefCell<Vec<(String, u64)>>,
    shared: RefCell<Vec<(String, Vec<u8>, u32)>>,
    status: Cell<u16>,
}

impl Host {
    fn note(&self, what: String) {
        self.told.borrow_mut().push(what);
    }
}

impl Proxy for Host {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(match path {
            ["source", "address"] => Some(b"192.0.2.1:4242".to_vec()),
            ["xds", "cluster_name"] => Some(b"orders".to_vec()),
            ["response", "code"] => Some(u64::from(self.status.get()).to_le_bytes().to_vec()),
            ["response", "code_details"] => Some(b"via_upstream".to_vec()),
            _ => None,
        })
    }

    fn set_property(&self, path: &[&str], value: &[u8]) -> Result<(), Status> {
        self.note(format!("{path:?} = {}", value.escape_ascii()));
        Ok(())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        bytes.fill(7);
        Ok(())
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        let mut metrics = self.metrics.borrow_mut();
        let known = metrics.iter().position(|(known, _)| known == name);
        let id = known.unwrap_or_else(|| {
            metrics.push((name.to_owned(), 0));
            metrics.len() - 1
        });
        Ok(u32::try_from(id).unwrap())
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        let (name, value) = &mut self.metrics.borrow_mut()[counter as usize];
        self.note(format!("{name} += {by}"));
        *value += u64::from(by);
        Ok(())
    }

    fn define_gauge(&self, name: &str) -> Result<u32, Status> {
        self.define_counter(name)
    }

    fn record(&self, gauge: u32, value: u64) -> Result<(), Status> {
        let (name, old) = &mut self.metrics.borrow_mut()[gauge as usize];
        self.note(format!("{name} = {value}"));
        *old = value;
        Ok(())
    }

    fn metric(&self, id: u32) -> Result<u64, Status> {
        Ok(self.metrics.borrow()[id as usize].1)
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}

impl SharedData for Host {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        let shared = self.shared.borrow();
        let found = shared.iter().find(|(known, ..)| known == key);
        Ok(found.map(|(_, value, version)| (value.clone(), NonZeroU32::new(*version))))
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
        *old = value.to_vec();
        *version += 1;
        Ok(())
    }
}

struct Map<'a>(&'a Host, Vec<(&'static str, String)>);

impl HeaderSource for Map<'_> {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.1.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone().into_bytes()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.1))
    }
}

impl HeaderSink for Map<'_> {
    fn replace(&self, name: &str, value: &[u8]) {
        self.0.note(format!("replace {name}: {}", value.escape_ascii()));
    }

    fn add(&self, name: &str, value: &[u8]) {
        self.0.note(format!("add {name}: {}", value.escape_ascii()));
    }

    fn remove(&self, name: &str) {
        self.0.note(format!("remove {name}"));
    }
}

/// One request through the gateway, and its answer back.
fn request(module: &Module<Gateway>, host: &Host, now: Nanos, fields: &[(&'static str, String)], status: u16) {
    let (mut facts, mut sent, mut answered) = (Facts::default(), HeadState::default(), HeadState::default());
    facts.set_whole();
    let from_client = Map(host, fields.to_vec());
    let mut head = RequestHead::new(&from_client, &mut sent);
    let chosen = module.choose(&mut head, &mut Cx::new(now, host, &mut facts, module.settings()));
    let chain = match chosen {
        Ok(chain) => chain,
        Err(reply) => return host.note(format!("{reply:?}")),
    };
    let mut filters = <Filters as Walk>::Stream::default();
    let (mut reached, mut status) = (0, status);
    for at in 0..Filters::LEN {
        let mut cx = Cx::new(now, host, &mut facts, module.settings());
        let step = chain.filters().on_request(at, &mut filters, &mut head, &mut cx);
        reached = at + 1;
        if !matches!(step, Step::Continue) {
            host.note(format!("at {at}: {step:?}"));
            status = if let Step::Reply(reply) = step { reply.status } else { 500 };
            break;
        }
    }
    if reached == Filters::LEN {
        chain.on_passed(&Cx::new(now, host, &mut facts, module.settings()));
        sent.edits.write(&from_client);
    }
    host.status.set(status);
    let from_upstream = Map(host, vec![(":status", status.to_string()), ("x-a", "1".to_owned())]);
    let mut head = ResponseHead::new(&from_upstream, &mut answered);
    let mut cx = Cx::new(now, host, &mut facts, module.settings());
    chain.filters().observe(reached, &mut filters, &head, &mut cx);
    request_id::echo(&mut head, &mut cx);
    for at in (0..Filters::LEN).rev() {
        if at < reached || chain.filters().needs(at).decorate {
            chain.filters().on_response(at, &mut filters, &mut head, &mut cx);
        }
    }
    answered.edits.write(&from_upstream);
    chain.filters().on_end(reached, &mut filters, &End { trailers: &Map(host, Vec::new()) }, &mut cx);
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
    host.told.take();
    for (at, Request { fields, status }) in (0..).zip(requests) {
        host.note(format!("request {at}"));
        request(&module, &host, Nanos(1_763_900_000_000_000_000 + at * 1_000_000), fields, *status);
    }
    Ok(host.told.take())
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
