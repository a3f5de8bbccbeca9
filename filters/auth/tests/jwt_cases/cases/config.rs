//! The authenticator that a case asks for.

use serde_json::{Value, json};

use super::Case;

/// The algorithms that are offered.
pub const OFFERED: [&str; 11] =
    ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA"];

/// Whether the algorithm of this name is offered. `Ed25519` is a name of `EdDSA` (RFC 9864 section 2.2).
pub fn is_offered(name: &str) -> bool {
    name == "Ed25519" || OFFERED.contains(&name)
}

/// The clock of the cases that do not say one, in seconds.
pub const NOW: u64 = 1_700_000_000;

/// The sets of keys of the case's issuers, in their order.
pub fn documents(case: &Case) -> Vec<&Value> {
    match &case.providers[..] {
        [] => vec![&case.key],
        providers => providers.iter().map(|provider| &provider.jwks).collect(),
    }
}

/// A set of keys as it is published.
pub fn text(document: &Value) -> Vec<u8> {
    match document.get("_raw_text") {
        Some(text) => text.as_str().unwrap().as_bytes().to_vec(),
        None => serde_json::to_vec(document).unwrap(),
    }
}

/// The authenticator, but for its `type`. Its issuers' keys stand where `keys` says.
pub fn jwt(case: &Case, keys: &[Value]) -> Value {
    let algorithms: Vec<&str> = match &case.alg {
        None => OFFERED.into(),
        Some(names) => names.iter().map(String::as_str).filter(|name| is_offered(name)).collect(),
    };
    let issuer = |(index, keys): (usize, &Value)| {
        let name = case.providers.get(index).map_or(case.issuer.as_str(), |provider| Some(&provider.issuer));
        let mut issuer = json!({"name": format!("issuer-{index}"), "algorithms": algorithms, "keys": keys});
        name.inspect(|name| issuer["issuer"] = json!(name));
        match &case.audience {
            Value::Null => {}
            Value::Array(several) => issuer["audiences"] = json!(several),
            one => issuer["audiences"] = json!([one]),
        }
        issuer
    };
    let header = |(claim, header): (&String, &String)| json!({"claim": format!("/{claim}"), "header": header});
    let eternal = case.requires.as_deref() == Some("require_exp=false") || case.require_exp == Some(false);
    json!({
        "issuers": keys.iter().enumerate().map(issuer).collect::<Vec<_>>(),
        "require_claims": if eternal { json!([]) } else { json!(["exp"]) },
        "clock_skew": format!("{}s", case.leeway.unwrap_or(0)),
        "claims_to_headers": case.map_claims.iter().map(header).collect::<Vec<_>>(),
    })
}
