//! The manifests for Istio and Envoy Gateway: every field is one that their schemas have, every configuration one that
//! the module takes, and what they set of the proxy is what the bootstraps set, whose effects are tested.
//!
//! What needs a built module or the schemas' packages is ignored, with the reason, where these are not.

// Of both, the tests of `envoy/` use more.
#[allow(dead_code)]
#[path = "../bootstraps/bootstrap.rs"]
mod bootstrap;
mod chain;
#[allow(dead_code)]
#[path = "../bootstraps/envoy.rs"]
mod envoy;
mod manifest;
mod schemas;
mod settings;

use std::fs;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use test_harness::{PluginSpec, Proxy, ProxySpec};

use crate::bootstrap::root;
use crate::manifest::{Manifest, Plugin};

/// Of the length that HS256 asks for.
const SECRET: &str = "thirty-two bytes for these tests";
/// The filters from the outside in.
const ORDER: [&str; 5] = ["cors", "auth", "rate-limit", "circuit-breaker", "header-transform"];

fn main() {
    let all = Manifest::all();
    let plugins: Vec<Plugin> = all.iter().flat_map(Manifest::plugins).collect();
    let mut trials: Vec<Trial> = all.iter().filter_map(example_trial).collect();
    trials.push(ordered(&all));
    trials.extend(plugins.into_iter().map(module_trial));
    trials.extend(settings::trials(&all));
    trials.extend(schemas::trials());
    trials.extend(chain::trials(&all));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// A trial that is ignored, its kind saying why, where something that it needs is not there.
pub fn trial(
    name: String,
    missing: Option<String>,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let kind = missing.as_ref().map(|what| format!("SKIPPED, no {what}")).unwrap_or_default();
    Trial::test(name, run).with_ignored_flag(missing.is_some()).with_kind(kind)
}

/// The configuration is the one of the example that the file names.
fn example_trial(manifest: &Manifest) -> Option<Trial> {
    let plugin = manifest.plugins().into_iter().next()?;
    let example = manifest.example.clone()?;
    Some(trial(format!("{} carries {example}", manifest.file), None, move || {
        let want: Value = serde_json::from_str(&fs::read_to_string(root().join(&example))?)?;
        match plugin.config == want {
            true => Ok(()),
            false => Err(format!("{example} is\n{want:#}\nbut here is\n{:#}", plugin.config).into()),
        }
    }))
}

/// The module's configure step takes the configuration, and does not take it with a field that there is none of or
/// without the secret that it names.
fn module_trial(plugin: Plugin) -> Trial {
    let name = format!("{}: {} takes its configuration", plugin.manifest.file, plugin.manifest.name());
    let file = root().join("dist").join(format!("{}.wasm", plugin.module));
    // A module that nothing builds is no reason to skip.
    let is_ours = root().join("filters").join(&plugin.module).join("plugin").is_dir();
    let missing = (is_ours && !file.is_file()).then(|| format!("dist/{}.wasm: make build", plugin.module));
    trial(name, missing, move || {
        let wasm = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let environment: Vec<_> = plugin.from_host.iter().map(|name| (name.clone(), SECRET.into())).collect();
        configure(&plugin, &plugin.config, environment.clone(), &wasm)?;
        let mut misspelt = plugin.config.clone();
        misspelt["no_such_field"] = json!(true);
        if configure(&plugin, &misspelt, environment, &wasm).is_ok() {
            return Err("a field that does not exist was accepted".into());
        }
        if !plugin.from_host.is_empty() && configure(&plugin, &plugin.config, Vec::new(), &wasm).is_ok() {
            return Err(format!("{:?} is not needed", plugin.from_host).into());
        }
        Ok(())
    })
}

fn configure(plugin: &Plugin, config: &Value, environment: Vec<(String, String)>, wasm: &[u8]) -> Result<(), String> {
    let configuration = config.to_string().into_bytes();
    let spec = PluginSpec { configuration, environment, ..PluginSpec::new(plugin.module.as_str(), wasm) };
    let proxy = Proxy::start(ProxySpec { plugins: vec![spec], ..ProxySpec::default() });
    proxy.map(drop).map_err(|error| error.to_string())
}

/// Istio's plugins of single filters, as it runs them: phase after phase, in each those of higher priority first.
///
/// # Errors
/// A phase that this knows no place of, no priority.
fn in_order(all: &[Manifest]) -> Result<Vec<Manifest>, String> {
    let mut placed = Vec::new();
    for manifest in all.iter().filter(|manifest| manifest.kind() == "WasmPlugin") {
        let spec = &manifest.value["spec"];
        let phase = match spec["phase"].as_str() {
            Some("AUTHN") => 0,
            None => 3,
            other => return Err(format!("{}: phase {other:?}", manifest.file)),
        };
        let priority = spec["priority"].as_i64().ok_or_else(|| format!("{}: no priority", manifest.file))?;
        placed.push(((phase, -priority), manifest.clone()));
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, manifest)| manifest).filter(|it| it.plugins()[0].module != "gateway").collect())
}

/// They run in the filters' order, and none lets requests pass without it.
fn ordered(all: &[Manifest]) -> Trial {
    let order = in_order(all);
    let failing: Vec<_> = all.iter().filter(|it| it.kind() == "WasmPlugin").cloned().collect();
    trial("Istio's plugins run in the filters' order".into(), None, move || {
        let order: Vec<String> = order?.iter().map(|manifest| manifest.plugins().remove(0).module).collect();
        if order != ORDER {
            return Err(format!("{order:?}").into());
        }
        match failing.iter().find(|manifest| manifest.value["spec"]["failStrategy"] != "FAIL_RELOAD") {
            None => Ok(()),
            Some(manifest) => Err(format!("{}: another failStrategy", manifest.file).into()),
        }
    })
}
