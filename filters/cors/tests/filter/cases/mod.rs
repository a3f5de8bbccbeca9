//! Conformance cases of others, read from the folder that `SLUICEGATE_CASES` names, for whatever plays exchanges: the
//! filter alone here, whole proxies in the test harness, which includes this folder.

mod answer;
mod fetch;
mod flows;
mod invariants;
mod origins;
mod rs_cors;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use answer::{Answer, Lines};

/// Something that plays exchanges.
pub trait Player {
    /// One request, its pseudo headers among its lines, under this config of the filter; should it get there, the
    /// upstream answers with this status and these lines. `None`: the config is refused.
    fn play(&mut self, config: &Value, request: Lines, upstream_status: u16, upstream: Lines) -> Option<Answer>;
}

/// Plays all cases.
///
/// # Panics
/// A case failed.
pub fn play_all(player: &mut dyn Player) {
    let scores = [origins::play(player), flows::play(player), invariants::play(player), rs_cors::play(player)];
    let failed: Vec<String> = scores.into_iter().flatten().flat_map(Score::settle).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

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
struct Score {
    file: &'static str,
    passed: BTreeMap<String, usize>,
    failed: Vec<String>,
    aside: BTreeMap<&'static str, usize>,
}

impl Score {
    fn of(file: &'static str) -> Self {
        Self { file, passed: BTreeMap::new(), failed: Vec::new(), aside: BTreeMap::new() }
    }

    /// Counts a case. One of strength `policy` was run and is never scored.
    fn add(&mut self, id: &str, strength: &str, verdict: Result<(), String>) {
        match verdict {
            _ if strength == "policy" => self.leave_out("legitimate choices differ: run, not scored"),
            Err(why) => self.failed.push(format!("{id} ({strength}): {why}")),
            Ok(()) => *self.passed.entry(strength.to_owned()).or_default() += 1,
        }
    }

    /// Counts a case that says nothing about us, and why.
    fn leave_out(&mut self, reason: &'static str) {
        *self.aside.entry(reason).or_default() += 1;
    }

    /// Prints the counts and tells what failed.
    fn settle(self) -> Vec<String> {
        println!("cors/{}: passed {:?}, failed {}", self.file, self.passed, self.failed.len());
        for (reason, count) in &self.aside {
            println!("  {count} aside: {reason}");
        }
        self.failed
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
