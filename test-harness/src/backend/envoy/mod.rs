//! Scenarios in a real Envoy. One process serves many scenarios, one after another: each has a
//! listener of its own, added while the process runs, so a module is compiled once per process.
//! Shared data are kept apart by `vm_id`; counters count from the scenario's start.

mod admin;
mod bootstrap;
mod client;
mod clock;
mod grpc;
mod http1;
mod http2;
mod install;
mod log;
mod pace;
mod process;
mod script;
mod session;
mod upstream;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use admin::Admin;
pub use clock::Clock;
pub use install::Install;
pub use process::{Kind, Process, Rejected};

use self::bootstrap::listener;
use self::log::Entry;
use self::script::Script;
use self::session::EnvoySession;
use super::{Backend, NotStarted, Session};
use crate::scenario::{Scenario, Step};
use crate::{CalloutAnswer, Cluster, Profile, Route, RouteAction, UpstreamAnswer, UpstreamFailure};

/// How long anything may take before it counts as failed.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Listeners are never removed from a process, so its memory grows by some 8 MiB with each.
const MAX_LISTENERS: usize = 40;

/// Real Envoy processes.
pub struct Envoy {
    install: Install,
    /// Idle processes with their number of workers.
    idle: Mutex<Vec<(u32, Process)>>,
    names: AtomicUsize,
}

/// A process in which a scenario's listener is up.
struct Running {
    process: Process,
    listener: String,
    port: u16,
    shared: bool,
    log_start: usize,
    counters: BTreeMap<String, u64>,
}

impl Envoy {
    /// Processes of this installation.
    pub fn new(install: Install) -> Self {
        Envoy { install, idle: Mutex::default(), names: AtomicUsize::new(0) }
    }

    /// An idle process, or a new one.
    fn take(&self, scenario: &Scenario) -> std::io::Result<Process> {
        let clusters = clusters(scenario);
        if shares(scenario) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = idle.iter().position(|(workers, _)| *workers == scenario.workers) {
                return Ok(idle.swap_remove(at).1);
            }
        }
        Process::start(&self.install, scenario.workers, &clusters)
    }

    /// Keeps a process for later scenarios, unless it is used up or a gauge was made: gauges are the
    /// process's, and plugins whose listener has gone may still set them.
    fn give_back(&self, workers: u32, mut process: Process) {
        let gauges = process.admin.stats("Gauges", "^wasmcustom");
        let clean = gauges.is_ok_and(|gauges| gauges.is_empty());
        let sound = process.ended().is_none() && process.listeners() < MAX_LISTENERS;
        if clean && sound {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((workers, process));
        }
    }

    fn bring_up(&self, scenario: &Scenario) -> Result<Running, NotStarted> {
        let broken = |error: std::io::Error| NotStarted::Broken(error.to_string());
        let mut process = self.take(scenario).map_err(broken)?;
        if let Some(mut clock) = process.clock() {
            clock.set(scenario.now).map_err(broken)?;
        }
        for (name, cluster) in &scenario.clusters {
            if let Some(upstream) = process.upstreams.get(name) {
                upstream.script(Script::Cluster(cluster.clone()));
            }
        }
        process.pace.restart();
        let counters = process.admin.stats("Counters", "^wasmcustom").map_err(broken)?;
        let name = format!("scenario-{}", self.names.fetch_add(1, Ordering::Relaxed));
        let log_start = process.log.len();
        let added = process.listen(&name, listener(&name, scenario, route_timeout(scenario))).map_err(broken)?;
        let shared = shares(scenario);
        match added {
            Ok(port) => Ok(Running { process, listener: name, port, shared, log_start, counters }),
            Err(Rejected(entries)) => {
                if shared {
                    self.give_back(scenario.workers, process);
                }
                Err(NotStarted::Refused(entries.into_iter().map(line).collect()))
            }
        }
    }
}

impl Backend for Envoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn profile(&self) -> Profile {
        Profile::Envoy
    }

    fn start(&self, scenario: &Scenario) -> Result<Box<dyn Session + '_>, NotStarted> {
        if self.install.clock.is_none() && scenario.moves_clock() {
            return Err(NotStarted::Unsupported(Install::NO_CLOCK.to_owned()));
        }
        if let Some(why) = unsupported(scenario) {
            return Err(NotStarted::Unsupported(why.to_owned()));
        }
        Ok(Box::new(EnvoySession::new(self, scenario, self.bring_up(scenario)?)))
    }
}

/// What only the other backend can script.
fn unsupported(scenario: &Scenario) -> Option<&'static str> {
    let later = scenario.steps.iter().filter_map(|step| match step {
        Step::Clusters(clusters) => Some(clusters),
        _ => None,
    });
    let mut clusters = std::iter::once(&scenario.clusters).chain(later).flat_map(BTreeMap::values);
    clusters.find_map(|cluster| {
        let lost = cluster.answers.iter().any(|scripted| matches!(scripted.answer, CalloutAnswer::Lost));
        lost.then_some("no real proxy loses an answer on demand")
    })
}

/// Whether other scenarios may use the same process: their VMs' timers go on, and must not call
/// each other's clusters.
fn shares(scenario: &Scenario) -> bool {
    let Route { cluster, action, .. } = &scenario.route;
    let reached = !matches!(action, RouteAction::UnknownCluster | RouteAction::NoHealthyHost);
    scenario.clusters.is_empty() && reached && *cluster == Route::default().cluster
}

/// The clusters of a scenario's process.
fn clusters(scenario: &Scenario) -> BTreeMap<String, Kind> {
    let kind = |cluster: &Cluster| Kind { healthy: cluster.healthy, grpc: cluster.grpc };
    let mut clusters: BTreeMap<String, Kind> =
        scenario.clusters.iter().map(|(name, cluster)| (name.clone(), kind(cluster))).collect();
    let Route { cluster, action, .. } = &scenario.route;
    if *action != RouteAction::UnknownCluster {
        let healthy = *action != RouteAction::NoHealthyHost;
        clusters.insert(cluster.clone(), Kind { healthy, grpc: false });
    }
    clusters
}

/// Short where a step waits for it.
fn route_timeout(scenario: &Scenario) -> Duration {
    let waits = |step: &Step| match step {
        Step::Request(step) => matches!(step.upstream, UpstreamAnswer::Failure(UpstreamFailure::Timeout, _)),
        _ => false,
    };
    if scenario.steps.iter().any(waits) { Duration::from_millis(300) } else { Duration::from_secs(15) }
}

fn line(entry: Entry) -> String {
    format!("[{}] {}", entry.level, entry.message)
}
