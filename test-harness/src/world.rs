//! What all VMs of a proxy share: clock, shared data, queues, metrics, streams, call-outs, and the
//! record of what happened.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::callouts::Callouts;
use crate::clock::{Clock, Instant};
use crate::diagnostic::Diagnostic;
use crate::faults::Faults;
use crate::host::VmId;
use crate::interleave::Gate;
use crate::metrics::Metrics;
use crate::profile::Profile;
use crate::queues::{QueueReady, Queues};
use crate::random::Random;
use crate::record::{Argument, Event, LogLevel, LogLine, Place, Record};
use crate::shared_data::SharedData;
use crate::spec::{Limits, ProxySpec, Route};
use crate::stream::{Stream, StreamId};

/// The state of a proxy outside of its VMs.
pub struct World {
    pub profile: Profile,
    pub plugins: Vec<Plugin>,
    pub route: Route,
    pub limits: Limits,
    pub clock: Clock,
    pub random: Random,
    pub shared_data: SharedData,
    pub queues: Queues,
    pub metrics: Metrics,
    pub callouts: Callouts,
    pub streams: BTreeMap<StreamId, Stream>,
    /// `proxy_on_queue_ready` calls on their way to the VMs that registered the queues.
    pub posted: VecDeque<QueueReady>,
    /// How many were delivered at an instant.
    pub notified: (Instant, u32),
    pub record: Record,
    pub logs: Vec<LogLine>,
    pub faults: Faults,
    /// Where calls on shared state wait, while several requests run at once.
    pub gate: Option<Arc<Gate>>,
    last_vm: VmId,
    last_stream: StreamId,
}

/// What host functions need to know of a plugin.
#[derive(Debug)]
pub struct Plugin {
    pub name: Arc<str>,
    pub root_id: String,
    pub configuration: Vec<u8>,
    /// Whether Pause in a headers callback lets the body come; nginx has no such setting.
    pub pauses_heads_alone: bool,
}

impl World {
    pub fn new(spec: &ProxySpec) -> Self {
        World {
            profile: spec.profile,
            plugins: spec
                .plugins
                .iter()
                .map(|plugin| Plugin {
                    name: plugin.name.as_str().into(),
                    root_id: plugin.root_id.clone(),
                    configuration: plugin.configuration.clone(),
                    pauses_heads_alone: plugin.allow_on_headers_stop_iteration && spec.profile == Profile::Envoy,
                })
                .collect(),
            route: spec.route.clone(),
            limits: spec.limits,
            clock: Clock::new(spec.now_unix_nanos),
            random: Random::new(spec.seed),
            shared_data: SharedData::new(spec.profile),
            queues: Queues::default(),
            metrics: Metrics::default(),
            callouts: Callouts::new(spec.clusters.clone()),
            streams: BTreeMap::new(),
            posted: VecDeque::new(),
            notified: (0, 0),
            record: Record::default(),
            logs: Vec::new(),
            faults: Faults::default(),
            gate: None,
            last_vm: 0,
            last_stream: 0,
        }
    }

    pub fn next_vm_id(&mut self) -> VmId {
        self.last_vm += 1;
        self.last_vm
    }

    pub fn next_stream_id(&mut self) -> StreamId {
        self.last_stream += 1;
        self.last_stream
    }

    pub fn plugin_name(&self, plugin: usize) -> Arc<str> {
        self.plugins.get(plugin).map_or_else(|| "".into(), |plugin| Arc::clone(&plugin.name))
    }

    pub fn diagnose(&mut self, diagnostic: Diagnostic) {
        self.record.diagnostics.push(diagnostic);
    }

    pub fn trace(&mut self, event: Event) {
        self.record.trace.push(event);
    }

    pub fn note(&mut self, text: impl Into<String>) {
        self.trace(Event::Proxy(text.into()));
    }

    pub fn log(&mut self, place: Place, plugin: usize, level: LogLevel, message: Vec<u8>) {
        let plugin = self.plugin_name(plugin);
        self.logs.push(LogLine { place, plugin, level, message });
    }

    /// Counts and traces one host call.
    pub fn host_call(&mut self, name: &'static str, arguments: Vec<Argument>, status: u32, returned: Vec<Argument>) {
        *self.record.host_calls.entry(name).or_default() += 1;
        self.trace(Event::HostCall { name, arguments, status, returned });
    }
}
