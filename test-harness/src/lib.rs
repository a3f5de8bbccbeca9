//! A proxy-wasm host for tests. It runs plugins in wasmtime the way Envoy 1.40 runs them in V8:
//! same lifecycle, same statuses, same order of callbacks. It knows the ABI and no filter.
//!
//! [`Proxy::start`] builds the VMs, [`Proxy::exchange`] runs one request to its end, and
//! [`Proxy::advance`] moves the virtual clock. Everything is deterministic and single-threaded:
//! a worker is an index.

mod message;
mod proxy;
mod record;
mod spec;
mod status;

pub use message::{
    Headers, Request, Response, Upstream, UpstreamAnswer, UpstreamFailure, UpstreamRequest, UpstreamResponse,
};
pub use proxy::{Proxy, SharedEntry, StartError, StartFailure};
pub use record::{Argument, Diagnostic, Event, Exchange, LogLevel, LogLine, MetricValue, Outcome, Place};
pub use spec::{
    CalloutAnswer, CalloutRequest, Cluster, FailurePolicy, Limits, PluginSpec, ProxySpec, Route, ScriptedAnswer,
};
pub use status::Status;
