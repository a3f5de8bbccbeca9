//! The layers of the workspace, read from `cargo metadata`:
//! `plugin -> host -> common <- filters <- gateway`, and `common -> config-derive`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a crate is decides what it may depend on.
#[derive(Clone, Copy, PartialEq)]
enum Layer {
    /// Runs in the compiler: what it writes is code of the crates that use it, by way of common.
    Derive,
    Common,
    Host,
    Filter,
    Gateway,
    Plugin,
    Harness,
    Probe,
    /// A server that tests start. It depends on no crate of the workspace, and none on it.
    TestServer,
    Example,
}

fn layer_of(folder: &str) -> Option<Layer> {
    Some(match *folder.split('/').collect::<Vec<_>>() {
        ["filters", "config-derive"] => Layer::Derive,
        ["filters", "common"] => Layer::Common,
        ["filters", "host"] => Layer::Host,
        ["filters", "gateway"] => Layer::Gateway,
        ["filters", _] => Layer::Filter,
        ["filters", _, "plugin"] => Layer::Plugin,
        ["test-harness"] => Layer::Harness,
        ["test-harness", "probe"] => Layer::Probe,
        ["test-harness", "rate-limit-service"] => Layer::TestServer,
        ["examples", _] => Layer::Example,
        _ => return None,
    })
}

/// May a crate in `from` depend on the workspace's crate in `to`?
fn allowed(from: &str, to: &str) -> bool {
    match (layer_of(from), layer_of(to)) {
        (Some(Layer::Plugin), Some(Layer::Host)) => true,
        (Some(Layer::Plugin), _) => from == format!("{to}/plugin"),
        (Some(Layer::Common), Some(Layer::Derive)) => true,
        (Some(Layer::Host | Layer::Filter), Some(Layer::Common)) => true,
        (Some(Layer::Gateway), Some(Layer::Common | Layer::Filter)) => true,
        (Some(Layer::Example), Some(Layer::Common | Layer::Host)) => true,
        (Some(Layer::Harness), Some(Layer::Example)) => true,
        _ => false,
    }
}

/// The same for a crate from a registry.
fn allowed_external(from: &str, name: &str) -> bool {
    match layer_of(from) {
        Some(Layer::Plugin) => false,
        _ => name != "proxy-wasm",
    }
}

/// (folder of the crate, its dependencies as (name, folder of a path dependency)).
type Package = (String, Vec<(String, Option<String>)>);

fn workspace() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let root = metadata["workspace_root"].as_str().expect("workspace_root");
    let inside = |path: &str| {
        let folder = Path::new(path).strip_prefix(root).expect("a path inside the workspace");
        folder.to_str().expect("UTF-8").replace('\\', "/")
    };
    let dependency = |dependency: &Value| {
        let name = dependency["name"].as_str().expect("a name").to_owned();
        (name, dependency["path"].as_str().map(inside))
    };
    let package = |package: &Value| {
        let manifest = inside(package["manifest_path"].as_str().expect("manifest_path"));
        let folder = manifest.trim_end_matches("/Cargo.toml").to_owned();
        (folder, package["dependencies"].as_array().expect("dependencies").iter().map(dependency).collect())
    };
    metadata["packages"].as_array().expect("packages").iter().map(package).collect()
}

#[test]
fn every_dependency_keeps_to_the_layers() {
    let packages = workspace();
    let mut wrong = BTreeSet::new();
    for (from, dependencies) in &packages {
        assert!(layer_of(from).is_some(), "{from}: a crate in no layer; name its layer in this test");
        for (name, folder) in dependencies {
            let fine = match folder {
                Some(to) => allowed(from, to),
                None => allowed_external(from, name),
            };
            if !fine {
                wrong.insert(format!("{from} -> {}", folder.as_ref().unwrap_or(name)));
            }
        }
    }
    assert!(wrong.is_empty(), "dependencies against the layers (ARCHITECTURE.md): {wrong:#?}");
}

#[test]
fn a_wrong_edge_is_seen() {
    for (from, to) in [
        ("filters/cors", "filters/auth"),
        ("filters/cors", "filters/host"),
        ("filters/cors", "filters/gateway"),
        ("filters/common", "filters/host"),
        ("filters/config-derive", "filters/common"),
        ("filters/cors", "filters/config-derive"),
        ("filters/gateway", "filters/host"),
        ("filters/cors/plugin", "filters/auth"),
        ("filters/cors/plugin", "filters/common"),
        ("test-harness", "filters/common"),
        ("test-harness/rate-limit-service", "filters/rate-limit"),
        ("examples/custom-filter", "filters/cors"),
    ] {
        assert!(!allowed(from, to), "{from} -> {to}");
    }
    assert!(!allowed_external("filters/cors", "proxy-wasm"));
    assert!(!allowed_external("test-harness/rate-limit-service", "proxy-wasm"));
    assert!(!allowed_external("filters/cors/plugin", "log"));
}
