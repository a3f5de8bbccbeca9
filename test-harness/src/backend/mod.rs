//! Where scenarios are played: in wasmtime, or in a real Envoy.

pub mod envoy;
pub mod wasmtime;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::interleave::Chooser;
use crate::scenario::{Costs, InterleaveStep, Interleaved, Jump, RequestStep, Scenario, StateCosts, Step};
use crate::{Cluster, Profile, Response, UpstreamRequest};

/// Something that runs filter chains.
pub trait Backend: Sync {
    /// Its name in scenario files and reports.
    fn name(&self) -> &'static str;

    /// The host it is, or behaves as.
    fn profile(&self) -> Profile;

    /// Whether its sessions let a chooser decide about the order of requests at the same time.
    fn schedules(&self) -> bool {
        false
    }

    /// Starts the scenario's proxy.
    ///
    /// # Errors
    /// See [`NotStarted`].
    fn start(&self, scenario: &Scenario) -> Result<Box<dyn Session + '_>, NotStarted>;
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// A plugin refused its configuration, with everything logged.
    Refused(Vec<String>),
    /// The backend cannot play this scenario here, and why.
    Unsupported(String),
    /// The backend itself failed.
    Broken(String),
}

/// Why a step could not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The backend cannot do this, and why.
    Unsupported(String),
    /// The backend itself failed.
    Broken(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Trouble::Broken(error.to_string())
    }
}

/// What came of one request.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// What the client received.
    pub response: Response,
    /// What the upstream received; None: nothing.
    pub upstream: Option<UpstreamRequest>,
    /// What happened meanwhile, for people.
    pub timeline: String,
    /// What it cost; None: the backend does not count.
    pub costs: Option<Costs>,
}

/// A running proxy with one scenario's chain.
pub trait Session {
    /// Plays one request to its end.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn send(&mut self, send: &RequestStep) -> Result<Sent, Trouble>;

    /// Moves the wall clock forward.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn advance(&mut self, by: Duration) -> Result<(), Trouble>;

    /// Plays requests at the same time. `chooser` decides about the order where the backend can.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn interleave(&mut self, _: &InterleaveStep, _: &mut dyn Chooser) -> Result<Interleaved, Trouble> {
        Err(Trouble::Unsupported("requests run one after another here".to_owned()))
    }

    /// Lets the wall clock jump.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn jump(&mut self, _: Jump) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("the clock does not jump here".to_owned()))
    }

    /// Makes a fault happen: [`Step::Fault`], [`Step::Kill`] or [`Step::Evict`].
    ///
    /// # Errors
    /// See [`Trouble`].
    fn fault(&mut self, _: &Step) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("a real proxy fails when it likes".to_owned()))
    }

    /// Faults that have not happened at all, for people.
    fn unused_faults(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Changes what clusters answer.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn set_clusters(&mut self, clusters: &BTreeMap<String, Cluster>) -> Result<(), Trouble>;

    /// The call-outs a cluster has seen, in order; for gRPC the body is the message, without its prefix.
    fn calls(&mut self, cluster: &str) -> Vec<UpstreamRequest>;

    /// Everything the plugins logged so far, a line each.
    fn logs(&mut self) -> Vec<String>;

    /// Traps so far, and whatever else the backend holds against the plugins.
    fn diagnostics(&mut self) -> Vec<String>;

    /// Whether `diagnostics` knows of traps alone: a real proxy keeps the rest to itself.
    fn sees_only_traps(&self) -> bool {
        false
    }

    /// A counter's growth since the start, or a gauge's value.
    fn metric(&mut self, name: &str) -> Option<u64>;

    /// What the plugins have left in the proxy; None: the backend does not count.
    fn state(&mut self) -> Option<StateCosts> {
        None
    }

    /// Waits a little for what happens behind a response: logs, metrics, call-outs. False: nothing
    /// more is to come.
    fn wait(&mut self) -> bool {
        false
    }

    /// Lets what belongs to answered requests come to its end: afterwards `logs` and `diagnostics` have it all.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn settle(&mut self) -> Result<(), Trouble> {
        Ok(())
    }
}
