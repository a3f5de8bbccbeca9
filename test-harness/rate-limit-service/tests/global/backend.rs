//! Redis, and the rate limit service in front of it.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::process::{Process, Says};

/// Where the service listens at first: not on 127.0.0.1, from where connections take their ports, so that its port is
/// still free when it comes back.
const ADDRESS: &str = "127.0.0.2:0";

/// A Redis of its own, on a socket in its folder.
pub struct Redis {
    _process: Process,
    folder: TempDir,
}

impl Redis {
    /// Is there one?
    pub fn installed() -> bool {
        let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    }

    pub fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("sluicegate-redis-").tempdir()?;
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(folder.path()).arg("--unixsocket").arg(socket(folder.path()));
        let ready = |line: &str| line.contains("eady to accept connections at").then_some(());
        let (process, ()) = Process::start(&mut command, Says::Stdout, ready)?;
        Ok(Self { _process: process, folder })
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

/// The rate limit service.
pub struct Service {
    process: Process,
    limits: PathBuf,
    redis: String,
    /// Where it listens, or listened when it was alive.
    pub address: SocketAddr,
}

impl Service {
    /// With limits in the format of envoyproxy/ratelimit, and a clock that stands still.
    pub fn start(redis: &Redis, limits: &str, now: u64) -> io::Result<Self> {
        let file = redis.folder.path().join("limits.yaml");
        fs::write(&file, limits)?;
        let redis = format!("unix://{}", socket(redis.folder.path()).display());
        let (process, address) = launch(ADDRESS, &redis, &file, now)?;
        Ok(Self { process, limits: file, redis, address })
    }

    /// Kills it.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    /// Starts it again where it was.
    pub fn restart(&mut self, now: u64) -> io::Result<()> {
        self.kill()?;
        (self.process, _) = launch(&self.address.to_string(), &self.redis, &self.limits, now)?;
        Ok(())
    }
}

fn launch(listen: &str, redis: &str, limits: &Path, now: u64) -> io::Result<(Process, SocketAddr)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rate-limit-service"));
    command.args(["--listen", listen, "--redis", redis, "--now", &now.to_string(), "--limits"]).arg(limits);
    Process::start(&mut command, Says::Stdout, |line| line.parse().ok())
}
