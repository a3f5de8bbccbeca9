//! The catalogue of `make bench`, scripts/bench.d/variants.json, as its own reader reads it: whole, fair in what it
//! compares, and with configs that the filters accept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "this is how tests fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use sluicegate_auth::Auth;
use sluicegate_circuit_breaker::CircuitBreaker;
use sluicegate_common::chain::Chain;
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_common::single::Single;
use sluicegate_cors::Cors;
use sluicegate_gateway::Gateway;
use sluicegate_header_transform::HeaderTransform;
use sluicegate_rate_limit::RateLimit;

static CATALOGUE: LazyLock<Value> = LazyLock::new(catalogue);
/// Fails itself where a variant names another that there is not.
const READ: &str = r#"
import json, sys
import credentials, variants
known = credentials.made(set(), None) | json.load(sys.stdin)
fields = ("name", "chain", "against", "status", "seen", "has_upstream", "kind")
read = [{name: getattr(each, name) for name in fields} for each in variants.read([], lambda _: known)]
json.dump(variants.document() | {"variants": read}, sys.stdout)
"#;
const N: &str = "7ZTetCmIZD89Zixbf9QqeDbuOjisB3FLTi2UFlzL48t5waCTAJOoJMHavgeJuNhHg-ZDCSjnjIBJa39ky4d3YwmzHkM4w2h3Zy0i\
    AoALoq_65KiGoMAF5R91TnTekrJXA9RQuq8A42nnNiNmYgg3iRM_DB6asXPT8F5J95K_801QS17dn1SXtJmzgp7dBXiQ--4XFB1A\
    NfYiIib4CgnY_RhvSM5bZ2fYMfHcZLZLnY_N8nLEZmxxQM2Dnqr02uEmcDb83sU1bEZqh21xp0bG4T3RZzRt-CD52rFLfMazPdHo\
    QvIzRx8urcGlvqYxbyOK8qjT8EF6Nllu3VXfCRG2TQ";

fn keys_and_tokens() -> Value {
    let rsa = json!({"kty": "RSA", "n": N, "e": "AQAB"});
    let keys = [
        ("HS256", json!({"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})),
        ("RS256", rsa.clone()),
        ("PS256", rsa),
        (
            "ES256",
            json!({
                "kty": "EC", "crv": "P-256",
                "x": "ib4T8sPHQvVIDKiAB0ESjhjcSRXEU71IIa4ggLvUDQQ",
                "y": "luhllsV8mrpACWTawcHBFniThIdT-75Drj01aXlmISQ",
            }),
        ),
        ("EdDSA", json!({"kty": "OKP", "crv": "Ed25519", "x": "rtKey4VNrpRJYtZGExNfzeafgPlKwt2ZeGWJKBZFSvA"})),
    ];
    let made = keys.map(|(algorithm, key)| {
        let jwks = json!({"keys": [key]});
        let text = jwks.to_string();
        let tokens = json!({
            "jwks": jwks, "jwks_text": text, "known": "a.b.c", "expired": "d.e.f", "garbage": "g", "fresh": ["h.i.j"],
        });
        (algorithm.to_owned(), tokens)
    });
    Value::Object(made.into_iter().collect())
}

fn catalogue() -> Value {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    let path = std::env::join_paths([scripts.join("bench.d"), scripts.join("demo.d")]).unwrap();
    let mut python = Command::new("python3")
        .args(["-B", "-c", READ])
        .env("PYTHONPATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    python.stdin.take().unwrap().write_all(keys_and_tokens().to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "see the error above");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn by_name() -> BTreeMap<&'static str, &'static Value> {
    let variants = list(&CATALOGUE["variants"]);
    let found: BTreeMap<_, _> = variants.iter().map(|each| (text(&each["name"]), each)).collect();
    assert_eq!(found.len(), variants.len(), "each name stands for one variant");
    found
}

/// Why the module refuses the config, if it does.
fn refusal(module: &str, config: &[u8]) -> Option<String> {
    fn of<C: Chain>(config: &[u8]) -> Option<String> {
        Module::<C>::configure(config, &Env::default()).err().map(|errors| errors.to_string())
    }
    match module {
        "auth" => of::<Single<Auth>>(config),
        "circuit-breaker" => of::<Single<CircuitBreaker>>(config),
        "cors" => of::<Single<Cors>>(config),
        "gateway" => of::<Gateway>(config),
        "header-transform" => of::<Single<HeaderTransform>>(config),
        "rate-limit" => of::<Single<RateLimit>>(config),
        other => Some(format!("there is no module {other}")),
    }
}

#[test]
fn every_module_is_measured_and_accepts_its_configs() {
    let mut modules = BTreeSet::new();
    for variant in list(&CATALOGUE["variants"]) {
        for filter in list(&variant["chain"]).iter().filter(|filter| !filter["wasm"].is_null()) {
            let (module, config) = (text(&filter["wasm"]), filter["config"].to_string());
            assert_eq!(refusal(module, config.as_bytes()), None, "{}: {module}: {config}", variant["name"]);
            modules.insert(module);
        }
    }
    assert_eq!(
        modules.into_iter().collect::<Vec<_>>(),
        ["auth", "circuit-breaker", "cors", "gateway", "header-transform", "rate-limit"]
    );
}

#[test]
fn only_what_does_the_same_is_compared() {
    let variants = by_name();
    for variant in variants.values() {
        for other in list(&variant["against"]) {
            let other = variants[text(other)];
            assert_eq!(
                (text(&variant["kind"]), text(&other["kind"]) == "wasm"),
                ("wasm", false),
                "{}",
                variant["name"]
            );
            for field in ["status", "seen", "has_upstream"] {
                assert_eq!(variant[field], other[field], "{field} of {} and {}", variant["name"], other["name"]);
            }
        }
    }
}

#[test]
fn targets_are_for_comparisons_that_are_made() {
    let variants = by_name();
    for target in list(&CATALOGUE["targets"]) {
        let variant = variants[text(&target["variant"])];
        if target["us"].is_null() {
            assert!(target["times"].is_number(), "{target}");
            assert!(list(&variant["against"]).contains(&target["of"]), "{target}");
        } else {
            assert!(target["us"].is_number() && target["of"].is_null(), "{target}");
        }
    }
}

#[test]
fn the_chart_shows_variants_that_there_are() {
    let variants = by_name();
    for group in list(&CATALOGUE["chart"]) {
        for row in list(&group["rows"]) {
            for bar in list(&row["bars"]) {
                assert!(variants.contains_key(text(&bar[1])), "{bar}");
            }
        }
    }
}
