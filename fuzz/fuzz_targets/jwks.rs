//! Sets of keys, fetched and inline.
//!
//! 1. A fetched set and what was left out of it are the whole list. Inline the same keys are taken, or none, where one
//!    was left out that does not say it is for others.
//! 2. A key is taken or left out for itself, whatever stands beside it.
//! 3. No key is both a secret and public, and at most four keys are tried, all of them named as was asked.
//! 4. No key takes a signature that anybody can make: zeros, ones, the document's own bytes.
//! 5. No message has a secret or a private number in it.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::{Value, json};
use sluicegate_auth::jose::jwks::{MAX_CANDIDATES, MAX_DOCUMENT, MAX_KEYS};
use sluicegate_auth::jose::{Algorithm, JwksError, Key, KeySet, SkippedKey};
use sluicegate_fuzz::mutate;

/// Beyond these the rest of a set is not looked at key by key: RSA keys are slow.
const LOOKED_AT: usize = 8;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let json = if seed.is_multiple_of(2) { mutate::json(data, size, max_size, 0..size, seed) } else { None };
    json.unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});

fuzz_target!(|document: &[u8]| {
    let jwks: Value = serde_json::from_slice(document).unwrap_or_default();
    let inline = KeySet::inline(&jwks);
    if let Err(errors) = &inline {
        assert!(!errors.is_empty() && errors.iter().all(|error| !error.to_string().is_empty()));
        keeps_secrets(&jwks, &errors.to_string());
    }
    match KeySet::fetched(document) {
        Ok((set, skipped)) => {
            let all_for_others = skipped.iter().all(|skipped| is_for_others(&jwks["keys"][skipped.index]));
            assert_eq!(inline.is_ok(), all_for_others);
            let kids = |set: &KeySet| set.iter().map(|key| key.kid().map(str::to_owned)).collect::<Vec<_>>();
            assert!(inline.is_err() || inline.as_ref().is_ok_and(|inline| kids(inline) == kids(&set)));
            check(&jwks, &set, &skipped, document);
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            keeps_secrets(&jwks, &error.to_string());
            let duplicates = matches!(error, JwksError::Malformed(_));
            assert!(inline.is_err() || duplicates || document.len() > MAX_DOCUMENT, "{error}");
        }
    }
});

/// Whether it names another kind, curve, use or algorithm than those offered (RFC 7517 section 5).
fn is_for_others(jwk: &Value) -> bool {
    let offered: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::name).chain(["Ed25519"]).collect();
    let differs = |name: &str, known: &[&str]| jwk[name].as_str().is_some_and(|given| !known.contains(&given));
    differs("kty", &["RSA", "EC", "OKP", "oct"])
        || jwk["kty"] == "EC" && differs("crv", &["P-256"])
        || jwk["kty"] == "OKP" && differs("crv", &["Ed25519"])
        || differs("use", &["sig"])
        || differs("alg", &offered)
}

fn check(jwks: &Value, set: &KeySet, skipped: &[SkippedKey], document: &[u8]) {
    let list = jwks["keys"].as_array().unwrap();
    assert!(document.len() <= MAX_DOCUMENT && list.len() <= MAX_KEYS);
    assert_eq!(set.iter().len() + skipped.len(), list.len());
    let mut taken = set.iter();
    for (index, jwk) in list.iter().enumerate() {
        let why = skipped.iter().find(|skipped| skipped.index == index);
        let key = if why.is_none() { taken.next() } else { None };
        why.iter().for_each(|why| keeps_secrets(jwks, &why.to_string()));
        if index < LOOKED_AT {
            let alone = KeySet::inline(&json!({"keys": [jwk]}));
            assert_eq!(alone.is_ok(), why.is_none(), "{index}");
            key.iter().for_each(|key| check_key(jwk, key, document));
        }
    }
    let kids = list.iter().map(|jwk| jwk["kid"].as_str()).chain([None, Some("")]).take(LOOKED_AT);
    for kid in kids {
        for algorithm in Algorithm::ALL {
            let Ok(candidates) = set.candidates(algorithm, kid) else { continue };
            let candidates: Vec<&Key> = candidates.collect();
            assert!((1..=MAX_CANDIDATES).contains(&candidates.len()));
            assert!(candidates.iter().all(|key| key.fits(algorithm) && (kid.is_none() || key.kid() == kid)));
        }
    }
}

fn check_key(jwk: &Value, key: &Key, document: &[u8]) {
    assert_eq!(key.kid(), jwk["kid"].as_str());
    assert!(jwk.get("d").is_none(), "a private key is none to verify with");
    let secret = Algorithm::ALL.iter().filter(|algorithm| algorithm.name().starts_with("HS")).any(|hs| key.fits(*hs));
    let public = Algorithm::ALL.iter().filter(|algorithm| !algorithm.name().starts_with("HS")).any(|rs| key.fits(*rs));
    assert!(!(secret && public));
    assert_eq!(secret && !public, jwk["kty"] == "oct" && secret);
    let algorithms = Algorithm::ALL.into_iter().filter(|algorithm| key.fits(*algorithm));
    for algorithm in algorithms.take(4) {
        for signature in signatures_of_nobody(jwk, document) {
            assert!(!key.verifies(algorithm, b"header.payload", &signature), "{algorithm}");
        }
    }
}

/// As long as the key's are: zeros; ones; one, in either order of bytes (RSA, and the neutral point of Ed25519); what the
/// document says.
fn signatures_of_nobody(jwk: &Value, document: &[u8]) -> [Vec<u8>; 5] {
    let length = match jwk["kty"].as_str() {
        Some("RSA") => jwk["n"].as_str().map_or(0, |n| n.len() * 3 / 4),
        Some("oct") => 32,
        _ => 64,
    };
    let (mut first, mut last) = (vec![0; length], vec![0; length]);
    first.first_mut().iter_mut().for_each(|byte| **byte = 1);
    last.last_mut().iter_mut().for_each(|byte| **byte = 1);
    let mut own: Vec<u8> = document.iter().copied().cycle().take(length).collect();
    own.first_mut().iter_mut().for_each(|byte| **byte &= 0x7f);
    [vec![0; length], vec![0xff; length], first, last, own]
}

/// No text that a member holds which is nobody's business stands in a message.
fn keeps_secrets(jwks: &Value, message: &str) {
    for jwk in jwks.get("keys").and_then(Value::as_array).into_iter().flatten() {
        for name in ["k", "d", "p", "q", "dp", "dq", "qi"] {
            let Some(secret) = jwk.get(name).and_then(Value::as_str).filter(|secret| secret.len() >= 16) else {
                continue;
            };
            // Not where it is also something that may be told.
            if jwks.to_string().matches(secret).count() == 1 {
                assert!(!message.contains(secret));
            }
        }
    }
}
