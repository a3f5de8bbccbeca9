//! A real Envoy, started from a bootstrap, stopped when dropped.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::bootstrap::{Bootstrap, root};

/// Compiling a module takes a fraction of a second, on a busy machine a few.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Envoy's binary, if this machine has one: `SLUICEGATE_ENVOY`, or what the toolchain script installs.
pub fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("SLUICEGATE_ENVOY").map(PathBuf::from);
    let path = named.unwrap_or_else(|| root().join("target/tools/envoy"));
    path.is_file().then_some(path)
}

/// A running Envoy.
pub struct Envoy {
    process: Child,
    folder: TempDir,
    /// The listener.
    pub address: SocketAddr,
    /// The admin interface.
    pub admin: SocketAddr,
}

impl Envoy {
    /// Starts Envoy and waits until it takes requests.
    ///
    /// # Errors
    /// The end of its log.
    pub async fn start(bootstrap: &Bootstrap) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let config = folder.path().join("bootstrap.json");
        fs::write(&config, bootstrap.value.to_string()).map_err(|error| error.to_string())?;
        let log = File::create(folder.path().join("log")).map_err(|error| error.to_string())?;
        let process = Command::new(binary().ok_or("no Envoy")?)
            .arg("--config-path")
            .arg(&config)
            .arg("--admin-address-path")
            .arg(folder.path().join("admin"))
            .args(["--disable-hot-restart", "--concurrency", "2"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| error.to_string())?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self { process, folder, address: nowhere, admin: nowhere };
        envoy.wait_until_ready().await?;
        Ok(envoy)
    }

    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        while !self.is_ready().await {
            let exited = self.process.try_wait().is_ok_and(|status| status.is_some());
            if exited || Instant::now() > deadline {
                return Err(format!("Envoy did not become ready:\n{}", self.log()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let listeners: Value = serde_json::from_str(&self.admin("/listeners?format=json").await?)
            .map_err(|error| format!("/listeners: {error}"))?;
        let address = &listeners["listener_statuses"][0]["local_address"]["socket_address"];
        let port = address["port_value"].as_u64().and_then(|port| u16::try_from(port).ok());
        self.address.set_port(port.ok_or("Envoy has no listener")?);
        Ok(())
    }

    async fn is_ready(&mut self) -> bool {
        let written = fs::read_to_string(self.folder.path().join("admin")).ok();
        let Some(admin) = written.and_then(|text| text.trim().parse().ok()) else { return false };
        self.admin = admin;
        self.admin("/ready").await.is_ok_and(|state| state.trim() == "LIVE")
    }

    /// What the admin interface answers to GET.
    ///
    /// # Errors
    /// No answer, or none of text.
    pub async fn admin(&self, path: &str) -> Result<String, String> {
        let answer = reqwest::get(format!("http://{}{path}", self.admin)).await;
        answer.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())
    }

    /// The last lines that Envoy has logged.
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
