//! Why a proxy did not start.

use std::fmt;

use crate::record::{LogLevel, LogLine};

/// Why a proxy did not start.
#[derive(Debug)]
pub struct StartError {
    /// The plugin's name.
    pub plugin: String,
    /// What went wrong.
    pub failure: StartFailure,
    /// Everything logged until then.
    pub logs: Vec<LogLine>,
}

/// What went wrong at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFailure {
    /// The module does not compile, declares no ABI version the host knows, or imports what the
    /// host does not offer.
    Load(String),
    /// `proxy_on_vm_start` returned false.
    VmStartRefused,
    /// `proxy_on_configure` returned false.
    ConfigurationRefused,
    /// A guest function trapped.
    Trap {
        /// The exported function.
        callback: &'static str,
        /// The engine's words.
        message: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin {}: ", self.plugin)?;
        match &self.failure {
            StartFailure::Load(why) => write!(f, "module not loaded: {why}")?,
            StartFailure::VmStartRefused => f.write_str("proxy_on_vm_start returned false")?,
            StartFailure::ConfigurationRefused => f.write_str("proxy_on_configure returned false")?,
            StartFailure::Trap { callback, message } => write!(f, "{callback} trapped: {message}")?,
        }
        for line in self.logs.iter().filter(|line| line.level >= LogLevel::Warn) {
            write!(f, "\n  {}: {}", line.place, String::from_utf8_lossy(&line.message))?;
        }
        Ok(())
    }
}

impl std::error::Error for StartError {}
