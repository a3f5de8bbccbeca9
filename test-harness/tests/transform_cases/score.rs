//! What became of a file's cases.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

/// A case that says nothing about us, and why.
pub struct Aside(pub String);

impl Aside {
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// How a case ended: run, with what was wrong, or left out.
pub type Verdict = Result<Result<(), String>, Aside>;

pub struct Score {
    file: &'static str,
    passed: BTreeMap<String, usize>,
    failed: Vec<String>,
    aside: BTreeMap<String, Vec<String>>,
}

impl Score {
    pub fn of(file: &'static str) -> Self {
        Self { file, passed: BTreeMap::new(), failed: Vec::new(), aside: BTreeMap::new() }
    }

    /// Counts a case. One of strength `policy` is run and never scored.
    pub fn add(&mut self, id: &str, strength: &str, verdict: Verdict) {
        match verdict {
            Ok(_) if strength == "policy" => {
                self.aside
                    .entry("legitimate choices differ: run, not scored".to_owned())
                    .or_default()
                    .push(id.to_owned());
            }
            Ok(Ok(())) => *self.passed.entry(strength.to_owned()).or_default() += 1,
            Ok(Err(why)) => self.failed.push(format!("{id} ({strength}): {why}")),
            Err(Aside(reason)) => self.aside.entry(reason).or_default().push(id.to_owned()),
        }
    }

    /// Prints the counts and tells what failed.
    pub fn settle(self, backend: &str) -> Vec<String> {
        let passed: usize = self.passed.values().sum();
        let (ran, failed) = (passed + self.failed.len(), self.failed.len());
        println!("transform/{} in {backend}: ran {ran}, passed {:?}, failed {failed}", self.file, self.passed);
        for (reason, ids) in &self.aside {
            println!("  {} aside: {reason}: {}", ids.len(), ids.join(" "));
        }
        self.failed
    }
}

/// The cases of a file; `None`, and a word about it, where there is none.
pub fn load<T: DeserializeOwned>(file: &str) -> Option<Vec<T>> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("transform/{file}: SKIPPED, SLUICEGATE_CASES is not set");
        return None;
    };
    let path = std::path::Path::new(&folder).join("transform").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
