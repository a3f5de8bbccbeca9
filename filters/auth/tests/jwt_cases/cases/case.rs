//! The cases, as their files have them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A token, and what is to become of it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Case {
    pub id: String,
    pub name: String,
    pub token: String,
    /// A JWK Set, mostly.
    pub key: Value,
    /// The algorithms that are allowed; null: all.
    pub alg: Option<Vec<String>>,
    /// `valid`, `invalid` or `parse-ok`.
    pub expect: String,
    /// `jwt`, `jws` (the signature alone) or `parse` (all but the signature).
    pub layer: String,
    /// `must`, `should` or `policy`.
    pub strength: String,
    /// Whether it can stand in a header.
    pub http_testable: bool,
    #[serde(default)]
    pub issuer: Value,
    /// One, several or none.
    #[serde(default)]
    pub audience: Value,
    /// Seconds.
    pub now: Option<u64>,
    /// Seconds.
    pub leeway: Option<u64>,
    pub require_exp: Option<bool>,
    pub requires: Option<String>,
    /// Several issuers, each with its keys.
    #[serde(default)]
    pub providers: Vec<Provider>,
    /// Claims and the headers they go into.
    #[serde(default)]
    pub map_claims: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub struct Provider {
    pub issuer: String,
    pub jwks: Value,
}

/// The audiences of config, and those of a token.
#[derive(Deserialize)]
pub struct AudienceCase {
    pub id: String,
    pub config_audiences: Vec<String>,
    pub token_aud: Value,
    /// As RFC 7519 section 4.1.3 says it. Envoy takes `http://gw/` for `gw`.
    pub rfc7519_strict_allows: bool,
}

/// The cases of a file with one a line; none, and a word about it, where there is no file.
pub fn load_lines<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let text = read(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A file that is one JSON text; `None`, and a word about it, where there is none.
pub fn load<T: DeserializeOwned>(file: &str) -> Option<T> {
    read(file).map(|text| serde_json::from_str(&text).unwrap())
}

fn read(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("{file}: SKIPPED, SLUICEGATE_CASES is not set");
        return None;
    };
    let path = Path::new(&folder).join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
