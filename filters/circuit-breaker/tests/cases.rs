//! State machines of other libraries, step by step: gobreaker, resilience4j and opossum, played on a record.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used, reason = "this is how tests fail")]

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use sluicegate_circuit_breaker::call::Call;
use sluicegate_circuit_breaker::record::{Batch, MOST_PERMITS, Permit, Record, Verdict};
use sluicegate_circuit_breaker::rules::{Rules, State};
use sluicegate_circuit_breaker::window::Shape;
use sluicegate_common::time::Nanos;

#[derive(Deserialize)]
struct File {
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    id: String,
    dialect: Dialect,
    config: Numbers,
    steps: Vec<Step>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Dialect {
    Gobreaker,
    Resilience4j,
    Opossum,
}

/// The fields of all three.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    open_ms: u64,
    // gobreaker
    consecutive: Option<u32>,
    ratio: Option<f64>,
    interval_ms: Option<u64>,
    half_open_max: Option<u32>,
    // resilience4j
    window: Option<String>,
    size: Option<u32>,
    failure_rate: Option<u32>,
    slow_ms: Option<u64>,
    slow_rate: Option<u32>,
    half_open_calls: Option<u32>,
    // gobreaker, resilience4j
    min_calls: Option<u32>,
    // opossum
    error_percent: Option<u32>,
    window_ms: Option<u64>,
    volume: Option<u32>,
}

#[derive(Deserialize)]
struct Step {
    t_ms: u64,
    op: String,
    id: Option<String>,
    result: Option<String>,
    #[serde(default)]
    duration_ms: u64,
    expect: Option<String>,
}

#[test]
fn every_scenario_that_is_offered_agrees() {
    let Some(cases) = std::env::var_os("SLUICEGATE_CASES") else {
        eprintln!("SKIPPED: set SLUICEGATE_CASES to the conformance cases");
        return;
    };
    let path = Path::new(&cases).join("circuit/scenarios.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut agree, mut not_offered, mut differ) = (0, Vec::new(), Vec::new());
    for scenario in &file.scenarios {
        match rules(scenario.dialect, &scenario.config) {
            Err(why) => not_offered.push(format!("{}: {why}", scenario.id)),
            Ok(rules) => match play(&rules, scenario.config.slow_ms, &scenario.steps) {
                Ok(()) => agree += 1,
                Err(difference) => differ.push(format!("{}: {difference}", scenario.id)),
            },
        }
    }
    eprintln!("circuit: {agree} agree, {} differ, {} not offered", differ.len(), not_offered.len());
    not_offered.iter().for_each(|why| eprintln!("not offered: {why}"));
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(agree > 0, "no scenario was played");
}

/// What a library's words are in ours.
fn rules(dialect: Dialect, numbers: &Numbers) -> Result<Rules, &'static str> {
    let count = |size| Shape::Count(NonZeroU32::new(size).unwrap());
    let time = |seconds| Shape::Time(NonZeroU32::new(seconds).unwrap());
    let base = Rules {
        window: count(1),
        minimum_calls: 1,
        failure_rate: 0,
        slow_call_rate: 0,
        consecutive_failures: 0,
        wait: Duration::from_millis(numbers.open_ms),
        multiplier: 1.0,
        max_wait: Duration::from_secs(3600),
        jitter: 0.0,
        permitted_calls: 1,
        permit_lease: Duration::from_secs(60),
        max_wait_in_half_open: None,
    };
    Ok(match dialect {
        Dialect::Gobreaker if numbers.interval_ms.is_some() || numbers.ratio.is_some() => {
            return Err("a tumbling interval");
        }
        Dialect::Gobreaker => Rules {
            consecutive_failures: numbers.consecutive.unwrap(),
            permitted_calls: numbers.half_open_max.unwrap(),
            ..base
        },
        Dialect::Resilience4j => Rules {
            window: match numbers.window.as_deref() {
                Some("time") => time(numbers.size.unwrap()),
                _ => count(numbers.size.unwrap()),
            },
            minimum_calls: numbers.min_calls.unwrap(),
            failure_rate: numbers.failure_rate.unwrap(),
            slow_call_rate: numbers.slow_rate.unwrap_or(0),
            permitted_calls: numbers.half_open_calls.unwrap().min(MOST_PERMITS),
            ..base
        },
        Dialect::Opossum => Rules {
            window: time(u32::try_from(numbers.window_ms.unwrap().div_ceil(1000)).unwrap()),
            minimum_calls: numbers.volume.unwrap_or(1),
            failure_rate: numbers.error_percent.unwrap(),
            ..base
        },
    })
}

/// A call that passed.
struct Passed {
    at: Nanos,
    permit: Option<Permit>,
}

fn play(rules: &Rules, slow_ms: Option<u64>, steps: &[Step]) -> Result<(), String> {
    let slow = |from, to: Nanos| slow_ms.is_some_and(|slow| to.since(from) >= Duration::from_millis(slow));
    let mut record = Record::new("cases");
    let mut under_way: HashMap<&str, Passed> = HashMap::new();
    // The epoch is no good start for what looks back.
    let time = |millis: u64| Nanos((1_000_000 + millis) * 1_000_000);
    for (number, step) in steps.iter().enumerate() {
        record.shape_up(&[rules.window]);
        let now = time(step.t_ms);
        let found = match step.op.as_str() {
            "state" => {
                record.observe_due(rules, now, 0);
                Some(match record.state() {
                    State::Closed => "closed",
                    State::Open => "open",
                    State::HalfOpen => "half_open",
                })
            }
            "end" => {
                let passed = under_way.remove(step.id.as_deref().unwrap()).unwrap();
                report(&mut record, rules, &passed, step, slow(passed.at, now), now);
                None
            }
            op => {
                let permit = match record.ask(rules, now, 0).verdict {
                    Verdict::Rejected { .. } => None,
                    Verdict::Passes => Some(None),
                    Verdict::Permit(permit) => Some(Some(permit)),
                };
                if let Some(permit) = permit {
                    let passed = Passed { at: now, permit };
                    if op == "start" {
                        under_way.insert(step.id.as_deref().unwrap(), passed);
                    } else {
                        let end = time(step.t_ms + step.duration_ms);
                        report(&mut record, rules, &passed, step, slow(now, end), end);
                    }
                }
                Some(if permit.is_some() { "pass" } else { "reject" })
            }
        };
        if step.expect.as_deref() != found {
            return Err(format!("step {number}, {}: expected {:?}, found {found:?}", step.op, step.expect));
        }
    }
    Ok(())
}

fn report(record: &mut Record, rules: &Rules, passed: &Passed, step: &Step, slow: bool, now: Nanos) {
    let call = Call { failed: step.result.as_deref() == Some("fail"), slow };
    match passed.permit {
        Some(permit) => record.report(rules, permit, call, now, 0),
        None => {
            let batch = Batch { last: Some((call, passed.at)), ..Batch::default() };
            record.count(rules, &batch, now, 0)
        }
    };
}
