//! The cases, as their files have them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A token, and what is to become of it.
#[derive(Deserialize)]
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
    #[serde(default)]
    pub issuer: Value,
    pub audience: Option<String>,
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

#[derive(Deserialize)]
pub struct Provider {
    pub issuer: String,
    pub jwks: Value,
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
