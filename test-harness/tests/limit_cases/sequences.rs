//! Sequences of requests with the decision and what is left that exact models give.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::player::{Asked, Player};
use crate::{cases, read};

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
    remaining: Option<f64>,
    /// How long until `n` fits; none where it never does.
    retry_ms: Option<f64>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Outcome {
    Agree,
    Differ,
    /// Our config cannot say this limit.
    NotPlayable,
    /// An exact log against our estimate, and what legitimately differs.
    Information,
}

#[test]
fn sequences() {
    let Some(text) = cases("sequences.jsonl") else { return };
    let mut counts: BTreeMap<(Outcome, String), usize> = BTreeMap::new();
    let (mut asked, mut peeks, mut wrong) = (0, 0, Vec::new());
    for line in text.lines() {
        let sequence: Sequence = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let mut differences = Vec::new();
        let outcome = match sequence.limit() {
            None => Outcome::NotPlayable,
            Some(limit) => {
                asked += sequence.steps.iter().filter(|step| step.n > 0).count();
                peeks += sequence.steps.iter().filter(|step| step.n == 0).count();
                sequence.play(limit, &mut differences);
                sequence.outcome(&differences)
            }
        };
        match outcome {
            Outcome::Differ => wrong.extend(differences),
            _ => differences.iter().take(1).for_each(|difference| println!("  information: {difference}")),
        }
        *counts.entry((outcome, sequence.algorithm)).or_default() += 1;
    }
    println!(
        "ratelimit/sequences.jsonl in wasmtime: {asked} requests; {peeks} steps not playable: they ask for nothing"
    );
    counts.iter().for_each(|((outcome, algorithm), count)| println!("  {outcome:?} {algorithm}: {count}"));
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.keys().any(|(outcome, _)| *outcome == Outcome::Agree), "no sequence was played");
}

impl Sequence {
    /// `None` where our config has no such limit.
    fn limit(&self) -> Option<Value> {
        let number = |name: &str| self.config[name].as_u64().unwrap_or_else(|| panic!("{}: {name}", self.id));
        let count = |name: &str| Some(number(name)).filter(|count| *count > 0);
        let time = |name: &str| format!("{}ms", number(name));
        let mut limit = match self.algorithm.as_str() {
            "gcra" => json!({"requests": count("count")?, "per": time("period_ms"), "burst": count("burst")?}),
            "token_bucket" => json!({"requests": count("refill")?, "per": time("per_ms"), "burst": count("capacity")?}),
            "fixed_window" => {
                let align = if self.config["aligned"] == true { "epoch" } else { "first_request" };
                json!({"algorithm": "fixed_window", "align": align, "requests": count("limit")?, "per": time("window_ms")})
            }
            "sliding_counter" | "sliding_log" => {
                json!({"algorithm": "sliding_window", "requests": count("limit")?, "per": time("window_ms")})
            }
            "token_bucket_discrete" => return None,
            other => panic!("unknown algorithm {other}"),
        };
        limit["name"] = "cases".into();
        limit["key"] = json!(["header:x-key"]);
        limit["cost"] = json!({"header": {"name": "x-cost", "max": 1_000_000}});
        limit["count_rejected"] = self.counts_refused().into();
        Some(limit)
    }

    fn counts_refused(&self) -> bool {
        self.config.get("count_denied") == Some(&Value::Bool(true))
    }

    fn outcome(&self, differences: &[String]) -> Outcome {
        match (self.kind.as_str(), self.algorithm.as_str()) {
            ("upstream-policy", _) | (_, "sliding_log") => Outcome::Information,
            _ if differences.is_empty() => Outcome::Agree,
            _ => Outcome::Differ,
        }
    }

    fn play(&self, limit: Value, differences: &mut Vec<String>) {
        let mut player = Player::start(
            &json!({"store": {"buckets": 16}, "limits": [limit]}),
            self.steps.first().map_or(0, |step| step.t_ms),
        );
        let mut last: HashMap<&str, (u64, Answer)> = HashMap::new();
        let mut refused = None;
        for (index, step) in self.steps.iter().enumerate().filter(|(_, step)| step.n > 0) {
            player.be_at(step.t_ms);
            let found = read(&mut player, &step.asked());
            let found = found.and_then(|answer| step.compare(&answer).map(|()| answer));
            match found {
                Ok(answer) => {
                    let before = last.insert(&step.key, (step.t_ms, answer));
                    let grew = before.is_some_and(|(at, was)| at == step.t_ms && answer.remaining > was.remaining);
                    let in_vain = !answer.allowed && step.n == 1 && answer.remaining != 0;
                    if grew || in_vain {
                        differences.push(format!("{} step {index}: RL-4: {answer:?} after {before:?}", self.id));
                    }
                    let fits = i64::from(step.n) <= answer.quota;
                    refused = answer.retry_after.filter(|_| fits).map(|seconds| (step, seconds));
                }
                Err(difference) => differences.push(format!("{} step {index}: {difference}", self.id)),
            }
        }
        if let Some((step, seconds)) = refused {
            player.wait(seconds);
            if !read(&mut player, &step.asked()).is_ok_and(|answer| answer.allowed) {
                differences.push(format!("{}: RL-6: refused after {seconds} s", self.id));
            }
        }
    }
}

impl Step {
    fn asked(&self) -> Asked {
        // Some keys have bytes that no header may have.
        let key: String = self.key.bytes().map(|byte| format!("{byte:02x}")).collect();
        Asked::default().with("x-key", format!("key {key}")).with("x-cost", self.n.to_string())
    }

    fn compare(&self, answer: &Answer) -> Result<(), String> {
        let remaining = self.remaining.is_none_or(|remaining| remaining == answer.remaining as f64);
        let retry = |ms: f64| answer.retry_after == Some(((ms / 1_000.0).ceil() as u64).max(1));
        let waits = answer.allowed || self.retry_ms.is_none_or(retry);
        if answer.allowed == self.allow && remaining && waits {
            return Ok(());
        }
        let Self { allow, remaining, retry_ms, .. } = self;
        Err(format!("want {allow}, remaining {remaining:?}, retry in {retry_ms:?} ms; got {answer:?}"))
    }
}
