//! One Envoy process: its files, its clock, its upstreams, its end.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use super::TIME_LIMIT;
use super::admin::Admin;
use super::bootstrap::{ClusterAddress, bootstrap, discovery};
use super::clock::Clock;
use super::install::Install;
use super::log::{Entry, FORMAT, Log, MARK_PATH};
use super::pace::Pace;
use super::upstream::Upstream;

/// A running Envoy; killed when dropped, or with this program.
pub struct Process {
    child: Child,
    guard: Child,
    folder: TempDir,
    listeners: Vec<Value>,
    versions: usize,
    clock: Option<Arc<Mutex<Clock>>>,
    /// When its servers answer.
    pub pace: Arc<Pace>,
    /// What it logs.
    pub log: Log,
    /// Its admin interface.
    pub admin: Admin,
    /// The servers behind its clusters, by cluster.
    pub upstreams: BTreeMap<String, Upstream>,
}

/// What is behind a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// False: no host.
    pub healthy: bool,
    /// A server of gRPC, false: of HTTP/1.1.
    pub grpc: bool,
}

/// A listener was not accepted, with what Envoy's Wasm runtime said.
pub struct Rejected(pub Vec<Entry>);

impl Process {
    /// Starts Envoy with these clusters, and a server for each.
    pub fn start(install: &Install, workers: u32, clusters: &BTreeMap<String, Kind>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("sluicegate-envoy-").tempdir()?;
        let clock = match &install.clock {
            Some(_) => Some(Arc::new(Mutex::new(Clock::new(&folder.path().join("clock"))?))),
            None => None,
        };
        let pace = Arc::new(Pace::default());
        let mut upstreams = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for (name, kind) in clusters {
            let upstream = Upstream::start(name, kind.grpc, clock.clone(), Arc::clone(&pace))?;
            let port = kind.healthy.then(|| upstream.port());
            addresses.insert(name.clone(), ClusterAddress { port, grpc: kind.grpc });
            upstreams.insert(name.clone(), upstream);
        }
        publish(folder.path(), &discovery(0, &[]))?;
        let config = bootstrap(&addresses, &folder.path().join("listeners.json"));
        std::fs::write(folder.path().join("bootstrap.json"), config.to_string())?;
        let mut child = spawn(install, workers, folder.path())?;
        let guard = guard(&child);
        let log = match child.stderr.take() {
            Some(stderr) => Log::follow(stderr),
            None => Log::default(),
        };
        let admin = Admin(SocketAddr::from(([127, 0, 0, 1], 0)));
        let guard = guard.inspect_err(|_| drop(child.kill()))?;
        let mut process =
            Process { child, guard, folder, listeners: Vec::new(), versions: 0, clock, pace, log, admin, upstreams };
        process.await_start()?;
        Ok(process)
    }

    fn await_start(&mut self) -> io::Result<()> {
        let started = |entry: &Entry| entry.message.starts_with("starting main dispatch loop").then_some(());
        if self.log.wait_for(0, TIME_LIMIT, started).is_none() {
            return Err(io::Error::other(format!("Envoy did not start:\n{}", self.log.tail())));
        }
        let address = std::fs::read_to_string(self.folder.path().join("admin"))?;
        self.admin = Admin(address.trim().parse().map_err(io::Error::other)?);
        Ok(())
    }

    /// Its number among the system's processes.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many listeners it has.
    pub fn listeners(&self) -> usize {
        self.listeners.len()
    }

    /// Adds a listener and answers with its port.
    pub fn listen(&mut self, name: &str, listener: Value) -> io::Result<Result<u16, Rejected>> {
        let start = self.log.len();
        self.listeners.push(listener);
        self.versions += 1;
        publish(self.folder.path(), &discovery(self.versions, &self.listeners))?;
        let quoted = format!("'{name}'");
        let decided = |entry: &Entry| {
            let about = entry.message.starts_with("lds: ") && entry.message.contains(&quoted);
            about.then(|| entry.message.contains("add/update listener"))
        };
        match self.log.wait_for(start, TIME_LIMIT, decided) {
            Some(true) => self.admin.port(name).map(Ok),
            Some(false) => {
                self.listeners.pop();
                Ok(Err(Rejected(self.log.since(start))))
            }
            None => Err(io::Error::other(format!("the listener did not come up:\n{}", self.log.tail()))),
        }
    }

    /// Waits until all that Envoy has logged so far is in `log`, which a thread reads from a pipe: Envoy's threads
    /// write there one after the other, so it stands before a line that is written now.
    pub fn catch_up(&self) -> io::Result<()> {
        let start = self.log.len();
        self.admin.post(MARK_PATH)?;
        let mark = |entry: &Entry| entry.is_mark().then_some(());
        let marked = self.log.wait_for(start, TIME_LIMIT, mark);
        marked.ok_or_else(|| io::Error::other(format!("Envoy does not log any more:\n{}", self.log.tail())))
    }

    /// Its wall clock, where it can be moved.
    pub fn clock(&self) -> Option<MutexGuard<'_, Clock>> {
        self.clock.as_ref().map(|clock| clock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("Envoy ended: {status}\n{}", self.log.tail()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // First the guard: it must not kill a process that has got Envoy's number since.
        drop(self.guard.kill());
        drop(self.guard.wait());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(install: &Install, workers: u32, folder: &Path) -> io::Result<Child> {
    let mut command = Command::new(&install.envoy);
    command
        .arg("--config-path")
        .arg(folder.join("bootstrap.json"))
        .arg("--admin-address-path")
        .arg(folder.join("admin"))
        .args(["--concurrency", &workers.to_string()])
        .args(["--log-level", "info", "--log-format", FORMAT])
        .arg("--disable-hot-restart")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(library) = &install.clock {
        command.env("LD_PRELOAD", library).env("SLUICEGATE_WALLCLOCK", folder.join("clock"));
    }
    command.spawn()
}

/// A process that outlives this program, should it be killed, just long enough to end Envoy: it
/// waits for the end of a pipe that only this program holds.
fn guard(envoy: &Child) -> io::Result<Child> {
    let script = format!("read -r _; kill -9 {}", envoy.id());
    Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn()
}

/// Envoy watches the folder for files moved in.
fn publish(folder: &Path, listeners: &Value) -> io::Result<()> {
    let fresh = folder.join("listeners.new");
    std::fs::write(&fresh, listeners.to_string())?;
    std::fs::rename(fresh, folder.join("listeners.json"))
}
