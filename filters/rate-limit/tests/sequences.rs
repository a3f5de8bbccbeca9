//! Sequences of requests with the decision and the numbers that exact models give, one level per key.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is how tests fail"
)]

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use sluicegate_common::time::Nanos;
use sluicegate_rate_limit::quota::{Align, Judged, Level, Quota, Standing};

#[derive(Deserialize)]
struct Sequence {
    id: String,
    kind: String,
    algorithm: String,
    config: Map<String, Value>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    t_ms: u64,
    #[serde(default)]
    key: String,
    n: u32,
    allow: bool,
    /// Every other number that is given, `null` included.
    #[serde(flatten)]
    numbers: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Outcome {
    Agree,
    Differ,
    NotOffered,
    Information,
}

#[test]
fn every_must_sequence_agrees() {
    let Some(cases) = std::env::var_os("SLUICEGATE_CASES") else {
        eprintln!("SKIPPED: set SLUICEGATE_CASES to the conformance cases");
        return;
    };
    let file = Path::new(&cases).join("ratelimit/sequences.jsonl");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut counts: BTreeMap<(Outcome, String), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let sequence: Sequence = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let (outcome, differences) = play(&sequence);
        if outcome == Outcome::Differ {
            wrong.extend(differences);
        } else {
            differences.iter().take(1).for_each(|difference| eprintln!("information: {difference}"));
        }
        *counts.entry((outcome, sequence.algorithm)).or_default() += 1;
    }
    counts.iter().for_each(|((outcome, algorithm), count)| eprintln!("{outcome:?} {algorithm}: {count}"));
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.keys().any(|(outcome, _)| *outcome == Outcome::Agree), "no sequence was played");
}

/// What came of it, and where it differs.
fn play(sequence: &Sequence) -> (Outcome, Vec<String>) {
    let Some(quota) = quota(sequence) else { return (Outcome::NotOffered, Vec::new()) };
    let counts_refused = sequence.config.get("count_denied") == Some(&Value::Bool(true));
    let mut levels: HashMap<&str, Level> = HashMap::new();
    let mut differences = Vec::new();
    for (index, step) in sequence.steps.iter().enumerate() {
        let level = levels.entry(&step.key).or_default();
        let now = Nanos(step.t_ms * 1_000_000);
        let judged = quota.judge(*level, step.n, now);
        for difference in compare(&quota, *level, step, judged) {
            differences.push(format!("{} step {index}: {difference}", sequence.id));
        }
        match judged {
            Judged::Fits { after, .. } => *level = after,
            Judged::Exceeds { .. } if counts_refused => *level = quota.punish(*level, step.n, now),
            Judged::Exceeds { .. } => {}
        }
    }
    let outcome = match (sequence.kind.as_str(), sequence.algorithm.as_str()) {
        ("upstream-policy", _) | (_, "sliding_log") => Outcome::Information,
        _ if differences.is_empty() => Outcome::Agree,
        _ => Outcome::Differ,
    };
    (outcome, differences)
}

/// `None` where we offer no such limit.
fn quota(sequence: &Sequence) -> Option<Quota> {
    let number = |name: &str| sequence.config[name].as_u64().unwrap();
    let count = |name: &str| NonZeroU32::new(u32::try_from(number(name)).unwrap());
    let time = |name: &str| Duration::from_millis(number(name));
    let quota = match sequence.algorithm.as_str() {
        "gcra" => Quota::token_bucket(count("count")?, time("period_ms"), count("burst")?),
        "token_bucket" => Quota::token_bucket(count("refill")?, time("per_ms"), count("capacity")?),
        "fixed_window" if sequence.config["aligned"] == true => {
            Quota::fixed_window(count("limit")?, time("window_ms"), Align::Epoch)
        }
        "fixed_window" => Quota::fixed_window(count("limit")?, time("window_ms"), Align::FirstRequest),
        "sliding_counter" | "sliding_log" => Quota::sliding_window(count("limit")?, time("window_ms")),
        "token_bucket_discrete" => return None,
        other => panic!("unknown algorithm {other}"),
    };
    Some(quota.unwrap())
}

fn compare(quota: &Quota, before: Level, step: &Step, judged: Judged) -> Vec<String> {
    let (allowed, standing, retry_in) = match judged {
        Judged::Fits { standing, .. } => (true, standing, None),
        Judged::Exceeds { standing, retry_in } => (false, standing, retry_in),
    };
    let mut differences = Vec::new();
    if allowed != step.allow {
        differences.push(format!("allow: want {}, got {allowed}", step.allow));
    }
    for (name, want) in &step.numbers {
        let got = match name.as_str() {
            "remaining" => Value::from(standing.remaining),
            "tokens_before" => Value::from(standing_of(quota, before, step).remaining),
            "reset_ms" => Value::from(millis(standing.fresh_in)),
            "retry_ms" => retry_in.map_or(Value::Null, |wait| Value::from(millis(wait))),
            other => panic!("unknown number {other}"),
        };
        // Some are written as 3, some as 3.0.
        if got.as_f64() != want.as_f64() {
            differences.push(format!("{name}: want {want}, got {got}"));
        }
    }
    differences
}

fn standing_of(quota: &Quota, level: Level, step: &Step) -> Standing {
    match quota.judge(level, 0, Nanos(step.t_ms * 1_000_000)) {
        Judged::Fits { standing, .. } | Judged::Exceeds { standing, .. } => standing,
    }
}

/// Not rounded: a part of a millisecond differs from a whole one.
fn millis(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}
