//! Where Envoy and its clock library are.

use std::path::{Path, PathBuf};

/// A usable Envoy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The binary.
    pub envoy: PathBuf,
    /// The preload library that moves its wall clock, where there is one.
    pub clock: Option<PathBuf>,
}

impl Install {
    /// Looks for `SLUICEGATE_ENVOY`, then for `target/tools/envoy` in the workspace.
    ///
    /// # Errors
    /// Why there is none, and how to get it.
    pub fn find() -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("Envoy is run on Linux only".to_owned());
        }
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
        let envoy = std::env::var_os("SLUICEGATE_ENVOY").map_or_else(|| tools.join("envoy"), PathBuf::from);
        if !envoy.is_file() {
            let path = envoy.display();
            return Err(format!("no Envoy at {path}: run `scripts/toolchain envoy`, or set SLUICEGATE_ENVOY"));
        }
        let clock = tools.join("libwallclock.so").canonicalize().ok();
        Ok(Install { envoy, clock })
    }

    /// Why the wall clock cannot be moved.
    pub const NO_CLOCK: &str = "the wall clock of Envoy cannot be moved: run `scripts/toolchain clock`";
}
