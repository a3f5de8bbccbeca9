//! Scenarios: what a client sends, what the upstream answers, and what must come of it. One YAML
//! file each ([`load`]), or built by a test; [`run`] plays them in any [`Backend`](crate::backend::Backend).

mod budget;
mod check;
mod expect;
mod files;
mod interleave;
mod ledger;
mod report;
mod run;
mod timeline;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bstr::ByteSlice as _;

pub use budget::{Costs, Count, MemoryGrowth, RequestBudget, StateBudget, StateCosts};
pub use check::{Found, mismatches};
pub use expect::{Expect, Pattern, Reached, Saw};
pub use files::{LoadError, find, load, parse};
pub use interleave::{ActorStep, Between, InterleaveStep, Interleaved, Outcome};
pub use ledger::{Ledger, LedgerError};
pub use report::{Mismatch, Report, Verdict};
pub use run::run;
pub use timeline::timeline;

use crate::backend::Backend;
use crate::{Cluster, FailurePolicy, Fault, Place, Profile, Request, Route, UpstreamAnswer};

/// A proxy, and the steps played on it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name among its siblings: the file's path without extension, e.g. `cors/preflight-allowed`.
    pub id: String,
    /// One sentence: what holds.
    pub name: String,
    /// The filter chain, in the order of request callbacks.
    pub plugins: Vec<Plugin>,
    /// Worker threads, 1..=16.
    pub workers: u32,
    /// The wall clock at the start, nanoseconds since the epoch; None: the backend's own.
    pub now: Option<u64>,
    /// The route every request takes.
    pub route: Route,
    /// Clusters that call-outs may name, and what they answer.
    pub clusters: BTreeMap<String, Cluster>,
    /// The one backend this scenario is for; None: all.
    pub only: Option<Only>,
    /// Profiles this scenario does not hold in, and why.
    pub not_in: BTreeMap<Profile, String>,
    /// The configuration must be refused, with log lines that contain these.
    pub refused: Option<Vec<String>>,
    /// What the plugins may leave in the proxy.
    pub budget: StateBudget,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// A scenario on one worker, without steps.
    pub fn new(id: impl Into<String>, plugins: Vec<Plugin>) -> Self {
        let id = id.into();
        Scenario {
            name: id.clone(),
            id,
            plugins,
            workers: 1,
            now: None,
            route: Route::default(),
            clusters: BTreeMap::new(),
            only: None,
            not_in: BTreeMap::new(),
            refused: None,
            budget: StateBudget::default(),
            steps: Vec::new(),
        }
    }

    /// Why a backend does not play this scenario; None: it does.
    pub fn left_out(&self, backend: &dyn Backend) -> Option<String> {
        if let Some(only) = self.only.as_ref().filter(|only| only.backend != backend.name()) {
            return Some(format!("only in {}: {}", only.backend, only.because));
        }
        let profile = backend.profile();
        self.not_in.get(&profile).map(|why| format!("not in {profile}: {why}"))
    }

    /// Whether a step or the start sets or moves the wall clock.
    pub fn moves_clock(&self) -> bool {
        let slow = |answer: &UpstreamAnswer| match answer {
            UpstreamAnswer::Response(response) | UpstreamAnswer::ResetAfterHeaders(response) => {
                !response.after.is_zero()
            }
            UpstreamAnswer::Failure(_, after) => !after.is_zero(),
        };
        self.now.is_some()
            || self.steps.iter().any(|step| match step {
                Step::Advance(_) | Step::Jump(_) => true,
                Step::Request(send) => slow(&send.upstream) || send.request.leaves_after.is_some(),
                Step::Interleave(at_once) => at_once.requests().any(|send| slow(&send.upstream)),
                _ => false,
            })
    }
}

/// One plugin of the chain.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The plugin's name, for logs.
    pub name: String,
    /// The module's file.
    pub module: PathBuf,
    /// What `on_configure` receives.
    pub configuration: Vec<u8>,
    /// The namespace of shared data within the scenario.
    pub vm_id: String,
    /// Environment variables of the VM.
    pub environment: Vec<(String, String)>,
    /// What becomes of requests once the VM has failed.
    pub failure_policy: FailurePolicy,
    /// Whether Pause in a headers callback lets the body come.
    pub allow_on_headers_stop_iteration: bool,
}

impl Plugin {
    /// A plugin under `FAIL_RELOAD`, with the configuration it gets.
    pub fn new(name: impl Into<String>, module: impl Into<PathBuf>, configuration: impl Into<Vec<u8>>) -> Self {
        Plugin {
            name: name.into(),
            module: module.into(),
            configuration: configuration.into(),
            vm_id: String::new(),
            environment: Vec::new(),
            failure_policy: FailurePolicy::FailReload,
            allow_on_headers_stop_iteration: false,
        }
    }
}

/// A scenario that makes sense in one backend alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// The backend's name.
    pub backend: String,
    /// Why the others are left out.
    pub because: String,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// A request, its upstream's answer, and what must come of it.
    Request(Box<RequestStep>),
    /// The wall clock moves forward.
    Advance(Duration),
    /// Clusters answer call-outs differently from now on.
    Clusters(BTreeMap<String, Cluster>),
    /// Nothing goes on before a cluster has seen this many call-outs since the start.
    Await {
        /// The cluster's name.
        cluster: String,
        /// Call-outs, at least 1.
        calls: usize,
        /// What the last of them must be.
        saw: Option<Box<Saw>>,
    },
    /// Requests run at the same time.
    Interleave(InterleaveStep),
    /// The wall clock jumps; timers do not notice.
    Jump(Jump),
    /// A fault happens.
    Fault(Fault),
    /// The VMs of a thread die.
    Kill(Place),
    /// A key of shared data is gone.
    Evict(Vec<u8>),
}

/// How the wall clock jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// Into the future.
    Forward(Duration),
    /// Into the past.
    Back(Duration),
}

/// A request with its surroundings.
#[derive(Clone, Debug)]
pub struct RequestStep {
    /// The worker that serves it, from 0.
    pub worker: u32,
    /// The request.
    pub request: Request,
    /// Bytes to send in place of `request`, as they are; only real proxies parse them.
    pub raw: Option<Vec<u8>>,
    /// The upstream's answer, should the request get there.
    pub upstream: UpstreamAnswer,
    /// What must come of it.
    pub expect: Expect,
    /// What it may cost, where the backend counts.
    pub budget: RequestBudget,
    /// What of the response later requests send: names, and JSON pointers into its body.
    pub keep: BTreeMap<String, String>,
}

impl RequestStep {
    /// A request on worker 0, answered by [`RequestStep::answer`].
    pub fn new(request: Request, expect: Expect) -> Self {
        RequestStep {
            worker: 0,
            request,
            raw: None,
            upstream: RequestStep::answer().into(),
            expect,
            budget: RequestBudget::default(),
            keep: BTreeMap::new(),
        }
    }

    /// With what was kept in place of its names: `{{token}}` in the values of headers.
    #[must_use]
    pub fn filled(&self, kept: &BTreeMap<String, String>) -> Self {
        let mut filled = self.clone();
        for (_, value) in &mut filled.request.headers {
            for (name, text) in kept {
                *value = value.replace(format!("{{{{{name}}}}}"), text);
            }
        }
        filled
    }

    /// What an upstream answers unless told otherwise: 200, `text/plain`, `upstream`.
    pub fn answer() -> crate::UpstreamResponse {
        crate::UpstreamResponse {
            headers: vec![(b"content-type".to_vec(), b"text/plain".to_vec())],
            body: vec![b"upstream".to_vec()],
            ..Default::default()
        }
    }
}
