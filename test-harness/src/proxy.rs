//! The public face: start a proxy, send requests, move time, look at what it left behind.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::after;
use crate::lifecycle::Build;
use crate::message::{Request, Upstream};
use crate::record::{Exchange, LogLine, MetricValue, Record};
use crate::runtime::Runtime;
use crate::shared_data::SharedEntry;
use crate::spec::{CalloutRequest, Cluster, PluginSpec, ProxySpec};
use crate::start::{StartError, StartFailure};
use crate::world::World;

/// A running proxy.
pub struct Proxy {
    runtime: Runtime,
}

impl Proxy {
    /// Builds the VMs and configures every plugin in its canary, on the main thread and on every
    /// worker.
    ///
    /// # Errors
    /// The first plugin that does not load, start or accept its configuration, with the logs.
    pub fn start(spec: ProxySpec) -> Result<Proxy, StartError> {
        let mut builds: Vec<Build> = Vec::new();
        let mut earlier: Vec<(PluginSpec, usize)> = Vec::new();
        for plugin in &spec.plugins {
            let build = Build::new(plugin, &earlier).map_err(|failure| StartError {
                plugin: plugin.name.clone(),
                failure,
                logs: Vec::new(),
            })?;
            earlier.push((plugin.clone(), build.group()));
            builds.push(build);
        }
        let mut runtime = Runtime::new(World::new(&spec), builds);
        match runtime.start(spec.workers) {
            Ok(()) => Ok(Proxy { runtime }),
            Err((plugin, failure)) => Err(runtime.start_error(plugin, failure)),
        }
    }

    /// Runs one request on one worker to its end. `worker` counts modulo the number of workers.
    /// Where the request waits, virtual time moves to the next event.
    pub fn exchange(&mut self, worker: u32, request: Request, upstream: &mut dyn Upstream) -> Exchange {
        let before = self.take_record();
        let id = self.runtime.open_stream(worker, request);
        self.runtime.finish_stream(id, upstream);
        let (response, upstream) = self.runtime.close_stream(id);
        let Record { trace, diagnostics, fuel, host_calls } = self.take_record();
        self.runtime.world.borrow_mut().record = before;
        Exchange { response, upstream, trace, diagnostics, fuel, host_calls }
    }

    /// Moves both clocks forward; timers, call-out answers and timeouts happen in order of time.
    pub fn advance(&mut self, by: Duration) {
        let now = self.runtime.world.borrow().clock.now();
        self.runtime.run_until(after(now, by));
    }

    /// Sets the wall clock, nanoseconds since the epoch, back or forth. Timers do not notice.
    pub fn set_clock(&mut self, now_unix_nanos: u64) {
        self.runtime.world.borrow_mut().clock.set_unix_nanos(now_unix_nanos);
    }

    /// The wall clock, nanoseconds since the epoch.
    pub fn now_unix_nanos(&self) -> u64 {
        self.runtime.world.borrow().clock.unix_nanos()
    }

    /// Adds or replaces a cluster for later call-outs.
    pub fn set_cluster(&mut self, name: impl Into<String>, cluster: Cluster) {
        self.runtime.world.borrow_mut().callouts.set_cluster(name.into(), cluster);
    }

    /// Every call-out dispatched so far.
    pub fn callouts(&self) -> Vec<CalloutRequest> {
        self.runtime.world.borrow().callouts.seen.clone()
    }

    /// Everything logged so far.
    pub fn logs(&self) -> Vec<LogLine> {
        self.runtime.world.borrow().logs.clone()
    }

    /// All metrics by name.
    pub fn metrics(&self) -> BTreeMap<String, MetricValue> {
        self.runtime.world.borrow().metrics.by_name()
    }

    /// The shared data of a namespace, by key.
    pub fn shared_data(&self, vm_id: &str) -> BTreeMap<Vec<u8>, SharedEntry> {
        self.runtime.world.borrow().shared_data.namespace(vm_id)
    }

    /// What happened outside of exchanges (at the start, in `advance`) since the last call.
    pub fn take_record(&mut self) -> Record {
        std::mem::take(&mut self.runtime.world.borrow_mut().record)
    }
}

impl Runtime {
    fn start_error(&self, plugin: usize, failure: StartFailure) -> StartError {
        let world = self.world.borrow();
        StartError { plugin: world.plugin_name(plugin).to_string(), failure, logs: world.logs.clone() }
    }
}
