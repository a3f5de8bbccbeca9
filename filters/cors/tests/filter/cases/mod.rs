//! Conformance cases of others, read from the folder that `SLUICEGATE_CASES` names.

mod flows;
mod invariants;
mod origins;
mod rs_cors;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The cases of a file; `None`, and a word about it, where there is none.
fn load<T: DeserializeOwned>(file: &str) -> Option<Vec<T>> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("cors/{file}: SKIPPED, SLUICEGATE_CASES is not set");
        return None;
    };
    let path = std::path::Path::new(&folder).join("cors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// What became of a file's cases.
#[derive(Default)]
struct Score {
    passed: BTreeMap<String, usize>,
    failed: Vec<String>,
    aside: BTreeMap<&'static str, usize>,
}

impl Score {
    /// Counts a case. One of strength `policy` is run and never fails.
    fn add(&mut self, id: &str, strength: &str, verdict: Result<(), String>) {
        match verdict {
            _ if strength == "policy" => {
                *self.aside.entry("legitimate choices differ: run, not scored").or_default() += 1
            }
            Err(why) => self.failed.push(format!("{id} ({strength}): {why}")),
            Ok(()) => *self.passed.entry(strength.to_owned()).or_default() += 1,
        }
    }

    /// Counts a case that our policy cannot say, and why.
    fn skip(&mut self, reason: &'static str) {
        *self.aside.entry(reason).or_default() += 1;
    }

    /// Prints the counts, and fails where a case did.
    fn settle(self, file: &str) {
        println!("cors/{file}: passed {:?}, failed {}", self.passed, self.failed.len());
        for (reason, count) in &self.aside {
            println!("  {count} aside: {reason}");
        }
        assert!(self.failed.is_empty(), "{}", self.failed.join("\n"));
    }
}

/// The neutral policy of a case in our words; `null` and absent are the same.
fn config(policy: &Value) -> Value {
    let (patterns, exact): (Vec<_>, Vec<_>) =
        strings(&policy["origins"]).into_iter().partition(|origin| origin.contains("*."));
    let mut config = json!({"allow_origins": exact, "allow_origin_patterns": patterns});
    config["max_age"] = match policy["max_age"].as_i64() {
        Some(seconds) => format!("{}s", seconds.max(0)).into(),
        None => "off".into(),
    };
    for (ours, theirs) in [("allow_methods", "methods"), ("allow_headers", "headers"), ("expose_headers", "expose")] {
        if policy[theirs].is_array() {
            config[ours] = policy[theirs].clone();
        }
    }
    for (ours, theirs) in [
        ("allow_credentials", "credentials"),
        ("allow_private_network", "private_network"),
        ("preflight_continue", "passthrough"),
    ] {
        config[ours] = policy[theirs].as_bool().unwrap_or_default().into();
    }
    config
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}
