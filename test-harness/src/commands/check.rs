//! `check`: whether the configurations in files hold, before they are deployed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use test_harness::check::{Options, Severity, check};

/// Whether what files say would be accepted, and is safe.
#[derive(Args)]
pub struct Check {
    /// A plugin's configuration, an Envoy bootstrap, an Istio WasmPlugin or an Envoy Gateway EnvoyExtensionPolicy.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The module of a plugin's configuration by its name in the folder of modules: cors.
    #[arg(long, value_name = "NAME", conflicts_with = "wasm")]
    plugin: Option<String>,
    /// The module of a plugin's configuration, and of plugins whose own is not there.
    #[arg(long, value_name = "FILE")]
    wasm: Option<PathBuf>,
    /// Where modules are looked for by name.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    modules: PathBuf,
    /// A variable of the proxy's environment; others are those of this command.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Fail on warnings, too.
    #[arg(long)]
    deny_warnings: bool,
}

/// Reads `NAME=VALUE`.
pub fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Check {
    /// Prints what is found: 0 nothing wrong, 1 something wrong, 2 a file that cannot be checked.
    pub fn run(self) -> ExitCode {
        let named = self.plugin.map(|name| self.modules.join(name).with_extension("wasm"));
        let options = Options { wasm: self.wasm.or(named), modules: self.modules, environment: environment(self.env) };
        let (mut plugins, mut modules) = (0, BTreeSet::new());
        let (mut errors, mut warnings, mut unchecked) = (0, 0, 0);
        for file in &self.files {
            match check(file, &options) {
                Ok(checked) => {
                    plugins += checked.modules.len();
                    modules.extend(checked.modules.iter().map(|module| module.display().to_string()));
                    checked.findings.iter().for_each(|finding| println!("{finding}"));
                    let count = |severity| checked.findings.iter().filter(|f| f.severity == severity).count();
                    errors += count(Severity::Error);
                    warnings += count(Severity::Warning);
                }
                Err(problem) => {
                    eprintln!("error: {problem}");
                    unchecked += 1;
                }
            }
        }
        let modules: Vec<String> = modules.into_iter().collect();
        let by = if plugins == 0 { String::new() } else { format!(" with {}", modules.join(", ")) };
        let not = if unchecked == 0 { String::new() } else { format!(", {unchecked} file(s) not checked") };
        println!("{plugins} plugin configuration(s) tried{by}: {errors} error(s), {warnings} warning(s){not}");
        match (unchecked > 0, errors > 0 || (warnings > 0 && self.deny_warnings)) {
            (true, _) => ExitCode::from(2),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

/// What is given stands before what this command's own environment says.
pub fn environment(mut given: Vec<(String, String)>) -> Vec<(String, String)> {
    let own =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let own: Vec<_> = own.filter(|(name, _)| given.iter().all(|(known, _)| known != name)).collect();
    given.extend(own);
    given
}
