//! Requests that run at the same time, in a scenario.

use std::collections::BTreeMap;
use std::fmt;

use super::RequestStep;
use super::check::{Found, mismatches};
use super::report::Mismatch;
use crate::Place;
use crate::backend::Sent;
use crate::interleave;

/// Requests, ticks and kills at the same time.
#[derive(Clone, Debug)]
pub struct InterleaveStep {
    /// Who takes part. Expectations of requests must hold in every schedule.
    pub actors: Vec<ActorStep>,
    /// Whose turn it is, step by step; None: all schedules that can differ.
    pub schedule: Option<Vec<usize>>,
    /// What must come of all of them together.
    pub outcome: Outcome,
}

impl InterleaveStep {
    /// Where one of the requests is not what it must be in every schedule. A status that the outcome names needs no
    /// other permission.
    pub(super) fn of_request(&self, actor: usize, send: &RequestStep, sent: &Sent) -> Vec<Mismatch> {
        let mut expect = send.expect.clone();
        let status = sent.response.status;
        if expect.status.is_none() && self.outcome.statuses.contains_key(&status) {
            expect.status = Some(status);
        }
        let found = Found {
            response: sent.response.clone(),
            upstream: sent.upstream.clone(),
            scripted_status: send.upstream.status(),
            ..Found::default()
        };
        let list = mismatches(&expect, &found).into_iter();
        list.map(|mismatch| Mismatch { field: format!("actor {actor}: {}", mismatch.field), ..mismatch }).collect()
    }

    /// The requests that take part.
    pub fn requests(&self) -> impl Iterator<Item = &RequestStep> {
        self.actors.iter().filter_map(|actor| match actor {
            ActorStep::Request(send) => Some(send.as_ref()),
            ActorStep::Tick(_) | ActorStep::Kill(_) => None,
        })
    }
}

/// Who takes part.
#[derive(Clone, Debug)]
pub enum ActorStep {
    /// A request.
    Request(Box<RequestStep>),
    /// `proxy_on_tick` of every plugin of a thread.
    Tick(Place),
    /// The VMs of a thread die.
    Kill(Place),
}

/// What must come of requests together, whoever came first.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many requests end with a status; one that is not named must not come. Empty: free.
    pub statuses: BTreeMap<u16, Between>,
    /// How many requests get to the upstream.
    pub reached: Option<Between>,
    /// Metrics since the scenario began: counters by growth, gauges by value.
    pub metrics: BTreeMap<String, u64>,
    /// A diagnostic that contains one of these may come; others fail.
    pub diagnostics: Vec<String>,
}

/// How often, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// At least.
    pub min: usize,
    /// At most.
    pub max: usize,
}

/// What came of them.
#[derive(Debug, Default)]
pub struct Interleaved {
    /// By actor; None for ticks and kills.
    pub sent: Vec<Option<Sent>>,
    /// The schedule; empty where the backend has no say in it.
    pub steps: Vec<interleave::Step>,
    /// What happened, for people.
    pub timeline: String,
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, usize::MAX) => write!(f, "at least {min}"),
            (0, max) => write!(f, "at most {max}"),
            (min, max) => write!(f, "{min} to {max}"),
        }
    }
}

impl Between {
    fn holds(self, count: usize) -> bool {
        (self.min..=self.max).contains(&count)
    }
}

impl Outcome {
    /// Where requests together are not what is demanded; `found` has the metrics asked for.
    pub fn mismatches(&self, sent: &[Option<Sent>], found: &BTreeMap<String, u64>) -> Vec<Mismatch> {
        let mut list = Vec::new();
        let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
        sent.iter().flatten().for_each(|sent| *statuses.entry(sent.response.status).or_default() += 1);
        for (status, wanted) in &self.statuses {
            let count = statuses.remove(status).unwrap_or_default();
            if !wanted.holds(count) {
                list.push(Mismatch::new(format!("outcome.statuses.{status}"), wanted, count));
            }
        }
        for (status, count) in statuses.into_iter().filter(|_| !self.statuses.is_empty()) {
            list.push(Mismatch::new(format!("outcome.statuses.{status}"), "none", count));
        }
        let reached = sent.iter().flatten().filter(|sent| sent.upstream.is_some()).count();
        if let Some(wanted) = self.reached.filter(|wanted| !wanted.holds(reached)) {
            list.push(Mismatch::new("outcome.reached", wanted, reached));
        }
        for (name, wanted) in &self.metrics {
            let value = found.get(name);
            if value != Some(wanted) {
                let value = value.map_or("no such metric".to_owned(), u64::to_string);
                list.push(Mismatch::new(format!("metrics.{name}"), wanted, value));
            }
        }
        list
    }
}

/// A schedule as a scenario file takes it, and what its steps were.
pub(super) fn describe(steps: &[interleave::Step]) -> String {
    let actors: Vec<String> = steps.iter().map(|step| step.actor.to_string()).collect();
    let lines: Vec<String> = steps.iter().map(|step| format!("  {step}")).collect();
    format!("schedule: [{}]\n{}", actors.join(", "), lines.join("\n"))
}
