//! An Envoy whose requests are limited by the service.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Process, Says};

const TYPES: &str = "type.googleapis.com/envoy";

/// Envoy's binary: `SLUICEGATE_ENVOY`, or what the toolchain script installs.
///
/// # Errors
/// There is none, and how to get it.
pub fn binary() -> Result<PathBuf, String> {
    let installed = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/envoy");
    let path = std::env::var_os("SLUICEGATE_ENVOY").map_or_else(installed, PathBuf::from);
    match path.is_file() {
        true => Ok(path),
        false => Err("SKIPPED, no Envoy: run `scripts/toolchain envoy`, or set SLUICEGATE_ENVOY".into()),
    }
}

/// A running Envoy.
pub struct Edge {
    process: Process,
    _folder: TempDir,
    /// Where it takes requests.
    pub address: SocketAddr,
}

impl Edge {
    /// Starts Envoy from a bootstrap, made for a folder of its own.
    pub async fn start(envoy: &Path, bootstrap: impl FnOnce(&Path) -> Value) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("sluicegate-edge-").tempdir()?;
        std::fs::write(folder.path().join("bootstrap.json"), bootstrap(folder.path()).to_string())?;
        let mut command = Command::new(envoy);
        command
            .arg("--config-path")
            .arg(folder.path().join("bootstrap.json"))
            .arg("--admin-address-path")
            .arg(folder.path().join("admin"))
            .args(["--disable-hot-restart", "--concurrency", "2", "--log-level", "info"]);
        let ready = |line: &str| line.contains("starting workers").then_some(());
        let (process, ()) = Process::start(&mut command, Says::Stderr, ready)?;
        let admin = std::fs::read_to_string(folder.path().join("admin"))?;
        let address = listener(admin.trim()).await.map_err(io::Error::other)?;
        Ok(Self { process, _folder: folder, address })
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.written()
    }
}

/// The address that the listener `edge` was given.
async fn listener(admin: &str) -> Result<SocketAddr, String> {
    let answer = reqwest::get(format!("http://{admin}/listeners?format=text")).await;
    let text = answer.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())?;
    let address = text.lines().find_map(|line| line.strip_prefix("edge::")?.trim().parse().ok());
    address.ok_or_else(|| format!("no listener `edge`: {text}"))
}

/// A bootstrap with this HTTP filter and a cluster `ratelimit`, the service. What passes gets a 200.
pub fn bootstrap(filter: &Value, service: SocketAddr, folder: &Path) -> Value {
    let socket = |ip: String, port: u16| json!({"socket_address": {"address": ip, "port_value": port}});
    let local = || socket("127.0.0.1".into(), 0);
    let pipe = json!({"pipe": {"path": folder.join("upstream")}});
    // The filter of Envoy itself takes its descriptors, and what a request costs, from the route.
    let by_consumer = json!({"request_headers": {"header_name": "x-consumer", "descriptor_key": "consumer"}});
    let route = |path: &str, cost: u32| {
        let limit = json!({"actions": [by_consumer], "hits_addend": {"number": cost}});
        let own = json!({"@type": format!("{TYPES}.extensions.filters.http.ratelimit.v3.RateLimitPerRoute"), "rate_limits": [limit]});
        json!({"match": {"prefix": path}, "route": {"cluster": "upstream"}, "typed_per_filter_config": {"limit": own}})
    };
    let listener = |name: &str, address: Value, filters: &[&Value], routes: Value| {
        let router = json!({
            "name": "router",
            "typed_config": {"@type": format!("{TYPES}.extensions.filters.http.router.v3.Router")},
        });
        let filters: Vec<&Value> = filters.iter().copied().chain([&router]).collect();
        let manager = json!({
            "@type": format!("{TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": name,
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            "http_filters": filters,
        });
        json!({
            "name": name,
            "address": address,
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
        })
    };
    let answer = json!([{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]);
    let cluster = |name: &str, address: Value| {
        let endpoints = json!([{"lb_endpoints": [{"endpoint": {"address": address}}]}]);
        json!({"name": name, "load_assignment": {"cluster_name": name, "endpoints": endpoints}})
    };
    let mut ratelimit = cluster("ratelimit", socket(service.ip().to_string(), service.port()));
    let options = format!("{TYPES}.extensions.upstreams.http.v3.HttpProtocolOptions");
    ratelimit["typed_extension_protocol_options"] = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": options,
            "explicit_http_config": {"http2_protocol_options": {}},
        },
    });
    json!({
        "admin": {"address": local()},
        "static_resources": {
            "listeners": [
                listener("edge", local(), &[filter], json!([route("/dear", 5), route("/", 1)])),
                listener("upstream", pipe.clone(), &[], answer),
            ],
            "clusters": [ratelimit, cluster("upstream", pipe)],
        },
    })
}
