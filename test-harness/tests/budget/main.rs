//! The gate for speed: what one request costs in each shipped module, against a checked-in baseline.
//!
//! Fuel, host calls, memory and state are counted, not timed: they are the same on every machine, for
//! modules built by the same compiler. `BLESS=1` writes what was found as the new baseline.

mod baseline;
mod measure;

use std::io::Write;
use std::path::{Path, PathBuf};

use baseline::{Baseline, Verdict};
use measure::{Row, Toolchain};

#[test]
fn requests_cost_no_more_than_the_baseline() {
    let failures = gate().unwrap_or_else(|problem| panic!("{problem}"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Measures and compares; what is beyond the baseline.
fn gate() -> Result<Vec<String>, String> {
    let rows: Vec<Row> = serde_saphyr::from_str(include_str!("rows.yaml")).map_err(|error| error.to_string())?;
    let toolchain = Toolchain::of(&modules(&rows)?)?;
    let found = Baseline { toolchain, figures: measure::all(&rows)? };
    tell(&found.to_string());
    let file = harness().join("tests/budget/baseline.json");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        found.write(&file)?;
        tell(&format!("written as the new baseline, {}", file.display()));
        return Ok(Vec::new());
    }
    let Verdict { failures, notes } = Baseline::read(&file)?.compare(&found);
    notes.iter().for_each(|note| tell(note));
    Ok(failures)
}

/// Prints past the test harness, which shows nothing of a test that passes.
fn tell(text: &str) {
    // A closed pipe is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn harness() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the modules that the rows play.
fn modules(rows: &[Row]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for row in rows {
        files.extend(row.load()?.plugins.into_iter().map(|plugin| plugin.module));
    }
    files.sort();
    files.dedup();
    Ok(files)
}
