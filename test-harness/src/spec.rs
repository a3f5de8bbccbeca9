//! What a proxy is made of: plugins, route, clusters, clock and limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::profile::Profile;

/// One plugin of the chain: a module and its configuration.
#[derive(Clone, Debug)]
pub struct PluginSpec {
    /// The plugin's name, for logs and the property `plugin_name`.
    pub name: String,
    /// The property `plugin_root_id`.
    pub root_id: String,
    /// The module.
    pub wasm: Arc<[u8]>,
    /// What `proxy_on_configure` finds in the plugin configuration buffer.
    pub configuration: Vec<u8>,
    /// The namespace of shared data and queues; plugins of equal `vm_id`, `vm_configuration` and
    /// module share one VM per thread.
    pub vm_id: String,
    /// What `proxy_on_vm_start` finds in the VM configuration buffer.
    pub vm_configuration: Vec<u8>,
    /// Environment variables of the VM; modules in Kong's engine see none.
    pub environment: Vec<(String, String)>,
    /// What becomes of requests once the VM has failed.
    pub failure_policy: FailurePolicy,
    /// Envoy's `allow_on_headers_stop_iteration`: Pause in a headers callback lets the body come.
    pub allow_on_headers_stop_iteration: bool,
}

impl PluginSpec {
    /// A plugin without configuration, fail closed.
    pub fn new(name: impl Into<String>, wasm: impl Into<Arc<[u8]>>) -> Self {
        PluginSpec {
            name: name.into(),
            root_id: String::new(),
            wasm: wasm.into(),
            configuration: Vec::new(),
            vm_id: String::new(),
            vm_configuration: Vec::new(),
            environment: Vec::new(),
            failure_policy: FailurePolicy::default(),
            allow_on_headers_stop_iteration: false,
        }
    }
}

/// Envoy's `failure_policy` of a plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Every later request on that VM gets 503.
    #[default]
    FailClosed,
    /// The crashing request gets 503, later ones pass by the plugin.
    FailOpen,
    /// The VM is rebuilt by the first request after the backoff of one second.
    FailReload,
}

/// A whole proxy: one listener, one filter chain, one route.
#[derive(Clone, Debug)]
pub struct ProxySpec {
    /// The host it behaves as.
    pub profile: Profile,
    /// The chain, in the order of request callbacks.
    pub plugins: Vec<PluginSpec>,
    /// Worker threads; at least 1.
    pub workers: u32,
    /// The wall clock at the start, nanoseconds since the epoch.
    pub now_unix_nanos: u64,
    /// Seed of everything random: WASI `random_get`, request ids.
    pub seed: u64,
    /// The route every request takes.
    pub route: Route,
    /// Clusters that call-outs may name. The route's own cluster needs no entry: the
    /// [`Upstream`](crate::Upstream) of an exchange stands for it.
    pub clusters: BTreeMap<String, Cluster>,
    /// Resource limits per VM and per callback.
    pub limits: Limits,
}

impl Default for ProxySpec {
    fn default() -> Self {
        ProxySpec {
            profile: Profile::default(),
            plugins: Vec::new(),
            workers: 1,
            now_unix_nanos: 1_700_000_000_000_000_000,
            seed: 1,
            route: Route::default(),
            clusters: BTreeMap::new(),
            limits: Limits::default(),
        }
    }
}

/// The route every request takes.
#[derive(Clone, Debug)]
pub struct Route {
    /// Property `xds.route_name`.
    pub name: String,
    /// Property `xds.cluster_name`.
    pub cluster: String,
    /// `filter_metadata`: namespace -> key -> value.
    pub metadata: BTreeMap<String, BTreeMap<String, String>>,
    /// What it does with a request.
    pub action: RouteAction,
}

/// What the router does with a request that no filter has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RouteAction {
    /// It goes to the route's cluster.
    #[default]
    Forward,
    /// The proxy answers by itself, as the configuration says.
    DirectResponse {
        /// `:status`, 200..=599.
        status: u16,
        /// The body; empty: none.
        body: Vec<u8>,
    },
    /// No route fits the request: 404.
    NoRoute,
    /// There is no cluster of the route's name: 503.
    UnknownCluster,
    /// The route's cluster has no healthy host: 503, before the request's body.
    NoHealthyHost,
}

impl RouteAction {
    /// Whether there is a cluster that requests go to, healthy or not.
    pub fn has_cluster(&self) -> bool {
        matches!(self, RouteAction::Forward | RouteAction::NoHealthyHost)
    }
}

impl Default for Route {
    fn default() -> Self {
        Route {
            name: "default".to_owned(),
            cluster: "upstream".to_owned(),
            metadata: BTreeMap::new(),
            action: RouteAction::default(),
        }
    }
}

/// Resource limits. The defaults are far above what a filter needs.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Linear memory per VM, bytes.
    pub memory_bytes: usize,
    /// Fuel (about one unit per instruction) per callback.
    pub fuel_per_callback: u64,
    /// Host calls per callback: they cost the guest no fuel, and each is kept for the trace.
    pub host_calls_per_callback: u64,
    /// Bytes that pass through the host calls of one callback, both ways.
    pub host_bytes_per_callback: usize,
    /// Virtual time after which a paused request is called stuck.
    pub stuck_after: Duration,
    /// Bytes of a body a paused filter may make the proxy hold (Envoy's default: 1 MiB).
    pub buffer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory_bytes: 64 << 20,
            fuel_per_callback: 2_000_000_000,
            host_calls_per_callback: 1_000_000,
            host_bytes_per_callback: 256 << 20,
            stuck_after: Duration::from_secs(300),
            buffer_bytes: 1 << 20,
        }
    }
}
