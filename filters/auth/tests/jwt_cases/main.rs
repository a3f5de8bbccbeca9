//! Conformance cases of others for whole tokens, read from the folder that `SLUICEGATE_CASES` names.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod authenticator;
#[allow(dead_code, reason = "through the module more can become of a case")]
mod cases;

use authenticator::{Authenticator, reads, signature_holds};
use cases::{AudienceCase, Case, FILES, OFFERED, Score, load, load_lines};
use serde::Deserialize;
use serde_json::json;
use sluicegate_auth::jose::{Algorithm, Token};
use sluicegate_common::config::parse_json;

#[test]
fn the_cases_know_what_is_offered() {
    let offered: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::name).collect();
    assert_eq!(offered, OFFERED);
}

/// All of strength `must` and `should` agree.
#[test]
fn tokens() {
    let failed: Vec<String> = FILES.into_iter().flat_map(judge).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn judge(file: &str) -> Vec<String> {
    let mut score = Score::of(format!("jwt/{file}.jsonl"));
    for case in load_lines::<Case>(&format!("jwt/{file}.jsonl")) {
        let verdict = match case.layer.as_str() {
            "jws" => signature_holds(&case),
            "parse" => reads(&case),
            _ => Authenticator::of(&case).judge(&case),
        };
        score.add(&case, verdict);
    }
    score.settle()
}

/// Envoy takes `http://gw/` for `gw`; here an audience is what it says (RFC 7519 section 4.1.3).
#[test]
fn audiences() {
    let cases = load_lines::<AudienceCase>("jwt/audience_envoy.jsonl");
    for case in &cases {
        let authenticator = Authenticator::reading(json!(case.config_audiences));
        let found = authenticator.reads(&json!({"aud": case.token_aud}));
        assert_eq!(found.is_ok(), case.rfc7519_strict_allows, "{}: {found:?}", case.id);
    }
    println!("jwt/audience_envoy.jsonl: {} agree with RFC 7519", cases.len());
}

#[derive(Deserialize)]
struct JsonSuite {
    cases: Vec<JsonCase>,
}

#[derive(Deserialize)]
struct JsonCase {
    name: String,
    expect: String,
    bytes_b64: String,
}

/// Names that stand twice (RFC 8259 section 4: unpredictable), refused on purpose.
const TWICE: [&str; 2] = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

/// Every text as the payload and, for those that are no objects, as a claim.
#[test]
fn payloads() {
    let Some(suite) = load::<JsonSuite>("json/jsontestsuite.json") else { return };
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for case in &suite.cases {
        let text = case.bytes();
        let as_payload = authenticator::token_of(&text);
        let accepted = Token::parse(as_payload.as_bytes(), usize::MAX).is_ok();
        let claim = [b"{\"exp\":1,\"claim\":", &text[..], b"}"].concat();
        let as_claim = authenticator::token_of(&claim);
        let accepted_as_claim = Token::parse(as_claim.as_bytes(), usize::MAX).is_ok();
        let is_object = parse_json(&text).is_ok_and(|json| json.is_object());
        match case.expect.as_str() {
            "accept" if TWICE.contains(&case.name.as_str()) => {
                assert!(!accepted && !accepted_as_claim, "{}", case.name)
            }
            "accept" => assert!(accepted == is_object && accepted_as_claim, "{}", case.name),
            "reject" => assert!(!accepted && !accepted_as_claim, "{}", case.name),
            // What RFC 8259 leaves open: no text is taken in one place and refused in the other.
            _ => assert_eq!(accepted, accepted_as_claim && is_object, "{}", case.name),
        }
        let verdict = if accepted_as_claim { "taken" } else { "refused" };
        *counts.entry(format!("{} {verdict}", case.expect)).or_default() += 1;
    }
    println!("json/jsontestsuite.json, {} as payload and as claim: {counts:?}", suite.cases.len());
}

impl JsonCase {
    fn bytes(&self) -> Vec<u8> {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.decode(&self.bytes_b64).unwrap()
    }
}
