//! A proxy-wasm host for tests. It runs plugins in wasmtime the way Envoy 1.40 runs them in V8, or
//! Kong's engine in nginx ([`Profile`]): same lifecycle, same statuses, same order of callbacks. It
//! knows the ABI and no filter.
//!
//! [`Proxy::start`] builds the VMs, [`Proxy::exchange`] runs one request to its end, and
//! [`Proxy::advance`] moves the virtual clock. Everything is deterministic.

mod abi;
pub mod backend;
mod callouts;
pub mod check;
mod clock;
mod cluster;
mod diagnostic;
mod engine;
mod faults;
mod header_map;
mod host;
pub mod interleave;
mod kong;
mod lifecycle;
mod message;
mod metrics;
mod profile;
mod proxy;
mod queues;
mod random;
mod record;
pub mod scenario;
mod shared_data;
mod spec;
mod start;
mod status;
mod stream;
mod thread;
mod world;

pub use cluster::{CalloutAnswer, CalloutRequest, Cluster, GrpcResponse, ScriptedAnswer};
pub use diagnostic::{Diagnostic, Problem, Site};
pub use faults::Fault;
pub use message::{
    Headers, Request, Response, Upstream, UpstreamAnswer, UpstreamFailure, UpstreamRequest, UpstreamResponse,
};
pub use metrics::MetricMisuse;
pub use profile::Profile;
pub use proxy::Proxy;
pub use record::{Argument, Event, Exchange, GuestMemory, LogLevel, LogLine, MetricValue, Outcome, Place, Record};
pub use shared_data::SharedEntry;
pub use spec::{FailurePolicy, Limits, PluginSpec, ProxySpec, Route, RouteAction};
pub use start::{StartError, StartFailure};
pub use status::Status;
