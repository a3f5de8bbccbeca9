//! Envoy with two workers, the auth filter, and a wall clock that can be moved.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_harness::backend::envoy::Install as Envoy;

use crate::client::Client;
use crate::mint::SECRET;

/// Compiling the module takes a fraction of a second, on a busy machine many.
const READY_WITHIN: Duration = Duration::from_secs(120);

const TYPES: &str = "type.googleapis.com/envoy";

/// What the tests need.
#[derive(Clone)]
pub struct Install {
    envoy: PathBuf,
    library: PathBuf,
    module: PathBuf,
}

impl Install {
    /// # Errors
    /// What is missing, and how to get it.
    pub fn find() -> Result<Self, String> {
        let envoy = Envoy::find()?;
        let library = envoy.clock.ok_or_else(|| Envoy::NO_CLOCK.to_owned())?;
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/auth.wasm");
        let module = module.canonicalize().map_err(|_| "no dist/auth.wasm: make build".to_owned())?;
        Ok(Self { envoy: envoy.envoy, library, module })
    }
}

/// Envoy's wall clock: the real one and an offset.
#[derive(Clone)]
pub struct Clock {
    file: PathBuf,
    offset: Arc<Mutex<Duration>>,
}

impl Clock {
    fn new(file: PathBuf) -> io::Result<Self> {
        fs::write(&file, 0_i64.to_ne_bytes())?;
        Ok(Self { file, offset: Arc::default() })
    }

    /// What Envoy has not yet reached, or reaches now: never less than what it has read before.
    pub fn now(&self) -> Duration {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        real + *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it forward.
    pub fn jump(&self, by: Duration) -> io::Result<()> {
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        *offset += by;
        let nanos = i64::try_from(offset.as_nanos()).map_err(io::Error::other)?;
        OpenOptions::new().write(true).open(&self.file)?.write_all(&nanos.to_ne_bytes())
    }
}

/// A running gateway; ends when dropped.
pub struct Gateway {
    process: Child,
    folder: TempDir,
    admin: u16,
    /// Where it takes requests. Connections go to its workers by turns.
    pub port: u16,
}

/// A folder for a gateway, and its clock.
pub fn prepare() -> io::Result<(TempDir, Clock)> {
    let folder = tempfile::Builder::new().prefix("sluicegate-auth-").tempdir()?;
    let clock = Clock::new(folder.path().join("clock"))?;
    Ok((folder, clock))
}

impl Gateway {
    /// Starts Envoy in that folder. Its issuers: `own`, and `idp` with keys as `remote` says, behind that port.
    pub fn start(install: &Install, folder: TempDir, issuer: u16, remote: &Value) -> io::Result<Self> {
        let config = bootstrap(&install.module, issuer, remote);
        fs::write(folder.path().join("bootstrap.json"), config.to_string())?;
        let process = Command::new(&install.envoy)
            .arg("--config-path")
            .arg(folder.path().join("bootstrap.json"))
            .arg("--admin-address-path")
            .arg(folder.path().join("admin"))
            .args(["--disable-hot-restart", "--concurrency", "2", "--log-level", "warn"])
            .env("LD_PRELOAD", &install.library)
            .env("SLUICEGATE_WALLCLOCK", folder.path().join("clock"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log"))?)
            .spawn()?;
        let mut gateway = Self { process, folder, admin: 0, port: 0 };
        let deadline = Instant::now() + READY_WITHIN;
        while !gateway.is_ready() {
            if Instant::now() > deadline || gateway.process.try_wait()?.is_some() {
                return Err(io::Error::other(format!("Envoy did not become ready:\n{}", gateway.log())));
            }
            std::thread::yield_now();
        }
        Ok(gateway)
    }

    fn is_ready(&mut self) -> bool {
        let written = fs::read_to_string(self.folder.path().join("admin")).unwrap_or_default();
        let Some(admin) = written.trim().rsplit(':').next().and_then(|port| port.parse().ok()) else { return false };
        self.admin = admin;
        let live = self.ask("/ready").is_ok_and(|state| state.contains("LIVE"));
        let listeners = self.ask("/listeners?format=text").unwrap_or_default();
        let port = listeners.lines().find_map(|line| line.strip_prefix("gateway::127.0.0.1:")?.trim().parse().ok());
        self.port = port.unwrap_or_default();
        live && self.port != 0
    }

    /// What the admin interface answers, in chunks as they come.
    fn ask(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.admin))?;
        stream.set_read_timeout(Some(READY_WITHIN))?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes())?;
        let mut answer = String::new();
        for line in BufReader::new(stream).lines() {
            match line? {
                last if last == "0" => break,
                line => answer += &(line + "\n"),
            }
        }
        Ok(answer)
    }

    /// How many requests came, and how many of them are under way.
    pub fn requests(&self) -> io::Result<[usize; 2]> {
        let text = self.ask("/stats?filter=^http.gateway.downstream_rq_(total|active)$")?;
        let value = |name: &str| {
            let name = format!("http.gateway.downstream_rq_{name}: ");
            text.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse().ok())
        };
        value("total").zip(value("active")).map(Into::into).ok_or_else(|| io::Error::other(text.clone()))
    }

    /// A new connection.
    pub fn connect(&self) -> io::Result<Client> {
        Client::connect(self.port)
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The filter's configuration.
fn config(remote: &Value) -> Value {
    let idp = json!({"name": "idp", "issuer": "idp", "algorithms": ["ES256"], "keys": {"remote": remote}});
    let secret = json!({"secret": {"value": SECRET}});
    let own = json!({"name": "own", "issuer": "own", "algorithms": ["HS256"], "keys": secret});
    json!({
        "authenticators": {"users": {"type": "jwt", "issuers": [idp, own]}},
        "revocation": {"logout_path": "/auth/logout"},
    })
}

fn bootstrap(module: &Path, issuer: u16, remote: &Value) -> Value {
    let address = |port: u16| json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let wasm = json!({
        "@type": format!("{TYPES}.extensions.filters.http.wasm.v3.Wasm"),
        "config": {
            "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}},
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": config(remote).to_string(),
            },
        },
    });
    let router = json!({"@type": format!("{TYPES}.extensions.filters.http.router.v3.Router")});
    let answer = json!({"match": {"prefix": "/"}, "direct_response": {"status": 200}});
    let manager = json!({
        "@type": format!("{TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [answer]}]},
        "http_filters": [{"name": "auth", "typed_config": wasm}, {"name": "router", "typed_config": router}],
    });
    json!({
        "admin": {"address": address(0)},
        "static_resources": {
            "listeners": [{
                "name": "gateway",
                "address": address(0),
                "connection_balance_config": {"exact_balance": {}},
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
            "clusters": [{
                "name": "idp",
                "connect_timeout": "1s",
                "load_assignment": {
                    "cluster_name": "idp",
                    "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(issuer)}}]}],
                },
            }],
        },
    })
}
