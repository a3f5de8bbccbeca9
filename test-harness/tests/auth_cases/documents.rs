//! Sets of keys, good and broken ones.

use serde::Deserialize;
use serde_json::{Value, json};
use test_harness::backend::Backend;

use crate::audiences::of_ours;
use crate::cases::{Case, OFFERED, load_lines};
use crate::hs256;
use crate::player::{Setting, code, shows};

#[derive(Deserialize)]
struct Document {
    id: String,
    jwks_text: String,
    /// `load` or `no-usable-keys`, in Envoy.
    expect: String,
}

fn documents() -> Vec<Document> {
    load_lines("jwt/jwks_documents_envoy.jsonl")
}

/// A token of a key that is in none of them is refused; if ours is added to a set, its tokens pass, whatever else is
/// there.
pub fn cases() -> Vec<Case> {
    let token = hs256::token(json!({}));
    let mut cases = Vec::new();
    for Document { id, jwks_text, .. } in documents() {
        if let Some(set) = with_our_key(&jwks_text) {
            cases.push(of_ours(format!("{id}, and a good key"), token.clone(), json!({"_raw_text": set})));
        }
        let key = json!({"_raw_text": jwks_text});
        cases.push(Case { expect: "invalid".to_owned(), ..of_ours(id, token.clone(), key) });
    }
    cases
}

fn with_our_key(set: &str) -> Option<String> {
    let mut set: Value = serde_json::from_str(set).ok()?;
    set.get_mut("keys")?.as_array_mut()?.push(hs256::jwk());
    Some(set.to_string())
}

/// Plays each document alone. None that Envoy finds no key in gives us one; of those it takes, the ones we take nothing
/// of hold no key but of curves that are not offered or not told (RFC 7518 section 6.2.1.1: MUST), or no points.
pub fn load_in(backend: &dyn Backend) {
    let (mut loaded, mut empty, mut differ) = (0, 0, Vec::new());
    for Document { id, jwks_text, expect } in documents() {
        let sent = published(&jwks_text).play(backend, &[shows(&hs256::token(json!({})))]).expect("no key in config");
        let found = sent.iter().map(|sent| (sent.response.status, code(sent))).next().unwrap_or_default();
        match (found.0, found.1.as_str(), expect.as_str()) {
            (401, "unknown_kid" | "alg_not_allowed" | "invalid_signature", "load") => loaded += 1,
            (503, "jwks_unavailable", "no-usable-keys") => empty += 1,
            (503, "jwks_unavailable", "load") if !has_common_key(&jwks_text) => differ.push(id),
            _ => panic!("{id}: expected {expect}, {found:?}"),
        }
    }
    println!(
        "jwt/jwks_documents_envoy.jsonl in {}: load {loaded}, no key {empty}, no key here {differ:?}",
        backend.name()
    );
}

fn published(document: &str) -> Setting {
    let remote = json!({"remote": {"uri": "https://idp.example/0", "cluster": "idp"}});
    let issuer = json!({"name": "own", "algorithms": OFFERED, "keys": remote});
    let authenticator = json!({"type": "jwt", "issuers": [issuer]});
    Setting { authenticator, published: vec![document.as_bytes().to_vec()], ..Setting::default() }
}

fn has_common_key(set: &str) -> bool {
    let set: Value = serde_json::from_str(set).unwrap_or_default();
    let common = |jwk: &Value| matches!(jwk["kty"].as_str(), Some("RSA" | "oct")) || jwk["crv"] == "P-256";
    set["keys"].as_array().is_some_and(|keys| keys.iter().any(common))
}
