//! Two hosts, operation by operation.

use std::collections::BTreeMap;
use std::fmt;

use crate::Played;

/// Callbacks of root contexts: the main thread and every worker have one, so their lines come in any order.
const OF_ROOT: &[&str] = &[
    "vm_start",
    "configure",
    "tick",
    "queue_ready",
    "http_call_response",
    "grpc_receive_initial_metadata",
    "grpc_receive",
    "grpc_receive_trailing_metadata",
    "grpc_close",
];

/// An operation that came out differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step, from 1; 0 is the start.
    pub step: usize,
    /// The operation as it is written, or `order`.
    pub operation: String,
    /// What Envoy answered, each time it was made.
    pub envoy: String,
    /// What wasmtime answered.
    pub wasmtime: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { step, operation, envoy, wasmtime } = self;
        write!(f, "step {step}: {operation}\n    envoy:    {envoy}\n    wasmtime: {wasmtime}")
    }
}

/// What differs, in the order of steps.
pub fn compare(envoy: &Played, wasmtime: &Played) -> Vec<Difference> {
    let none = Vec::new();
    let steps = 0..envoy.len().max(wasmtime.len());
    steps
        .flat_map(|step| {
            let of = |played: &'_ Played| played.get(step).unwrap_or(&none).clone();
            compare_step(step, &of(envoy), &of(wasmtime))
        })
        .collect()
}

fn compare_step(step: usize, envoy: &[String], wasmtime: &[String]) -> Vec<Difference> {
    let (theirs, ours) = (answers(envoy), answers(wasmtime));
    let operations = theirs.keys().chain(ours.keys().filter(|operation| !theirs.contains_key(*operation)));
    let shown = |answers: Option<&Vec<&str>>| match answers {
        Some(answers) => answers.join(" | "),
        None => "not called".to_owned(),
    };
    let mut differences: Vec<Difference> = operations
        .filter(|operation| theirs.get(*operation) != ours.get(*operation))
        .map(|operation| Difference {
            step,
            operation: (*operation).to_owned(),
            envoy: shown(theirs.get(operation)),
            wasmtime: shown(ours.get(operation)),
        })
        .collect();
    let (theirs, ours) = (order(envoy), order(wasmtime));
    if differences.is_empty() && theirs != ours {
        let at = theirs.iter().zip(&ours).position(|(theirs, ours)| theirs != ours).unwrap_or_default();
        let shown = |lines: &[&str]| lines[at..].join("; ");
        differences.push(Difference {
            step,
            operation: "order".to_owned(),
            envoy: shown(&theirs),
            wasmtime: shown(&ours),
        });
    }
    differences
}

/// What each operation answered, each time it was made.
fn answers(lines: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut answers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (operation, answer) in lines.iter().filter_map(|line| line.split_once(" -> ")) {
        answers.entry(operation).or_default().push(answer);
    }
    for (operation, answers) in &mut answers {
        if of_root(operation) {
            answers.sort_unstable();
        }
    }
    answers
}

/// The operations of streams in the order in which they were made.
fn order(lines: &[String]) -> Vec<&str> {
    let operations = lines.iter().filter_map(|line| Some(line.split_once(" -> ")?.0));
    operations.filter(|operation| !of_root(operation)).collect()
}

/// `p3 tick#1: ..` is.
fn of_root(operation: &str) -> bool {
    let text = operation.split_once(' ').map_or(operation, |(_, text)| text);
    let text = text.strip_prefix("no ").unwrap_or(text);
    let callback = text.split([':', '#']).next().unwrap_or_default();
    operation.starts_with('p') || OF_ROOT.contains(&callback)
}
