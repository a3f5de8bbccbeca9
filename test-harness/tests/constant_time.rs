//! What a wrong secret costs says nothing of the right one.
//!
//! Time is fuel here: it is exact, and the same on every machine. Each scenario's first step shows the right secret, the
//! others wrong ones that share more and more of its first bytes.

use std::path::Path;

use test_harness::backend::wasmtime::{exchange, spec};
use test_harness::scenario::{RequestStep, Step, load};
use test_harness::{Proxy, ProxySpec};

/// Refusals before the measured ones.
const WARM: usize = 10;

fn check(scenario: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenario = load(&root, &root.join(scenario).with_extension("yaml")).unwrap();
    let requests: Vec<&RequestStep> = scenario
        .steps
        .iter()
        .map(|step| match step {
            Step::Request(request) => &**request,
            other => panic!("expected requests alone, found {other:?}"),
        })
        .collect();
    let (right, wrong) = requests.split_first().unwrap();
    assert!(wrong.len() > 30, "expected a wrong secret for each length, found {}", wrong.len());
    let expected = refusals(spec(&scenario).unwrap(), right, &vec![wrong[0]; wrong.len()]);
    let found = refusals(spec(&scenario).unwrap(), right, wrong);
    println!("{}: {} wrong secrets, fuel {:?}", scenario.name, found.len(), found[0]);
    assert_eq!(found, expected, "{}: another cost for another wrong secret", scenario.name);
}

/// What each refusal costs. It depends on those before, whose memory it is given, so that only refusals in the same
/// place compare.
fn refusals(spec: ProxySpec, right: &RequestStep, wrong: &[&RequestStep]) -> Vec<u64> {
    let mut proxy = Proxy::start(spec).unwrap();
    assert_eq!(exchange(&mut proxy, right).response.status, 200);
    // The first refusals make their counter, and the room for what a refusal allocates.
    (0..WARM).for_each(|_| drop(exchange(&mut proxy, wrong[0])));
    let refuse = |request: &&RequestStep| {
        let exchange = exchange(&mut proxy, request);
        assert_eq!(exchange.response.status, 401);
        exchange.fuel
    };
    wrong.iter().map(refuse).collect()
}

#[test]
fn api_keys() {
    check("auth/constant-time-api-key");
}

#[test]
fn signatures_of_shared_secrets() {
    check("auth/constant-time-hmac");
}

#[test]
fn passwords() {
    check("auth/constant-time-basic");
}
