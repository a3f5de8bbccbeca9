//! Nothing that a module says of itself holds a secret: no log line, metric, property, local reply, call-out or entry of
//! shared data of any scenario that deals with credentials, or with what clients are counted by.
//!
//! The secrets are those that the scenarios use: what their requests show, and what their configurations keep.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bstr::ByteSlice;
use serde_json::Value;
use test_harness::Request;
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Scenario, Step, find, load, run};

/// Host calls that take what a module says out of it. Edits of the request's head are none: they are for the upstream.
const SAYS: [&str; 7] =
    ["log(", "define_metric(", "set_property(", "send_local_response(", "set_shared_data(", "http_call(", "grpc_call("];

/// Shorter ones stand in other words by chance.
const SHORTEST: usize = 8;

#[test]
fn no_module_says_a_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let (mut scenarios, mut secrets, mut lines) = (0, 0, 0);
    for file in
        ["auth", "circuit-breaker", "gateway", "rate-limit"].iter().flat_map(|folder| find(&root.join(folder)).unwrap())
    {
        let scenario = load(&root, &file).unwrap();
        if scenario.left_out(&Wasmtime::default()).is_some() {
            continue;
        }
        let of_this = secrets_of(&scenario);
        let report = run(&scenario, &Wasmtime::default());
        for (step, timeline) in &report.timelines {
            for said in timeline.lines().map(str::trim).filter(|line| SAYS.iter().any(|call| line.starts_with(call))) {
                lines += 1;
                let leak = of_this.iter().any(|secret| said.contains(secret.as_str()));
                assert!(!leak, "{}, step {step}: a secret of the scenario in {said}", scenario.name);
            }
        }
        (scenarios, secrets) = (scenarios + 1, secrets + of_this.len());
    }
    println!("{scenarios} scenarios, {secrets} secrets, {lines} things said");
    assert!(scenarios > 50 && secrets > 100 && lines > 500, "expected more of each");
}

fn secrets_of(scenario: &Scenario) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for plugin in &scenario.plugins {
        if let Ok(config) = serde_json::from_slice(&plugin.configuration) {
            configured(&config, &mut found);
        }
        found.extend(plugin.environment.iter().map(|(_, value)| value.clone()));
    }
    for step in &scenario.steps {
        if let Step::Request(step) = step {
            shown(&step.request, &mut found);
        }
    }
    let escaped: Vec<String> = found.iter().map(|secret| secret.replace(' ', "\\x20")).collect();
    found.extend(escaped);
    found.retain(|secret| secret.len() >= SHORTEST);
    found
}

/// `{"value": ".."}` is how a configuration writes a secret.
fn configured(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => match (object.len(), object.get("value")) {
            (1, Some(Value::String(secret))) => _ = found.insert(secret.clone()),
            _ => object.values().for_each(|value| configured(value, found)),
        },
        Value::Array(list) => list.iter().for_each(|value| configured(value, found)),
        _ => {}
    }
}

/// Credentials: whole, and the parts by which they could be used.
fn shown(request: &Request, found: &mut BTreeSet<String>) {
    let mut add = |secret: &[u8]| {
        if let Ok(secret) = secret.to_str() {
            found.insert(secret.to_owned());
        }
    };
    for (name, value) in &request.headers {
        match name.to_ascii_lowercase().as_slice() {
            b"authorization" => {
                let credential = value.split_once_str(" ").map_or(value.as_slice(), |(_, credential)| credential);
                add(credential);
                if let Some((_, signature)) = credential.rsplit_once_str(".") {
                    add(signature);
                }
                if let Ok(pair) = BASE64_STANDARD.decode(credential)
                    && let Some((_, password)) = pair.split_once_str(":")
                {
                    add(password);
                }
            }
            b"x-api-key" => add(value),
            b"cookie" => {
                value.split_str(";").filter_map(|pair| pair.split_once_str("=")).for_each(|(_, v)| add(v.trim()))
            }
            _ => {}
        }
    }
    let query = request.path.split_once_str("?").map_or(&b""[..], |(_, query)| query);
    query.split_str("&").filter_map(|pair| pair.split_once_str("=")).for_each(|(_, value)| add(value));
}
