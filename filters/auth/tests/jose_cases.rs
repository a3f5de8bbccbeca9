//! Conformance cases of others for keys and signatures, read from the folder that `SLUICEGATE_CASES` names.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sluicegate_auth::jose::{Algorithm, KeySet, base64url};
use sluicegate_common::config::parse_json;

const NOT_OFFERED: &str = "the algorithm is not offered: refused";
const DIFFERS: &str = "all keys of a curve that is not offered or not told, or no point: refused";
const POLICY: &str = "legitimate choices differ: run, not scored";

#[derive(Deserialize)]
struct TokenCase {
    id: String,
    token: String,
    key: Value,
    /// The algorithms to allow; `null` for all.
    alg: Option<Vec<String>>,
    expect: String,
    strength: String,
    #[serde(default)]
    cat: String,
}

#[derive(Deserialize)]
struct DocumentCase {
    id: String,
    jwks_text: String,
    usable_keys: Option<usize>,
    expect: String,
}

/// What became of a file's cases.
#[derive(Default)]
struct Score {
    passed: BTreeMap<String, usize>,
    aside: BTreeMap<&'static str, usize>,
    failed: Vec<String>,
}

impl Score {
    fn add(&mut self, id: &str, strength: &str, got: &str, want: &str) {
        if got == want {
            *self.passed.entry(format!("{strength} {want}")).or_default() += 1;
        } else {
            self.failed.push(format!("{id} ({strength}): {got}, expected {want}"));
        }
    }

    fn leave_out(&mut self, reason: &'static str) {
        *self.aside.entry(reason).or_default() += 1;
    }

    fn settle(self, file: &str) {
        println!("jwt/{file}: passed {:?}, failed {}, aside {:?}", self.passed, self.failed.len(), self.aside);
        assert!(self.failed.is_empty(), "{}", self.failed.join("\n"));
    }
}

/// The cases of a file; none, and a word about it, where there is no file.
fn load<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("jwt/{file}: SKIPPED, SLUICEGATE_CASES is not set");
        return Vec::new();
    };
    let path = std::path::Path::new(&folder).join("jwt").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a token says of its signature, and the signature.
struct Signed {
    alg: String,
    kid: Option<String>,
    input: Vec<u8>,
    signature: Vec<u8>,
}

/// The three parts of a token. Its claims are not looked at, for most are none.
fn split(token: &str) -> Option<Signed> {
    let (input, signature) = token.rsplit_once('.')?;
    let (header, payload) = input.split_once('.')?;
    base64url::decode(payload)?;
    let header = parse_json(&base64url::decode(header)?).ok()?;
    let kid = header.get("kid").map(|kid| kid.as_str().ok_or(())).transpose().ok()?;
    Some(Signed {
        alg: header.get("alg")?.as_str()?.to_owned(),
        kid: kid.map(str::to_owned),
        input: input.as_bytes().to_vec(),
        signature: base64url::decode(signature)?,
    })
}

fn document(key: &Value) -> Vec<u8> {
    match key.get("_raw_text") {
        Some(text) => text.as_str().unwrap().as_bytes().to_vec(),
        None => serde_json::to_vec(key).unwrap(),
    }
}

fn verifies(case: &TokenCase) -> bool {
    let Ok((keys, _)) = KeySet::fetched(&document(&case.key)) else { return false };
    let Some(signed) = split(&case.token) else { return false };
    let Some(algorithm) = Algorithm::of_name(&signed.alg) else { return false };
    if case.alg.as_ref().is_some_and(|allowed| !allowed.contains(&signed.alg)) {
        return false;
    }
    let Ok(mut candidates) = keys.candidates(algorithm, signed.kid.as_deref()) else { return false };
    candidates.any(|key| key.verifies(algorithm, &signed.input, &signed.signature))
}

fn judge_tokens(file: &str, ours: impl Fn(&TokenCase) -> bool) {
    let mut score = Score::default();
    for case in load::<TokenCase>(file).into_iter().filter(ours) {
        let got = if verifies(&case) { "valid" } else { "invalid" };
        let offered = split(&case.token).is_none_or(|signed| Algorithm::of_name(&signed.alg).is_some());
        match (case.strength.as_str(), offered) {
            (_, false) => {
                assert_eq!(got, "invalid", "{}", case.id);
                score.leave_out(NOT_OFFERED);
            }
            ("policy", true) => score.leave_out(POLICY),
            (strength, true) => score.add(&case.id, strength, got, &case.expect),
        }
    }
    score.settle(file);
}

#[test]
fn signatures_of_wycheproof() {
    judge_tokens("wycheproof_jws_raw.jsonl", |_| true);
}

#[test]
fn selection_of_keys() {
    judge_tokens("jwks_selection.jsonl", |_| true);
}

/// What these refuse may be the claims' fault or the header's, but what they accept has a good signature.
#[test]
fn signatures_that_are_good() {
    for file in ["attacks.jsonl", "library_tokens.jsonl", "wycheproof_jwt_transplant.jsonl"] {
        judge_tokens(file, |case| case.expect == "valid");
    }
}

#[test]
fn attacks_on_keys_and_signatures() {
    let ours = ["algkey", "algname", "confusion", "ecdsa", "eddsa", "kid", "none", "rsa"];
    judge_tokens("attacks.jsonl", |case| ours.contains(&case.cat.as_str()) && case.expect == "invalid");
}

/// A key that loads in Envoy and cannot here: its curve is not offered or (RFC 7518 section 6.2.1.1: MUST) not told, or
/// its 32 bytes are no point, of which Envoy checks the length alone.
fn differs(jwk: &Value) -> bool {
    match jwk["kty"].as_str() {
        Some("EC") => jwk["crv"] != "P-256",
        Some("OKP") if jwk["crv"] == "Ed25519" => {
            let x = base64url::decode(jwk["x"].as_str().unwrap_or_default()).unwrap_or_default();
            x.try_into().is_ok_and(|x| ed25519_dalek::VerifyingKey::from_bytes(&x).is_err())
        }
        _ => false,
    }
}

#[test]
fn documents_of_envoy() {
    let mut score = Score::default();
    for case in load::<DocumentCase>("jwks_documents_envoy.jsonl") {
        let listed = serde_json::from_str(&case.jwks_text).unwrap_or(Value::Null);
        let others = listed["keys"].as_array().map_or(0, |keys| keys.iter().filter(|jwk| differs(jwk)).count());
        match KeySet::fetched(case.jwks_text.as_bytes()) {
            Err(_) if case.expect == "load" && case.usable_keys.unwrap_or(1) <= others => score.leave_out(DIFFERS),
            Err(_) => score.add(&case.id, "should", "no-usable-keys", &case.expect),
            Ok((keys, _)) => {
                score.add(&case.id, "should", "load", &case.expect);
                assert!(case.usable_keys.is_none_or(|usable| keys.iter().count() == usable - others), "{}", case.id);
            }
        }
    }
    score.settle("jwks_documents_envoy.jsonl");
}
