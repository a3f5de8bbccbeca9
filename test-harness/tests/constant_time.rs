//! What a wrong secret costs says nothing of the right one.
//!
//! Time is fuel here: it is exact, and the same on every machine. Each scenario's first step shows the right secret, the
//! others wrong ones that share more and more of its first bytes.

use std::path::Path;

use test_harness::Proxy;
use test_harness::backend::wasmtime::{exchange, spec};
use test_harness::scenario::{RequestStep, Step, load};

/// Refusals before the measured ones.
const WARM: usize = 10;

fn check(scenario: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenario = load(&root, &root.join(scenario).with_extension("yaml")).unwrap();
    let mut proxy = Proxy::start(spec(&scenario).unwrap()).unwrap();
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
    assert_eq!(exchange(&mut proxy, right).response.status, 200);
    // The first refusals make their counter, and the room for what a refusal allocates.
    (0..WARM).for_each(|_| drop(exchange(&mut proxy, wrong[0])));
    let fuel: Vec<u64> = wrong
        .iter()
        .map(|request| {
            let exchange = exchange(&mut proxy, request);
            assert_eq!(exchange.response.status, 401);
            exchange.fuel
        })
        .collect();
    println!("{}: {} wrong secrets, fuel {:?}", scenario.name, fuel.len(), fuel[0]);
    assert!(fuel.iter().all(|each| *each == fuel[0]), "{}: expected one figure, found {fuel:?}", scenario.name);
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
