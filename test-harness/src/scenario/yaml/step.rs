//! `steps:` in a scenario file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::budget::RequestBudgetYaml;
use super::callout::{ScriptedYaml, into_clusters};
use super::fault::{FaultYaml, JumpYaml};
use super::interleave::{ActorYaml, OutcomeYaml, ScheduleYaml, interleave};
use super::message::{AnswerYaml, RequestYaml};
use super::text::{FieldPatterns, PatternYaml, Span};
use crate::scenario::{Expect, Reached, RequestStep, Saw, Step};

/// One step: exactly one of `request`, `advance`, `clusters`, `await`, `interleave`, `jump`, `fault`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepYaml {
    request: Option<RequestYaml>,
    upstream: Option<AnswerYaml>,
    expect: Option<ExpectYaml>,
    budget: Option<RequestBudgetYaml>,
    keep: BTreeMap<String, String>,
    advance: Option<Span>,
    clusters: Option<BTreeMap<String, Vec<ScriptedYaml>>>,
    r#await: Option<AwaitYaml>,
    interleave: Option<Vec<ActorYaml>>,
    schedule: Option<ScheduleYaml>,
    outcome: Option<OutcomeYaml>,
    jump: Option<JumpYaml>,
    fault: Option<FaultYaml>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AwaitYaml {
    cluster: String,
    calls: usize,
    saw: Option<SawYaml>,
}

impl TryFrom<StepYaml> for Step {
    type Error = String;

    fn try_from(yaml: StepYaml) -> Result<Step, String> {
        const KINDS: &str = "request, advance, clusters, await, interleave, jump, fault";
        let of_request =
            yaml.upstream.is_some() || yaml.expect.is_some() || yaml.budget.is_some() || !yaml.keep.is_empty();
        let of_interleave = yaml.schedule.is_some() || yaml.outcome.is_some();
        let mut steps = Vec::new();
        if of_request && yaml.request.is_none() {
            return Err("`upstream`, `expect`, `budget` and `keep` belong to a `request`".to_owned());
        }
        if of_interleave && yaml.interleave.is_none() {
            return Err("`schedule` and `outcome` belong to an `interleave`".to_owned());
        }
        if let Some(request) = yaml.request {
            let mut step = send(request, yaml.upstream, yaml.expect, yaml.budget)?;
            if let Step::Request(send) = &mut step {
                send.keep = yaml.keep;
            }
            steps.push(step);
        }
        if let Some(actors) = yaml.interleave {
            steps.push(interleave(actors, yaml.schedule, yaml.outcome)?);
        }
        if let Some(clusters) = yaml.clusters {
            steps.push(Step::Clusters(into_clusters(clusters)?));
        }
        if let Some(fault) = yaml.fault {
            steps.push(fault.try_into()?);
        }
        steps.extend(yaml.advance.map(|Span(by)| Step::Advance(by)));
        steps.extend(yaml.r#await.map(AwaitYaml::into_step));
        steps.extend(yaml.jump.map(|JumpYaml(jump)| Step::Jump(jump)));
        match steps.len() {
            0 => Err(format!("expected one of {KINDS}")),
            1 => Ok(steps.remove(0)),
            _ => Err(format!("expected one of {KINDS}, found several")),
        }
    }
}

pub(super) fn send(
    request: RequestYaml,
    upstream: Option<AnswerYaml>,
    expect: Option<ExpectYaml>,
    budget: Option<RequestBudgetYaml>,
) -> Result<Step, String> {
    if request.raw.is_some() && request.describes() {
        return Err("request: `raw` is the whole request: expected only `from` and `worker` beside it".to_owned());
    }
    let raw = request.raw.clone().map(|text| text.0);
    let worker = request.worker;
    let upstream = upstream.unwrap_or_default().into_upstream().map_err(|why| format!("upstream: {why}"))?;
    let expect = expect.unwrap_or_default().into_expect();
    let budget = budget.unwrap_or_default().into_budget().map_err(|why| format!("budget: {why}"))?;
    let request = request.into_request();
    Ok(Step::Request(Box::new(RequestStep { worker, request, raw, upstream, expect, budget, keep: BTreeMap::new() })))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExpectYaml {
    status: Option<u16>,
    headers: FieldPatterns,
    absent: Vec<String>,
    trailers: FieldPatterns,
    body: Option<PatternYaml>,
    json: Option<Value>,
    upstream: Option<ReachedYaml>,
    saw: Option<SawYaml>,
    metrics: BTreeMap<String, u64>,
    logs: Vec<String>,
    unlogged: Vec<String>,
    diagnostics: Vec<String>,
    cut: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReachedYaml {
    Reached,
    Untouched,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SawYaml {
    method: Option<PatternYaml>,
    path: Option<PatternYaml>,
    authority: Option<PatternYaml>,
    headers: FieldPatterns,
    absent: Vec<String>,
    trailers: FieldPatterns,
    body: Option<PatternYaml>,
    json: Option<Value>,
    timeout: Option<Span>,
}

impl AwaitYaml {
    fn into_step(self) -> Step {
        let saw = self.saw.map(|saw| Box::new(saw.into_saw()));
        Step::Await { cluster: self.cluster, calls: self.calls.max(1), saw }
    }
}

impl ExpectYaml {
    fn into_expect(self) -> Expect {
        Expect {
            status: self.status,
            headers: self.headers.0,
            absent: self.absent,
            trailers: self.trailers.0,
            body: self.body.map(|yaml| yaml.0),
            json: self.json,
            upstream: self.upstream.map(|reached| match reached {
                ReachedYaml::Reached => Reached::Reached,
                ReachedYaml::Untouched => Reached::Untouched,
            }),
            saw: self.saw.map(SawYaml::into_saw),
            metrics: self.metrics,
            logs: self.logs,
            unlogged: self.unlogged,
            diagnostics: self.diagnostics,
            cut: self.cut,
        }
    }
}

impl SawYaml {
    fn into_saw(self) -> Saw {
        Saw {
            method: self.method.map(|yaml| yaml.0),
            path: self.path.map(|yaml| yaml.0),
            authority: self.authority.map(|yaml| yaml.0),
            headers: self.headers.0,
            absent: self.absent,
            trailers: self.trailers.0,
            body: self.body.map(|yaml| yaml.0),
            json: self.json,
            timeout: self.timeout.map(|Span(timeout)| timeout),
        }
    }
}
