//! What an exchange leaves behind: response, trace, diagnostics, costs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::interleave::Step;
use crate::message::{Headers, Response, UpstreamRequest};

/// One request from its first byte to the deletion of its contexts.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// What the client received.
    pub response: Response,
    /// What the upstream received; None when no complete request reached it.
    pub upstream: Option<UpstreamRequest>,
    /// Callbacks and host calls in order.
    pub trace: Vec<Event>,
    /// What a careful author wants to know, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// Fuel used in all callbacks of the exchange, ticks and call-out answers included.
    pub fuel: u64,
    /// Host calls by name.
    pub host_calls: BTreeMap<&'static str, u64>,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Callbacks and host calls in order.
    pub trace: Vec<Event>,
    /// What a careful author wants to know, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// Fuel used in all callbacks.
    pub fuel: u64,
    /// Host calls by name.
    pub host_calls: BTreeMap<&'static str, u64>,
}

/// Where a VM lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The short-lived VM in which a configuration is tried.
    Canary,
    /// The main thread's VM: ticks, no requests.
    Main,
    /// A worker's VM, by index from 0.
    Worker(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Canary => f.write_str("canary"),
            Place::Main => f.write_str("main"),
            Place::Worker(index) => write!(f, "worker {index}"),
        }
    }
}

/// One step of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The proxy enters a guest function; a matching [`Event::Leave`] follows.
    Enter {
        /// Which VM.
        place: Place,
        /// The plugin's name.
        plugin: Arc<str>,
        /// The context id, its first argument.
        context: u32,
        /// The exported function, e.g. `proxy_on_request_headers`.
        callback: &'static str,
        /// The arguments after the context id.
        arguments: Vec<u32>,
    },
    /// The guest function returned or trapped.
    Leave {
        /// The exported function.
        callback: &'static str,
        /// Its result.
        outcome: Outcome,
    },
    /// The guest called the host.
    HostCall {
        /// The import, e.g. `proxy_get_property`.
        name: &'static str,
        /// What the guest passed, pointers already followed.
        arguments: Vec<Argument>,
        /// The status returned; WASI functions return an errno.
        status: u32,
        /// What the host wrote back.
        returned: Vec<Argument>,
    },
    /// Where several requests run at once: what follows is this step.
    Turn(Step),
    /// Something the proxy itself did: sent the request upstream, sent a local reply.
    Proxy(String),
}

/// How a guest function ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned nothing.
    Nothing,
    /// It returned a number (an action, or a boolean).
    Value(u32),
    /// It trapped.
    Trap(String),
}

/// An argument or result of a host call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A plain number.
    Number(u64),
    /// Bytes behind a pointer and length.
    Bytes(Vec<u8>),
    /// A serialized map.
    Pairs(Headers),
}

impl Argument {
    /// Bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Argument::Number(_) => 8,
            Argument::Bytes(bytes) => bytes.len(),
            Argument::Pairs(pairs) => pairs.iter().map(|(name, value)| name.len() + value.len()).sum(),
        }
    }
}

/// The linear memory of one VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestMemory {
    /// Where the VM lives.
    pub place: Place,
    /// The first plugin in it.
    pub plugin: Arc<str>,
    /// Pages of 64 KiB.
    pub pages: u64,
}

impl GuestMemory {
    /// The same in bytes.
    pub fn bytes(&self) -> u64 {
        self.pages << 16
    }
}

/// A line a plugin (or the proxy about a plugin) logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Which VM.
    pub place: Place,
    /// The plugin's name.
    pub plugin: Arc<str>,
    /// How severe.
    pub level: LogLevel,
    /// The message, not necessarily UTF-8.
    pub message: Vec<u8>,
}

/// Log levels of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// 0.
    Trace,
    /// 1.
    Debug,
    /// 2.
    Info,
    /// 3.
    Warn,
    /// 4.
    Error,
    /// 5.
    Critical,
}

/// A metric's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricValue {
    /// Counts up.
    Counter(u64),
    /// Is set.
    Gauge(u64),
    /// Every recorded value, in order.
    Histogram(Vec<u64>),
}
