//! The baseline: reading, writing, comparing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::measure::{Figures, Toolchain};

/// How much more than the baseline a figure may be, in percent.
const TOLERANCE: u64 = 5;

/// How much less is not worth a word, in percent: where a module was built shifts its code a little.
const NOISE: u64 = 1;

/// Figures, and what they were measured with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// What the modules were built with, and what ran them.
    pub toolchain: Toolchain,
    /// By module and by row of `rows.yaml`.
    pub figures: BTreeMap<String, Figures>,
}

/// What a comparison comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is beyond the baseline.
    pub failures: Vec<String>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Baseline {
    pub fn read(file: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn fmt::Display| format!("{}: {error}; write it with BLESS=1", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
        serde_json::from_str(&text).map_err(|error| wrong(&error))
    }

    pub fn write(&self, file: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        std::fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Compares what was found with this baseline. Modules of another compiler are other modules:
    /// their differences are told, and fail nothing.
    pub fn compare(&self, found: &Baseline) -> Verdict {
        let mut verdict = Verdict::default();
        for (name, figures) in &found.figures {
            for (figure, value) in figures {
                match self.figures.get(name).and_then(|known| known.get(figure)) {
                    Some(baseline) => verdict.judge(&format!("{name}, {figure}"), *baseline, *value),
                    None => verdict.failures.push(format!("{name}, {figure}: not in the baseline; BLESS=1 adds it")),
                }
            }
        }
        for name in self.figures.keys().filter(|name| !found.figures.contains_key(*name)) {
            verdict.failures.push(format!("{name}: in the baseline, but not measured; BLESS=1 removes it"));
        }
        if self.toolchain != found.toolchain && !verdict.failures.is_empty() {
            verdict.notes.append(&mut verdict.failures);
        }
        if self.toolchain != found.toolchain {
            verdict.notes.push(format!(
                "NOT COMPARED STRICTLY: the baseline is for {}, these modules are of {}; differences fail nothing",
                self.toolchain, found.toolchain
            ));
        }
        verdict
    }
}

impl Verdict {
    fn judge(&mut self, what: &str, baseline: u64, found: u64) {
        if u128::from(found) * 100 > u128::from(baseline) * u128::from(100 + TOLERANCE) {
            self.failures.push(format!("{what}: expected at most {baseline} and {TOLERANCE} %, found {found}"));
        } else if u128::from(found) * 100 < u128::from(baseline) * u128::from(100 - NOISE) {
            self.notes.push(format!("{what}: {found}, less than {baseline}; BLESS=1 keeps it so"));
        }
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, wasmtime {}", self.modules, self.wasmtime)
    }
}

impl fmt::Display for Baseline {
    /// A table: the modules, then the rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.toolchain)?;
        for (name, figures) in self.figures.iter().filter(|(_, figures)| figures.contains_key("bytes")) {
            writeln!(f, "{name:<32} {:>9} bytes", figures["bytes"])?;
        }
        let columns = ["fuel", "calls", "start KiB", "first +KiB", "later +KiB", "keys", "bytes", "series"];
        write!(f, "{:<32}", "request")?;
        columns.iter().try_for_each(|column| write!(f, " {column:>10}"))?;
        writeln!(f)?;
        for (name, figures) in self.figures.iter().filter(|(_, figures)| figures.contains_key("fuel")) {
            let of = |name: &str| figures.get(name).copied().unwrap_or(0);
            write!(f, "{name:<32} {:>10} {:>10}", of("fuel"), of("host calls"))?;
            for memory in ["memory at start", "memory growth, first requests", "memory growth, later"] {
                write!(f, " {:>10}", of(memory) >> 10)?;
            }
            for state in ["shared data, keys", "shared data, bytes", "metric series"] {
                write!(f, " {:>10}", of(state))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[test]
fn growth_beyond_the_tolerance_fails() {
    struct Case {
        name: &'static str,
        given: (u64, u64),
        want: (usize, usize),
    }
    let cases = [
        Case { name: "the same", given: (1000, 1000), want: (0, 0) },
        Case { name: "within", given: (1000, 1050), want: (0, 0) },
        Case { name: "beyond", given: (1000, 1051), want: (1, 0) },
        Case { name: "something from nothing", given: (0, 1), want: (1, 0) },
        Case { name: "a little less", given: (1000, 990), want: (0, 0) },
        Case { name: "less", given: (1000, 989), want: (0, 1) },
        Case { name: "huge", given: (u64::MAX, u64::MAX), want: (0, 0) },
    ];
    for Case { name, given: (baseline, found), want } in cases {
        let verdict = with("1", baseline).compare(&with("1", found));
        assert_eq!((verdict.failures.len(), verdict.notes.len()), want, "{name}: {verdict:?}");
    }
}

#[test]
fn another_compiler_is_told_and_passes() {
    let verdict = with("1", 1000).compare(&with("2", 2000));
    assert_eq!(verdict.failures, Vec::<String>::new());
    assert!(verdict.notes[0].contains("found 2000"), "{verdict:?}");
    assert!(verdict.notes[1].contains("baseline is for 1"), "{verdict:?}");
}

#[test]
fn what_one_side_lacks_fails() {
    let verdict = with("1", 1000).compare(&Baseline { figures: BTreeMap::new(), ..with("1", 0) });
    assert_eq!(verdict.failures, ["row: in the baseline, but not measured; BLESS=1 removes it"]);
    let verdict = Baseline { figures: BTreeMap::new(), ..with("1", 0) }.compare(&with("1", 1));
    assert_eq!(verdict.failures, ["row, fuel: not in the baseline; BLESS=1 adds it"]);
}

fn with(compiler: &str, fuel: u64) -> Baseline {
    let toolchain = Toolchain { modules: compiler.to_owned(), wasmtime: "1".to_owned() };
    let figures = BTreeMap::from([("row".to_owned(), Figures::from([("fuel".to_owned(), fuel)]))]);
    Baseline { toolchain, figures }
}
