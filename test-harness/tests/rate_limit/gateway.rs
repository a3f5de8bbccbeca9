//! Envoy with two workers, the rate-limit filter, and a wall clock that can be moved.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use test_harness::backend::envoy::{Clock, Install as Envoy, Process, Rejected};
use test_harness::scenario::Jump;

use crate::client::Client;

/// When every test begins: 2030-01-01T00:10:00Z, far from the next boundary of an hour.
const BEGIN: Duration = Duration::from_secs(1_893_456_600);

const WORKERS: u32 = 2;

const TYPES: &str = "type.googleapis.com/envoy";

/// What the tests need.
#[derive(Clone)]
pub struct Install {
    envoy: Envoy,
    module: PathBuf,
}

impl Install {
    /// # Errors
    /// What is missing, and how to get it.
    pub fn find() -> Result<Self, String> {
        let envoy = Envoy::find()?;
        if envoy.clock.is_none() {
            return Err(Envoy::NO_CLOCK.to_owned());
        }
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/rate-limit.wasm");
        let module = module.canonicalize().map_err(|_| "no dist/rate-limit.wasm: make build".to_owned())?;
        Ok(Self { envoy, module })
    }
}

/// A running gateway; ends when dropped.
pub struct Gateway {
    process: Process,
    port: u16,
}

/// What a process takes, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// What it uses, as it says itself.
    pub allocated: u64,
    /// What it has reserved, as it says itself.
    pub heap: u64,
    /// What the system says.
    pub resident: u64,
}

impl Gateway {
    /// Starts Envoy with the filter, and its clock at [`BEGIN`].
    pub fn start(install: &Install, config: &Value) -> io::Result<Self> {
        let mut process = Process::start(&install.envoy, WORKERS, &BTreeMap::new())?;
        let port = match process.listen("gateway", listener(&install.module, config))? {
            Ok(port) => port,
            Err(Rejected(entries)) => return Err(io::Error::other(format!("the config is refused: {entries:?}"))),
        };
        let gateway = Self { process, port };
        let nanos = u64::try_from(BEGIN.as_nanos()).map_err(io::Error::other)?;
        gateway.clock(|clock| clock.set(Some(nanos)))?;
        Ok(gateway)
    }

    fn clock<T>(&self, with: impl FnOnce(&mut Clock) -> io::Result<T>) -> io::Result<T> {
        with(&mut *self.process.clock().ok_or(io::ErrorKind::Unsupported)?)
    }

    /// What Envoy's clock says, or a moment more.
    pub fn now(&self) -> io::Result<Duration> {
        self.clock(|clock| Ok(clock.now()))
    }

    /// Lets Envoy's clock jump.
    pub fn jump(&self, jump: Jump) -> io::Result<()> {
        self.clock(|clock| clock.jump(jump))
    }

    /// New connections. They go to the workers by turns.
    pub fn connect(&self, connections: usize) -> io::Result<Vec<Client>> {
        (0..connections).map(|_| Client::connect(self.port)).collect()
    }

    /// What Envoy takes now.
    pub fn memory(&self) -> io::Result<Memory> {
        let said: Value = serde_json::from_str(&self.process.admin.get("/memory")?)?;
        let number = |name: &str| said[name].as_str()?.parse().ok();
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        let resident = resident.and_then(|kilobytes| kilobytes.parse::<u64>().ok()).map(|kilobytes| kilobytes * 1024);
        match (number("allocated"), number("heap_size"), resident) {
            (Some(allocated), Some(heap), Some(resident)) => Ok(Memory { allocated, heap, resident }),
            _ => Err(io::Error::other(format!("{said}\n{status}"))),
        }
    }

    /// # Errors
    /// A worker has had no connection, or the filter complained.
    pub fn check(&self) -> io::Result<()> {
        let connections = self.process.admin.stats("Counters", "^listener.gateway.worker_.*downstream_cx_total$")?;
        if connections.len() != 2 || connections.values().any(|connections| *connections == 0) {
            return Err(io::Error::other(format!("both workers are to have connections: {connections:?}")));
        }
        self.process.catch_up()?;
        let entries = self.process.log.since(0);
        match entries.iter().find(|entry| entry.component == "wasm" && entry.level != "info") {
            Some(complaint) => Err(io::Error::other(format!("the filter complains: {complaint:?}"))),
            None => Ok(()),
        }
    }
}

fn listener(module: &Path, config: &Value) -> Value {
    let wasm = json!({
        "@type": format!("{TYPES}.extensions.filters.http.wasm.v3.Wasm"),
        "config": {
            "failure_policy": "FAIL_RELOAD",
            "vm_config": {
                "vm_id": "sluicegate",
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": config.to_string(),
            },
        },
    });
    let router = json!({"@type": format!("{TYPES}.extensions.filters.http.router.v3.Router")});
    let answer = json!({"match": {"prefix": "/"}, "direct_response": {"status": 200}});
    let manager = json!({
        "@type": format!("{TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        "use_remote_address": true,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [answer]}]},
        "http_filters": [{"name": "rate_limit", "typed_config": wasm}, {"name": "router", "typed_config": router}],
    });
    json!({
        "@type": format!("{TYPES}.config.listener.v3.Listener"),
        "name": "gateway",
        "stat_prefix": "gateway",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    })
}
