//! `interleave:` in a scenario file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::message::{AnswerYaml, RequestYaml};
use super::step::{ExpectYaml, send};
use crate::Place;
use crate::scenario::{ActorStep, Between, InterleaveStep, Outcome, Step};

/// One of those that run at the same time: exactly one of `request`, `tick`, `kill`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorYaml {
    request: Option<RequestYaml>,
    upstream: Option<AnswerYaml>,
    expect: Option<ExpectYaml>,
    tick: Option<PlaceYaml>,
    kill: Option<PlaceYaml>,
}

/// `main`, or the number of a worker.
#[derive(Clone, Copy, Debug)]
pub struct PlaceYaml(pub Place);

impl<'de> Deserialize<'de> for PlaceYaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected `main` or the number of a worker")]
        enum Written {
            Worker(u32),
            Name(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Worker(worker) => Ok(PlaceYaml(Place::Worker(worker))),
            Written::Name(name) if name == "main" => Ok(PlaceYaml(Place::Main)),
            Written::Name(name) => {
                Err(D::Error::custom(format!("expected `main` or the number of a worker, found {name}")))
            }
        }
    }
}

/// `schedule:`: `all`, or whose turn it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected `all` or a list of actors")]
pub enum ScheduleYaml {
    Word(AllYaml),
    Actors(Vec<usize>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum AllYaml {
    #[serde(rename = "all")]
    All,
}

/// `outcome:`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutcomeYaml {
    statuses: BTreeMap<u16, CountYaml>,
    reached: Option<CountYaml>,
    metrics: BTreeMap<String, u64>,
    diagnostics: Vec<String>,
}

/// A number, or `{min, max}`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number, or {min: .., max: ..}")]
enum CountYaml {
    Exactly(usize),
    Between(BetweenYaml),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BetweenYaml {
    min: Option<usize>,
    max: Option<usize>,
}

impl From<CountYaml> for Between {
    fn from(yaml: CountYaml) -> Self {
        match yaml {
            CountYaml::Exactly(count) => Between { min: count, max: count },
            CountYaml::Between(BetweenYaml { min, max }) => {
                Between { min: min.unwrap_or(0), max: max.unwrap_or(usize::MAX) }
            }
        }
    }
}

/// The whole step.
pub fn interleave(
    actors: Vec<ActorYaml>,
    schedule: Option<ScheduleYaml>,
    outcome: Option<OutcomeYaml>,
) -> Result<Step, String> {
    if actors.is_empty() {
        return Err("interleave: expected at least one of request, tick, kill".to_owned());
    }
    let numbered = actors.into_iter().enumerate();
    let actors = numbered
        .map(|(number, actor)| actor.into_actor().map_err(|why| format!("interleave: actor {number}: {why}")))
        .collect::<Result<Vec<_>, _>>()?;
    let schedule = match schedule {
        None | Some(ScheduleYaml::Word(AllYaml::All)) => None,
        Some(ScheduleYaml::Actors(actors)) => Some(actors),
    };
    let OutcomeYaml { statuses, reached, metrics, diagnostics } = outcome.unwrap_or_default();
    let outcome = Outcome {
        statuses: statuses.into_iter().map(|(status, count)| (status, count.into())).collect(),
        reached: reached.map(Between::from),
        metrics,
        diagnostics,
    };
    if let Some(wrong) = outcome.statuses.values().chain(&outcome.reached).find(|between| between.min > between.max) {
        return Err(format!("outcome: expected `min` up to `max`, found {wrong}"));
    }
    Ok(Step::Interleave(InterleaveStep { actors, schedule, outcome }))
}

impl ActorYaml {
    fn into_actor(self) -> Result<ActorStep, String> {
        let alone = self.upstream.is_none() && self.expect.is_none();
        match (self.request, self.tick, self.kill) {
            (Some(request), None, None) => match send(request, self.upstream, self.expect, None)? {
                Step::Request(send) if send.raw.is_some() => Err("`raw` cannot be interleaved".to_owned()),
                Step::Request(send) if send.expect.looks_at_upstream() => {
                    Err("`upstream`, `saw`, `logs`, `unlogged`, `metrics` and `diagnostics` are not of one request here: expected `outcome`".to_owned())
                }
                Step::Request(send) => Ok(ActorStep::Request(send)),
                _ => Err("expected a request".to_owned()),
            },
            (None, Some(PlaceYaml(place)), None) if alone => Ok(ActorStep::Tick(place)),
            (None, None, Some(PlaceYaml(place))) if alone => Ok(ActorStep::Kill(place)),
            _ => Err("expected exactly one of request, tick, kill".to_owned()),
        }
    }
}
