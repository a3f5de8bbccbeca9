//! The proxy: its VMs, its clock, its streams.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::message::{Request, Upstream};
use crate::record::{Exchange, LogLine, MetricValue};
use crate::spec::{CalloutRequest, Cluster, ProxySpec};

/// A running proxy.
pub struct Proxy {
    spec: ProxySpec,
    logs: Vec<LogLine>,
    callouts: Vec<CalloutRequest>,
}

/// A value in shared data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedEntry {
    /// The value.
    pub value: Vec<u8>,
    /// Its compare-and-swap number.
    pub cas: u32,
}

/// Why a proxy did not start.
#[derive(Debug)]
pub struct StartError {
    /// The plugin's name.
    pub plugin: String,
    /// What went wrong.
    pub failure: StartFailure,
    /// Everything logged until then.
    pub logs: Vec<LogLine>,
}

/// What went wrong at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFailure {
    /// The module does not compile, or imports what the host does not offer.
    Load(String),
    /// `proxy_on_vm_start` returned false.
    VmStartRefused,
    /// `proxy_on_configure` returned false.
    ConfigurationRefused,
    /// A guest function trapped.
    Trap {
        /// The exported function.
        callback: &'static str,
        /// The engine's words.
        message: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin {}: ", self.plugin)?;
        match &self.failure {
            StartFailure::Load(why) => write!(f, "module not loaded: {why}")?,
            StartFailure::VmStartRefused => f.write_str("on_vm_start returned false")?,
            StartFailure::ConfigurationRefused => f.write_str("on_configure returned false")?,
            StartFailure::Trap { callback, message } => write!(f, "{callback}: {message}")?,
        }
        for line in &self.logs {
            write!(f, "\n  [{}] {}", line.place, String::from_utf8_lossy(&line.message))?;
        }
        Ok(())
    }
}

impl std::error::Error for StartError {}

impl Proxy {
    /// Builds the VMs and configures every plugin in its canary, on the main thread and on every
    /// worker.
    ///
    /// # Errors
    /// The first plugin that does not load, start or accept its configuration, with the logs.
    pub fn start(spec: ProxySpec) -> Result<Proxy, StartError> {
        Ok(Proxy { spec, logs: Vec::new(), callouts: Vec::new() })
    }

    /// Runs one request on one worker to its end. `worker` counts modulo the number of workers.
    pub fn exchange(&mut self, _worker: u32, _request: Request, _upstream: &mut dyn Upstream) -> Exchange {
        Exchange::default()
    }

    /// Moves both clocks forward; timers, call-out answers and timeouts happen in order of time.
    pub fn advance(&mut self, by: Duration) {
        self.spec.now_unix_nanos += u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    }

    /// Sets the wall clock, nanoseconds since the epoch, back or forth. Timers do not notice.
    pub fn set_clock(&mut self, now_unix_nanos: u64) {
        self.spec.now_unix_nanos = now_unix_nanos;
    }

    /// The wall clock, nanoseconds since the epoch.
    pub fn now_unix_nanos(&self) -> u64 {
        self.spec.now_unix_nanos
    }

    /// Adds or replaces a cluster for later call-outs.
    pub fn set_cluster(&mut self, name: impl Into<String>, cluster: Cluster) {
        self.spec.clusters.insert(name.into(), cluster);
    }

    /// Every call-out dispatched so far.
    pub fn callouts(&self) -> &[CalloutRequest] {
        &self.callouts
    }

    /// Everything logged so far.
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }

    /// All metrics by name.
    pub fn metrics(&self) -> BTreeMap<String, MetricValue> {
        BTreeMap::new()
    }

    /// The shared data of a namespace, by key.
    pub fn shared_data(&self, _vm_id: &str) -> BTreeMap<Vec<u8>, SharedEntry> {
        BTreeMap::new()
    }
}
