//! The ledger of differences that are right in both hosts.

use std::path::Path;

use serde::Deserialize;

use crate::Difference;

/// Known differences, each with its reason.
pub struct Ledger(Vec<Entry>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The table's file, without `.yaml`.
    table: String,
    /// The step, from 1; 0 is the start.
    step: usize,
    /// The operation, as the difference names it.
    operation: String,
    /// What Envoy answers.
    envoy: String,
    /// What wasmtime answers.
    wasmtime: String,
    /// Why both are right.
    reason: String,
}

/// What the ledger says of a table's differences.
pub struct Verdict {
    /// How many are listed.
    pub explained: usize,
    /// Those that are not.
    pub unexplained: Vec<Difference>,
    /// Listed ones that are gone.
    pub stale: Vec<String>,
}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    /// The file cannot be read, or an entry has no reason, a field too many or one too few.
    pub fn load(file: &Path) -> Result<Self, String> {
        let wrong = |why: String| format!("{}: {why}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let entries: Vec<Entry> = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        match entries.iter().find(|entry| entry.reason.trim().is_empty()) {
            Some(entry) => Err(wrong(format!("{}: {}: no reason", entry.table, entry.operation))),
            None => Ok(Ledger(entries)),
        }
    }

    /// Sorts out a table's differences.
    pub fn judge(&self, table: &str, differences: Vec<Difference>) -> Verdict {
        let covers = |entry: &Entry, found: &Difference| {
            entry.step == found.step
                && entry.operation == found.operation
                && entry.envoy == found.envoy
                && entry.wasmtime == found.wasmtime
        };
        let entries: Vec<&Entry> = self.0.iter().filter(|entry| entry.table == table).collect();
        let gone = entries.iter().filter(|entry| !differences.iter().any(|found| covers(entry, found)));
        let stale = gone.map(|entry| {
            let Entry { step, operation, .. } = entry;
            format!("step {step}: {operation}: not as the ledger of differences says")
        });
        let stale = stale.collect();
        let (explained, unexplained): (Vec<Difference>, _) =
            differences.into_iter().partition(|found| entries.iter().any(|entry| covers(entry, found)));
        Verdict { explained: explained.len(), unexplained, stale }
    }

    /// An entry about a table that does not exist.
    pub fn orphan(&self, tables: &[String]) -> Option<&str> {
        self.0.iter().map(|entry| entry.table.as_str()).find(|table| !tables.iter().any(|known| known == table))
    }
}
