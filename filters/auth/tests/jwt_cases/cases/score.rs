//! What became of a file's cases.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;

use super::Case;

/// What became of a token.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Taken.
    Valid,
    /// Refused, and why.
    Invalid(String),
    /// Neither: a trap, an answer of 500 and more, two answers to one token.
    Failed(String),
    /// It was not played, and why.
    Skipped(&'static str),
}

/// The cases of a file, counted.
pub struct Score {
    /// The file, and where its cases were played.
    title: String,
    /// By strength.
    rows: BTreeMap<String, Row>,
    skipped: BTreeMap<&'static str, Vec<String>>,
    not_offered: BTreeMap<String, usize>,
    /// By what was expected and what came of it.
    policy: BTreeMap<String, Vec<String>>,
    failed: Vec<String>,
}

#[derive(Default)]
struct Row {
    agree: usize,
    differ: usize,
    not_offered: usize,
    skipped: usize,
}

/// Algorithms that are registered and not offered.
const NOT_OFFERED: [&str; 4] = ["ES384", "ES512", "ES256K", "Ed448"];

impl Score {
    pub fn of(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: BTreeMap::new(),
            skipped: BTreeMap::new(),
            not_offered: BTreeMap::new(),
            policy: BTreeMap::new(),
            failed: Vec::new(),
        }
    }

    /// Counts a case. All of strength `must` and `should` are to agree; of those of strength `policy`, and of algorithms
    /// that are not offered, it is counted what came of them.
    pub fn add(&mut self, case: &Case, verdict: Verdict) {
        let row = self.rows.entry(case.strength.clone()).or_default();
        let (got, why) = match verdict {
            Verdict::Valid => ("valid", String::new()),
            Verdict::Invalid(why) => ("invalid", why),
            Verdict::Failed(why) => ("failed", why),
            Verdict::Skipped(why) => {
                row.skipped += 1;
                return self.skipped.entry(why).or_default().push(case.id.clone());
            }
        };
        let algorithm = algorithm(&case.token);
        if got == "invalid" && NOT_OFFERED.contains(&algorithm.as_str()) {
            row.not_offered += 1;
            *self.not_offered.entry(algorithm).or_default() += 1;
            return;
        }
        let agrees = got == case.expect.replace("parse-ok", "valid");
        *if agrees { &mut row.agree } else { &mut row.differ } += 1;
        let told = format!("{} ({})", case.id, case.name);
        if case.strength == "policy" {
            let group = format!("expected {}, {got} {why}", case.expect);
            self.policy.entry(group).or_default().push(told.clone());
        }
        if got == "failed" || (!agrees && case.strength != "policy") {
            let Case { strength, expect, .. } = case;
            self.failed.push(format!("{}: {strength} {told}: expected {expect}, {got} {why}", self.title));
        }
    }

    /// Prints the score and gives what failed.
    pub fn settle(self) -> Vec<String> {
        println!("{}", self.title);
        for (strength, Row { agree, differ, not_offered, skipped }) in &self.rows {
            println!(
                "    {strength:6}  agree {agree:3}  differ {differ:2}  not offered {not_offered:2}  skipped {skipped:2}"
            );
        }
        if !self.not_offered.is_empty() {
            println!("    algorithms that are not offered, refused: {:?}", self.not_offered);
        }
        for (why, cases) in &self.skipped {
            println!("    skipped, {why}: {}: {}", cases.len(), cases.join(", "));
        }
        for (group, cases) in &self.policy {
            println!("    policy, {group}: {}: {}", cases.len(), cases.join(", "));
        }
        self.failed
    }
}

/// The `alg` of a token; empty where there is none.
fn algorithm(token: &str) -> String {
    let header = token.split('.').next().and_then(|header| BASE64URL.decode(header).ok()).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    header["alg"].as_str().unwrap_or_default().to_owned()
}
