//! Every bootstrap of `envoy/`: it says what its example says, and a real Envoy that starts from it
//! does what its settings are there for. Then the demo, which starts the gateway's, and the filter of the first page.
//!
//! What needs Envoy is ignored, with the reason, where there is none or where a module is not built.
//! `SLUICEGATE_ENVOY` names another binary than `target/tools/envoy`, `SLUICEGATE_DIST` another folder
//! of modules than `dist`.

mod bootstrap;
mod checks;
mod envoy;
mod readme;

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;

use crate::bootstrap::{Bootstrap, root};

fn main() {
    let all = Bootstrap::all();
    let of = |name: &str| all.iter().find(|bootstrap| bootstrap.name == name);
    let more = of("gateway").map(demo_trial).into_iter().chain(of("cors").map(readme_trial));
    let trials = all.iter().flat_map(trials_of).chain(more).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trials_of(bootstrap: &Bootstrap) -> [Trial; 3] {
    let name = &bootstrap.name;
    let [config, settings, live] = [bootstrap.clone(), bootstrap.clone(), bootstrap.clone()];
    [
        Trial::test(format!("{name} carries its example's configuration"), move || same_config(&config)),
        Trial::test(format!("{name} has the recommended settings"), move || recommended(&settings)),
        in_envoy(bootstrap, format!("{name} in Envoy"), move || checks::all_in_envoy(live)),
    ]
}

fn demo_trial(gateway: &Bootstrap) -> Trial {
    let module = module(gateway);
    in_envoy(gateway, "the demo's tour".into(), move || demo(&module))
}

fn readme_trial(cors: &Bootstrap) -> Trial {
    let bootstrap = cors.clone();
    in_envoy(cors, "the README's filter in Envoy".into(), move || readme::in_envoy(bootstrap))
}

/// A trial that is ignored, its kind saying why, where the bootstrap cannot be started.
fn in_envoy(bootstrap: &Bootstrap, name: String, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    let unavailable = unavailable(bootstrap);
    Trial::test(name, run).with_ignored_flag(unavailable.is_some()).with_kind(unavailable.unwrap_or_default())
}

/// Why this bootstrap cannot be started here.
fn unavailable(bootstrap: &Bootstrap) -> Option<String> {
    if envoy::binary().is_none() {
        return Some("SKIPPED, no Envoy: scripts/toolchain envoy".into());
    }
    let module = module(bootstrap);
    (!module.is_file()).then(|| format!("SKIPPED, no {}: make build", bootstrap.module()))
}

/// The built module that the bootstrap names.
fn module(bootstrap: &Bootstrap) -> PathBuf {
    match std::env::var_os("SLUICEGATE_DIST") {
        Some(folder) => PathBuf::from(folder).join(format!("{}.wasm", bootstrap.name)),
        None => root().join(bootstrap.module()),
    }
}

fn same_config(bootstrap: &Bootstrap) -> Result<(), Failed> {
    let (carried, example) = (bootstrap.config(), bootstrap.example_config());
    match carried == example {
        true => Ok(()),
        false => Err(format!("{} is\n{example:#}\nbut here is\n{carried:#}", bootstrap.example).into()),
    }
}

/// What a request cannot show, or only once something has gone wrong.
fn recommended(bootstrap: &Bootstrap) -> Result<(), Failed> {
    let name = &bootstrap.name;
    let admin = &bootstrap.value["admin"]["address"]["socket_address"]["address"];
    let (manager, plugin) = (bootstrap.connection_manager(), bootstrap.plugin());
    let protocol = &manager["common_http_protocol_options"];
    let cases = [
        ("admin address", admin, json!("127.0.0.1")),
        ("use_remote_address", &manager["use_remote_address"], json!(true)),
        ("normalize_path", &manager["normalize_path"], json!(true)),
        ("merge_slashes", &manager["merge_slashes"], json!(true)),
        ("%2F", &manager["path_with_escaped_slashes_action"], json!("REJECT_REQUEST")),
        ("max_request_headers_kb", &manager["max_request_headers_kb"], json!(60)),
        ("max_headers_count", &protocol["max_headers_count"], json!(100)),
        ("underscores", &protocol["headers_with_underscores_action"], json!("REJECT_REQUEST")),
        ("failure_policy", &plugin["failure_policy"], json!("FAIL_RELOAD")),
        ("vm_id", &plugin["vm_config"]["vm_id"], json!("sluicegate")),
        ("runtime", &plugin["vm_config"]["runtime"], json!("envoy.wasm.runtime.v8")),
        ("module", &plugin["vm_config"]["code"]["local"]["filename"], json!(format!("dist/{name}.wasm"))),
    ];
    let wrong: Vec<String> = cases
        .into_iter()
        .filter(|(_, found, want)| *found != want)
        .map(|(setting, found, want)| format!("{setting}: expected {want}, found {found}"))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The demo checks its own answers and says what was wrong.
fn demo(module: &Path) -> Result<(), Failed> {
    let output = Command::new(root().join("scripts/demo"))
        .arg("--module")
        .arg(module)
        .arg("--envoy")
        .arg(envoy::binary().ok_or("no Envoy")?)
        .env("ONCE", "1")
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned().into()),
    }
}
