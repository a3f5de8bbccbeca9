//! What became of a file's cases.

use std::collections::BTreeMap;

use crate::case::Case;

/// What became of a token.
pub enum Verdict {
    /// Taken.
    Valid,
    /// Refused, and why.
    Invalid(String),
}

/// The cases of a file, counted.
pub struct Score {
    file: String,
    agree: BTreeMap<String, usize>,
    /// By what was expected and what came of it.
    policy: BTreeMap<String, Vec<String>>,
    not_offered: usize,
    failed: Vec<String>,
}

/// Algorithms that are registered and not offered.
const NOT_OFFERED: [&str; 4] = ["ES384", "ES512", "ES256K", "Ed448"];

impl Score {
    pub fn of(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            agree: BTreeMap::new(),
            policy: BTreeMap::new(),
            not_offered: 0,
            failed: Vec::new(),
        }
    }

    pub fn add(&mut self, case: &Case, verdict: Verdict) {
        let (got, why) = match verdict {
            Verdict::Valid => ("valid", String::new()),
            Verdict::Invalid(why) => ("invalid", why),
        };
        let agrees = got == case.expect.replace("parse-ok", "valid");
        let told = format!("{} ({}): expected {}, got {got} {why}", case.id, case.name, case.expect);
        match case.strength.as_str() {
            _ if !agrees && got == "invalid" && NOT_OFFERED.contains(&algorithm(&case.token).as_str()) => {
                self.not_offered += 1;
            }
            "policy" => {
                let group = format!("expected {}, {got} {why}", case.expect);
                self.policy.entry(group).or_default().push(format!("{} ({})", case.id, case.name));
            }
            strength if agrees => *self.agree.entry(format!("{strength} {}", case.expect)).or_default() += 1,
            strength => self.failed.push(format!("{}: {strength}: {told}", self.file)),
        }
    }

    /// Prints the score and gives what failed.
    pub fn settle(self) -> Vec<String> {
        let (agree, failed, not_offered) = (&self.agree, self.failed.len(), self.not_offered);
        println!("jwt/{}: agree {agree:?}, failed {failed}, algorithm not offered {not_offered}", self.file);
        for (group, cases) in &self.policy {
            println!("    policy, {group}: {}: {}", cases.len(), cases.join(", "));
        }
        self.failed
    }
}

/// The `alg` of a token; empty where there is none.
fn algorithm(token: &str) -> String {
    let header = token.split('.').next().and_then(sluicegate_auth::jose::base64url::decode).unwrap_or_default();
    let header = sluicegate_common::config::parse_json(&header).unwrap_or_default();
    header["alg"].as_str().unwrap_or_default().to_owned()
}
