//! The ledger of known differences between real Envoy and the scenarios.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::report::{Mismatch, Report};

/// Known differences, each with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The scenario's id.
    scenario: String,
    /// The step, from 1; 0 is the start.
    step: usize,
    /// The field of `expect` that differs.
    field: String,
    /// Part of what is found instead.
    found: String,
    /// Why both are right.
    reason: String,
}

/// A ledger that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerError(String);

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LedgerError {}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    /// The file cannot be read, or an entry has no reason, a field too many or one too few.
    pub fn load(file: &Path) -> Result<Self, LedgerError> {
        let text = std::fs::read_to_string(file).map_err(|e| LedgerError(format!("{}: {e}", file.display())))?;
        Self::parse(&text).map_err(|LedgerError(why)| LedgerError(format!("{}: {why}", file.display())))
    }

    /// Reads a ledger from its text.
    ///
    /// # Errors
    /// As [`Ledger::load`].
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let entries: Option<Vec<Entry>> =
            serde_saphyr::from_str(text).map_err(|error| LedgerError(error.to_string()))?;
        let entries = entries.unwrap_or_default();
        for entry in &entries {
            if entry.reason.trim().is_empty() || entry.found.is_empty() {
                return Err(LedgerError(format!("{}: `found` and `reason` must say something", entry.scenario)));
            }
        }
        Ok(Ledger { entries })
    }

    /// What is wrong with a report: mismatches that are not listed, and listed ones that are gone.
    pub fn judge(&self, report: &Report) -> Vec<String> {
        let entries: Vec<&Entry> = self.entries.iter().filter(|entry| entry.scenario == report.scenario).collect();
        let covers = |entry: &&Entry, (step, mismatch): &(usize, Mismatch)| {
            entry.step == *step && entry.field == mismatch.field && mismatch.found.contains(&entry.found)
        };
        let unlisted = report.mismatches.iter().filter(|found| !entries.iter().any(|entry| covers(entry, found)));
        let mut wrong: Vec<String> = unlisted.map(|(step, mismatch)| format!("step {step}: {mismatch}")).collect();
        if report.skipped.is_none() {
            let stale = entries.iter().filter(|entry| !report.mismatches.iter().any(|found| covers(entry, found)));
            wrong.extend(stale.map(|entry| {
                format!("step {}: {} agrees now: remove it from the ledger of differences", entry.step, entry.field)
            }));
        }
        wrong
    }

    /// Entries about scenarios that do not exist.
    pub fn orphans<'a>(&'a self, scenarios: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|entry| entry.scenario.as_str()).filter(move |id| !scenarios.contains(id))
    }
}
