//! What came of a scenario.

use std::fmt;

use crate::interleave::Schedules;

/// One demand that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The field of `expect`, e.g. `headers.retry-after`.
    pub field: String,
    /// What the scenario says.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Mismatch {
    /// A mismatch in one field.
    pub fn new(field: impl ToString, expected: impl ToString, found: impl ToString) -> Self {
        Mismatch { field: field.to_string(), expected: expected.to_string(), found: found.to_string() }
    }

    /// Whether waiting may help: a proxy logs and counts after it has answered.
    pub(super) fn may_come_late(&self) -> bool {
        self.field == "logs"
            || self.field.starts_with("metrics.")
            || (self.field == "diagnostics" && self.expected != "none")
    }
}

impl fmt::Display for Mismatch {
    /// `status: expected 204, found 403`; long ones on a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { field, expected, found } = self;
        if expected.len() + found.len() < 60 && !found.contains('\n') {
            return write!(f, "{field}: expected {expected}, found {found}");
        }
        let found = found.replace('\n', "\n            ");
        write!(f, "{field}\n  expected: {expected}\n  found:    {found}")
    }
}

/// Whether a scenario holds in a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every demand is met.
    Passed,
    /// Some are not.
    Failed,
    /// It could not be tried, and why.
    Skipped(String),
}

/// A scenario, played in one backend.
#[derive(Clone, Debug)]
pub struct Report {
    /// The scenario's id.
    pub scenario: String,
    /// The backend's name.
    pub backend: &'static str,
    /// Why it was skipped, if it was.
    pub skipped: Option<String>,
    /// Unmet demands by step, counted from 1; 0 is the start.
    pub mismatches: Vec<(usize, Mismatch)>,
    /// What happened in each step, for people.
    pub timelines: Vec<(usize, String)>,
    /// How many schedules were played, where it was searched for all of them.
    pub schedules: Option<Schedules>,
}

impl Report {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match &self.skipped {
            _ if !self.mismatches.is_empty() => Verdict::Failed,
            Some(why) => Verdict::Skipped(why.clone()),
            None => Verdict::Passed,
        }
    }
}

impl fmt::Display for Report {
    /// The unmet demands, one paragraph each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, mismatch) in &self.mismatches {
            let place = if *step == 0 { "start".to_owned() } else { format!("step {step}") };
            writeln!(f, "{place}: {}", mismatch.to_string().replace('\n', "\n  "))?;
        }
        Ok(())
    }
}
