//! The schema of a scenario file. `README.md` of the harness is its reference.

mod budget;
mod callout;
mod fault;
mod interleave;
mod message;
mod route;
mod step;
mod text;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use self::budget::StateBudgetYaml;
use self::callout::{ScriptedYaml, into_clusters};
use self::route::RouteYaml;
use self::step::StepYaml;
use self::text::Instant;
use super::{ActorStep, Only, RequestStep, StateBudget, Step};
use crate::{Cluster, FailurePolicy, Fault, Place, Profile, Route, RouteAction};

/// A scenario file as written; paths are not resolved yet.
#[derive(Clone, Debug)]
pub struct ScenarioYaml {
    pub name: String,
    pub plugins: Vec<PluginYaml>,
    pub workers: u32,
    pub now: Option<u64>,
    pub route: Route,
    pub clusters: BTreeMap<String, Cluster>,
    pub only: Option<Only>,
    pub not_in: BTreeMap<Profile, String>,
    pub refused: Option<Vec<String>>,
    pub budget: StateBudget,
    pub steps: Vec<Step>,
}

/// One plugin as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginYaml {
    pub plugin: String,
    pub name: Option<String>,
    pub config: Option<Value>,
    #[serde(default)]
    pub vm_id: String,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    failure_policy: FailurePolicyYaml,
    #[serde(default)]
    pub allow_on_headers_stop_iteration: bool,
}

impl PluginYaml {
    pub fn failure_policy(&self) -> FailurePolicy {
        match self.failure_policy {
            FailurePolicyYaml::Closed => FailurePolicy::FailClosed,
            FailurePolicyYaml::Open => FailurePolicy::FailOpen,
            FailurePolicyYaml::Reload => FailurePolicy::FailReload,
        }
    }
}

/// By Envoy's names.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum FailurePolicyYaml {
    #[serde(rename = "FAIL_CLOSED")]
    Closed,
    #[serde(rename = "FAIL_OPEN")]
    Open,
    #[default]
    #[serde(rename = "FAIL_RELOAD")]
    Reload,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileYaml {
    name: String,
    plugin: Option<String>,
    config: Option<Value>,
    plugins: Option<Vec<PluginYaml>>,
    #[serde(default = "one")]
    workers: u32,
    now: Option<Instant>,
    route: Option<RouteYaml>,
    #[serde(default)]
    clusters: BTreeMap<String, Vec<ScriptedYaml>>,
    only: Option<OnlyYaml>,
    #[serde(default)]
    not_in: BTreeMap<ProfileYaml, String>,
    refused: Option<Vec<String>>,
    #[serde(default)]
    budget: StateBudgetYaml,
    #[serde(default)]
    steps: Vec<StepYaml>,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyYaml {
    backend: BackendYaml,
    because: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BackendYaml {
    Wasmtime,
    Envoy,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
enum ProfileYaml {
    Envoy,
    Kong,
}

impl From<ProfileYaml> for Profile {
    fn from(yaml: ProfileYaml) -> Self {
        match yaml {
            ProfileYaml::Envoy => Profile::Envoy,
            ProfileYaml::Kong => Profile::Kong,
        }
    }
}

/// Parses a scenario file.
///
/// # Errors
/// What is wrong and where: field, line and column, expected against found.
pub fn parse(text: &str) -> Result<ScenarioYaml, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let file: FileYaml = serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
    let plugins = match (file.plugin, file.plugins) {
        (Some(plugin), None) => vec![PluginYaml {
            plugin,
            name: None,
            config: file.config,
            vm_id: String::new(),
            env: BTreeMap::new(),
            failure_policy: FailurePolicyYaml::default(),
            allow_on_headers_stop_iteration: false,
        }],
        (None, Some(plugins)) if file.config.is_none() && !plugins.is_empty() => plugins,
        (None, Some(plugins)) if plugins.is_empty() => return Err("plugins: expected at least one".to_owned()),
        (None, Some(_)) => return Err("config: each of `plugins` has its own".to_owned()),
        _ => return Err("expected either `plugin` or `plugins`".to_owned()),
    };
    if !(1..=16).contains(&file.workers) {
        return Err(format!("workers: expected 1 to 16, found {}", file.workers));
    }
    let scenario = ScenarioYaml {
        name: file.name,
        plugins,
        workers: file.workers,
        now: file.now.map(|Instant(nanos)| nanos),
        route: file.route.unwrap_or_default().into_route()?,
        clusters: into_clusters(file.clusters)?,
        only: file.only.map(OnlyYaml::into_only),
        not_in: file.not_in.into_iter().map(|(profile, why)| (profile.into(), why)).collect(),
        refused: file.refused,
        budget: file.budget.into_budget(),
        steps: steps(file.steps)?,
    };
    coherent(&scenario)?;
    Ok(scenario)
}

fn steps(yaml: Vec<StepYaml>) -> Result<Vec<Step>, String> {
    let numbered = yaml.into_iter().enumerate();
    numbered.map(|(i, step)| Step::try_from(step).map_err(|why| format!("step {}: {why}", i + 1))).collect()
}

/// What one field means for another.
fn coherent(scenario: &ScenarioYaml) -> Result<(), String> {
    match (&scenario.refused, scenario.steps.is_empty()) {
        (Some(_), false) => return Err("steps: a scenario with `refused` never starts".to_owned()),
        (None, true) => return Err("steps: expected at least one, or `refused`".to_owned()),
        _ => {}
    }
    let cluster = &scenario.route.cluster;
    if scenario.route.action == RouteAction::UnknownCluster && scenario.clusters.contains_key(cluster) {
        return Err(format!("route: {cluster} is among the `clusters`, and hence known"));
    }
    let envoy = scenario.only.as_ref().is_some_and(|only| only.backend == "envoy");
    for (index, step) in scenario.steps.iter().enumerate() {
        for place in places(step) {
            if matches!(place, Place::Worker(worker) if worker >= scenario.workers) {
                return Err(format!("step {}: there is no {place}", index + 1));
            }
        }
        let requests: Vec<&RequestStep> = match step {
            Step::Request(send) => vec![send.as_ref()],
            Step::Interleave(at_once) => at_once.requests().collect(),
            _ => continue,
        };
        for send in requests {
            fits(index, send, scenario.workers, envoy)?;
        }
    }
    Ok(())
}

/// The threads that a step ticks or kills.
fn places(step: &Step) -> Vec<Place> {
    match step {
        Step::Kill(place) | Step::Fault(Fault::Kill { place, .. }) => vec![*place],
        Step::Interleave(at_once) => {
            let of = |actor: &ActorStep| match actor {
                ActorStep::Tick(place) | ActorStep::Kill(place) => Some(*place),
                ActorStep::Request(_) => None,
            };
            at_once.actors.iter().filter_map(of).collect()
        }
        _ => Vec::new(),
    }
}

fn fits(index: usize, send: &RequestStep, workers: u32, envoy: bool) -> Result<(), String> {
    let step = index + 1;
    if send.raw.is_some() && !envoy {
        return Err(format!(
            "step {step}: raw: only a real proxy parses bytes: expected `only: {{backend: envoy, ..}}`"
        ));
    }
    if send.worker >= workers {
        return Err(format!("step {step}: worker: expected below `workers` ({workers}), found {}", send.worker));
    }
    Ok(())
}

impl OnlyYaml {
    fn into_only(self) -> Only {
        let backend = match self.backend {
            BackendYaml::Wasmtime => "wasmtime",
            BackendYaml::Envoy => "envoy",
        };
        Only { backend: backend.to_owned(), because: self.because }
    }
}
