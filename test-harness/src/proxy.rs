//! The public face: start a proxy, send requests, move time, look at what it left behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use atomic_refcell::AtomicRefCell;

use crate::clock::{Instant, after};
use crate::cluster::{CalloutRequest, Cluster};
use crate::faults::Fault;
use crate::lifecycle::Build;
use crate::message::{Request, Upstream};
use crate::record::{Exchange, GuestMemory, LogLine, MetricValue, Place, Record};
use crate::scenario::StateCosts;
use crate::shared_data::SharedEntry;
use crate::spec::{PluginSpec, ProxySpec};
use crate::start::{StartError, StartFailure};
use crate::stream::StreamId;
use crate::thread::Thread;
use crate::world::World;

/// A running proxy.
pub struct Proxy {
    pub(crate) world: Arc<AtomicRefCell<World>>,
    /// The main thread where there is one, then the workers.
    pub(crate) threads: Vec<Thread>,
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
            let build = Build::new(spec.profile, plugin, &earlier).map_err(|failure| StartError {
                plugin: plugin.name.clone(),
                failure,
                logs: Vec::new(),
            })?;
            earlier.push((plugin.clone(), build.group()));
            builds.push(build);
        }
        let (world, builds) = (Arc::new(AtomicRefCell::new(World::new(&spec))), Arc::from(builds));
        let mut proxy = Proxy { world, threads: Vec::new() };
        match proxy.start_threads(&builds, spec.workers) {
            Ok(()) => Ok(proxy),
            Err((plugin, failure)) => Err(proxy.start_error(plugin, failure)),
        }
    }

    /// In Envoy's order: a canary per plugin, the main thread, every worker. Kong's engine has workers
    /// alone.
    fn start_threads(&mut self, builds: &Arc<[Build]>, workers: u32) -> Result<(), (usize, StartFailure)> {
        let main = self.world.borrow().profile.has_main_thread();
        for plugin in (0..builds.len()).filter(|_| main) {
            // The canary's timers and call-outs go with it, its metrics and shared data stay.
            let mut canary = Thread::new(Place::Canary, &self.world, builds);
            canary.try_out(plugin).map_err(|failure| (plugin, failure))?;
        }
        let main = std::iter::once(Place::Main).filter(|_| main);
        for place in main.chain((0..workers.max(1)).map(Place::Worker)) {
            let mut thread = Thread::new(place, &self.world, builds);
            thread.start()?;
            self.threads.push(thread);
        }
        Ok(())
    }

    /// Runs one request on one worker to its end. `worker` counts modulo the number of workers.
    /// Where the request waits, virtual time moves to the next event.
    pub fn exchange(&mut self, worker: u32, request: Request, upstream: &mut dyn Upstream) -> Exchange {
        let before = self.take_record();
        let thread = self.worker(worker);
        let id = self.threads[thread].open_stream(request);
        self.finish_stream(thread, id, upstream);
        let (response, upstream) = self.threads[thread].close_stream(id);
        let Record { trace, diagnostics, fuel, host_calls } = self.take_record();
        self.world.borrow_mut().record = before;
        Exchange { response, upstream, trace, diagnostics, fuel, host_calls }
    }

    /// Moves both clocks forward; timers, call-out answers and timeouts happen in order of time.
    pub fn advance(&mut self, by: Duration) {
        let until = after(self.world.borrow().clock.now(), by);
        while let Some(due) = self.next_due().filter(|due| *due <= until) {
            self.world.borrow_mut().clock.move_to(due);
            self.fire_due();
        }
        self.world.borrow_mut().clock.move_to(until);
    }

    /// Sets the wall clock, nanoseconds since the epoch, back or forth. Timers do not notice.
    pub fn set_clock(&mut self, now_unix_nanos: u64) {
        self.world.borrow_mut().clock.set_unix_nanos(now_unix_nanos);
    }

    /// Makes a fault happen.
    pub fn inject(&mut self, fault: Fault) {
        self.world.borrow_mut().faults.inject(fault);
    }

    /// The faults that have not happened yet.
    pub fn unused_faults(&self) -> Vec<Fault> {
        self.world.borrow().faults.unused()
    }

    /// Lets the VMs of a thread die, between two callbacks.
    pub fn kill(&mut self, place: Place) {
        for thread in self.threads.iter_mut().filter(|thread| thread.place == place) {
            thread.kill();
        }
    }

    /// Removes a key of shared data from all namespaces, as a full store does.
    pub fn evict(&mut self, key: &[u8]) {
        self.world.borrow_mut().shared_data.evict(key);
    }

    /// The wall clock, nanoseconds since the epoch.
    pub fn now_unix_nanos(&self) -> u64 {
        self.world.borrow().clock.unix_nanos()
    }

    /// Adds or replaces a cluster for later call-outs.
    pub fn set_cluster(&mut self, name: impl Into<String>, cluster: Cluster) {
        self.world.borrow_mut().callouts.set_cluster(name.into(), cluster);
    }

    /// Every call-out dispatched so far.
    pub fn callouts(&self) -> Vec<CalloutRequest> {
        self.world.borrow().callouts.seen.clone()
    }

    /// Everything logged so far.
    pub fn logs(&self) -> Vec<LogLine> {
        self.world.borrow().logs.clone()
    }

    /// All metrics by name.
    pub fn metrics(&self) -> BTreeMap<String, MetricValue> {
        self.world.borrow().metrics.by_name()
    }

    /// The shared data of a namespace, by key.
    pub fn shared_data(&self, vm_id: &str) -> BTreeMap<Vec<u8>, SharedEntry> {
        self.world.borrow().shared_data.namespace(vm_id)
    }

    /// The linear memory of every VM.
    pub fn guest_memory(&self) -> Vec<GuestMemory> {
        self.threads.iter().flat_map(Thread::guest_memory).collect()
    }

    /// What the plugins have left in shared data and metrics.
    pub fn state(&self) -> StateCosts {
        let world = self.world.borrow();
        let (shared_keys, shared_bytes) = world.shared_data.size();
        StateCosts { shared_keys, shared_bytes, metric_series: world.metrics.count() }
    }

    /// What happened outside of exchanges (at the start, in `advance`) since the last call.
    pub fn take_record(&mut self) -> Record {
        std::mem::take(&mut self.world.borrow_mut().record)
    }

    /// Runs a stream until it has ended, moving virtual time where everything waits.
    fn finish_stream(&mut self, thread: usize, id: StreamId, upstream: &mut dyn Upstream) {
        let deadline = after(self.world.borrow().clock.now(), self.world.borrow().limits.stuck_after);
        while !self.threads[thread].has_ended(id) {
            let moved = self.threads[thread].advance_request(id)
                || self.fire_due()
                || self.threads[thread].advance_response(id, upstream);
            if moved {
                continue;
            }
            let next = [self.next_due(), self.threads[thread].stream_due(id)].into_iter().flatten().min();
            match next.filter(|next| *next <= deadline) {
                Some(next) => self.world.borrow_mut().clock.move_to(next),
                None => self.threads[thread].give_up(id),
            }
        }
    }

    /// When the next timer fires or call-out answer arrives on any thread.
    fn next_due(&self) -> Option<Instant> {
        self.threads.iter().filter_map(Thread::next_due).min()
    }

    /// Fires one event that is due on any thread; false: there is none.
    fn fire_due(&mut self) -> bool {
        self.threads.iter_mut().any(Thread::fire_due)
    }

    /// The index of a worker's thread.
    pub(crate) fn worker(&self, worker: u32) -> usize {
        let first = usize::from(self.world.borrow().profile.has_main_thread());
        first + usize::try_from(worker).unwrap_or(0) % (self.threads.len() - first)
    }

    fn start_error(&self, plugin: usize, failure: StartFailure) -> StartError {
        let world = self.world.borrow();
        StartError { plugin: world.plugin_name(plugin).to_string(), failure, logs: world.logs.clone() }
    }
}
