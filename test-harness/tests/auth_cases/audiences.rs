//! Audiences of config against those of tokens.

use serde_json::{Value, json};

use crate::cases::{AudienceCase, Case, load_lines};
use crate::hs256;

/// The cases, with tokens of our own.
pub fn cases() -> Vec<Case> {
    let cases = load_lines::<AudienceCase>("jwt/audience_envoy.jsonl");
    cases.into_iter().map(case).collect()
}

fn case(case: AudienceCase) -> Case {
    Case {
        name: format!("{:?} and {}", case.config_audiences, case.token_aud),
        audience: json!(case.config_audiences),
        expect: if case.rfc7519_strict_allows { "valid" } else { "invalid" }.to_owned(),
        ..of_ours(case.id, hs256::token(json!({"aud": case.token_aud})), hs256::jwks())
    }
}

/// A case of this token and these keys, which is valid.
pub fn of_ours(id: String, token: String, key: Value) -> Case {
    Case {
        name: id.clone(),
        id,
        token,
        key,
        alg: None,
        expect: "valid".to_owned(),
        layer: "jwt".to_owned(),
        strength: "must".to_owned(),
        http_testable: true,
        issuer: Value::Null,
        audience: Value::Null,
        now: None,
        leeway: None,
        require_exp: None,
        requires: None,
        providers: Vec::new(),
        map_claims: Default::default(),
    }
}
