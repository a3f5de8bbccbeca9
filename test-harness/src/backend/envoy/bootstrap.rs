//! What Envoy is told: the bootstrap of a process and the listener of a scenario.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::scenario::{Plugin, Scenario};
use crate::{FailurePolicy, Route, RouteAction};

/// What Envoy keeps of an answer to a call-out, in bytes; its default of 32 MiB takes long to exceed.
pub const ANSWER_LIMIT: usize = 1 << 20;

const TYPES: &str = "type.googleapis.com/";

/// Where a cluster leads.
#[derive(Clone, Copy, Debug)]
pub struct ClusterAddress {
    /// None: it has no host.
    pub port: Option<u16>,
    /// By HTTP/2; false: by HTTP/1.1.
    pub grpc: bool,
}

/// A process: admin interface, clusters by name, and a file that lists the listeners.
pub fn bootstrap(clusters: &BTreeMap<String, ClusterAddress>, listeners: &Path) -> Value {
    json!({
        "node": {"id": "test-harness", "cluster": "test-harness"},
        "admin": {"address": address(0)},
        "layered_runtime": {"layers": [{
            "name": "limits",
            "static_layer": {"http.async_response_buffer_limit": ANSWER_LIMIT},
        }]},
        "dynamic_resources": {"lds_config": {"path_config_source": {"path": listeners}}},
        "static_resources": {
            "clusters": clusters.iter().map(|(name, address)| cluster(name, *address)).collect::<Vec<_>>(),
        },
    })
}

fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

fn cluster(name: &str, to: ClusterAddress) -> Value {
    let endpoints: Vec<Value> = to.port.iter().map(|port| json!({"endpoint": {"address": address(*port)}})).collect();
    json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": format!("{TYPES}envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
                "explicit_http_config": if to.grpc {
                    json!({"http2_protocol_options": {}})
                } else {
                    json!({"http_protocol_options": {"enable_trailers": true}})
                },
            },
        },
    })
}

/// The file of listeners, as Envoy's file-based discovery reads it.
pub fn discovery(version: usize, listeners: &[Value]) -> Value {
    json!({"version_info": version.to_string(), "resources": listeners})
}

/// A scenario's listener on a free port; `name` also keeps its VMs apart from other scenarios'.
pub fn listener(name: &str, scenario: &Scenario, timeout: Duration) -> Value {
    let mut filters: Vec<Value> = scenario.plugins.iter().map(|plugin| wasm(name, plugin)).collect();
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": format!("{TYPES}envoy.extensions.filters.http.router.v3.Router")},
    }));
    let manager = json!({
        "@type": format!("{TYPES}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "scenario",
        "use_remote_address": true,
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "http_protocol_options": {"enable_trailers": true},
        "route_config": {
            "validate_clusters": false,
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes(&scenario.route, timeout)}],
        },
        "http_filters": filters,
    });
    json!({
        "@type": format!("{TYPES}envoy.config.listener.v3.Listener"),
        "name": name,
        "stat_prefix": name,
        "address": address(0),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        }]}],
    })
}

fn routes(route: &Route, timeout: Duration) -> Vec<Value> {
    let (kind, action) = match &route.action {
        RouteAction::NoRoute => return Vec::new(),
        RouteAction::DirectResponse { status, body } => {
            ("direct_response", json!({"status": status, "body": {"inline_bytes": STANDARD.encode(body)}}))
        }
        RouteAction::Forward | RouteAction::UnknownCluster | RouteAction::NoHealthyHost => {
            ("route", json!({"cluster": route.cluster, "timeout": format!("{}s", timeout.as_secs_f64())}))
        }
    };
    vec![json!({
        "name": route.name,
        "match": {"prefix": "/"},
        kind: action,
        "metadata": {"filter_metadata": route.metadata},
    })]
}

fn wasm(listener: &str, plugin: &Plugin) -> Value {
    let environment: BTreeMap<&str, &str> =
        plugin.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    json!({
        "name": plugin.name,
        "typed_config": {
            "@type": format!("{TYPES}envoy.extensions.filters.http.wasm.v3.Wasm"),
            "config": {
                "name": plugin.name,
                "failure_policy": match plugin.failure_policy {
                    FailurePolicy::FailClosed => "FAIL_CLOSED",
                    FailurePolicy::FailOpen => "FAIL_OPEN",
                    FailurePolicy::FailReload => "FAIL_RELOAD",
                },
                "allow_on_headers_stop_iteration": plugin.allow_on_headers_stop_iteration,
                "vm_config": {
                    "vm_id": vm_id(listener, &plugin.vm_id),
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": plugin.module}},
                    "environment_variables": {"key_values": environment},
                },
                "configuration": {
                    "@type": format!("{TYPES}google.protobuf.BytesValue"),
                    "value": STANDARD.encode(&plugin.configuration),
                },
            },
        },
    })
}

/// A plugin's `vm_id` within the process.
pub fn vm_id(listener: &str, vm_id: &str) -> String {
    if vm_id.is_empty() { listener.to_owned() } else { format!("{listener}.{vm_id}") }
}
