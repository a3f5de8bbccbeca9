//! What all VMs of a proxy share: clock, shared data, queues, metrics, streams, call-outs, and the
//! record of what happened.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::callouts::Callouts;
use crate::clock::{Clock, Ticks};
use crate::host::VmId;
use crate::metrics::Metrics;
use crate::queues::Queues;
use crate::random::Random;
use crate::record::{Argument, Diagnostic, Event, LogLevel, LogLine, Place, Record};
use crate::shared_data::SharedData;
use crate::spec::{Limits, ProxySpec, Route};
use crate::stream::{Direction, LocalReply, Stream, StreamId};

/// The state of a proxy outside of its VMs.
pub struct World {
    pub plugins: Vec<Plugin>,
    pub route: Route,
    pub limits: Limits,
    pub clock: Clock,
    pub ticks: Ticks,
    pub random: Random,
    pub shared_data: SharedData,
    pub queues: Queues,
    pub metrics: Metrics,
    pub callouts: Callouts,
    pub streams: BTreeMap<StreamId, Stream>,
    pub actions: VecDeque<Action>,
    pub record: Record,
    pub logs: Vec<LogLine>,
}

/// What host functions need to know of a plugin.
#[derive(Debug)]
pub struct Plugin {
    pub name: Rc<str>,
    pub root_id: String,
    pub configuration: Vec<u8>,
}

/// What a guest asked for that happens after its callback has returned.
#[derive(Debug)]
pub enum Action {
    /// `proxy_continue_stream`.
    Continue { stream: StreamId, filter: usize, direction: Direction },
    /// `proxy_send_local_response`.
    Reply { stream: StreamId, filter: usize, reply: LocalReply },
    /// `proxy_close_stream`.
    Close { stream: StreamId },
    /// `proxy_enqueue_shared_queue`: tell the VM that registered the queue.
    QueueReady { vm: VmId, root: u32, token: u32 },
}

impl World {
    pub fn new(spec: &ProxySpec) -> Self {
        World {
            plugins: spec
                .plugins
                .iter()
                .map(|plugin| Plugin {
                    name: plugin.name.as_str().into(),
                    root_id: plugin.root_id.clone(),
                    configuration: plugin.configuration.clone(),
                })
                .collect(),
            route: spec.route.clone(),
            limits: spec.limits,
            clock: Clock::new(spec.now_unix_nanos),
            ticks: Ticks::default(),
            random: Random::new(spec.seed),
            shared_data: SharedData::default(),
            queues: Queues::default(),
            metrics: Metrics::default(),
            callouts: Callouts::new(spec.clusters.clone()),
            streams: BTreeMap::new(),
            actions: VecDeque::new(),
            record: Record::default(),
            logs: Vec::new(),
        }
    }

    pub fn plugin_name(&self, plugin: usize) -> Rc<str> {
        self.plugins.get(plugin).map_or_else(|| "".into(), |plugin| Rc::clone(&plugin.name))
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
