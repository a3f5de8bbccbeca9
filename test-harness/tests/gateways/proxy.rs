//! The bootstrap of an example, in Envoy.

use std::fs;
use std::process::Command;

use libtest_mimic::Failed;
use reqwest::Response;
use serde_json::{Value, json};

use crate::bootstrap::{Bootstrap, root};
use crate::envoy::{self, Envoy};

/// A file of an example.
pub fn read(example: &str, file: &str) -> Result<String, Failed> {
    let path = root().join("examples").join(example).join(file);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

pub fn yaml(example: &str, file: &str) -> Result<Value, Failed> {
    serde_saphyr::from_str(&read(example, file)?).map_err(|error| format!("{file}: {error}").into())
}

pub fn config(example: &str) -> Result<Value, Failed> {
    Ok(serde_json::from_str(&read(example, "config.json")?)?)
}

fn bootstrap(example: &str) -> Result<Bootstrap, Failed> {
    let file = format!("examples/{example}/config.json");
    Ok(Bootstrap { name: "gateway".into(), value: yaml(example, "envoy.yaml")?, example: file })
}

/// The bootstrap carries `config.json`.
pub fn same_config(example: &str) -> Result<(), Failed> {
    let bootstrap = bootstrap(example)?;
    expect("the configuration in envoy.yaml", &bootstrap.config(), &bootstrap.example_config())
}

/// Envoy from the example's bootstrap: free ports, what stands in for each cluster on this machine, and these variables in
/// the VM's environment.
pub async fn start(example: &str, clusters: &[(&str, u16)], environment: Value) -> Result<Envoy, Failed> {
    let mut bootstrap = bootstrap(example)?;
    bootstrap.value["admin"]["address"]["socket_address"]["port_value"] = json!(0);
    let statics = &mut bootstrap.value["static_resources"];
    let listener = &mut statics["listeners"][0];
    listener["address"]["socket_address"]["port_value"] = json!(0);
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    let vm = &mut manager["http_filters"][0]["typed_config"]["config"]["vm_config"];
    vm["code"]["local"]["filename"] = json!(root().join("dist/gateway.wasm"));
    // In place of those of Envoy's own environment.
    vm["environment_variables"] = json!({ "key_values": environment });
    for cluster in statics["clusters"].as_array_mut().into_iter().flatten() {
        let port = clusters.iter().find(|(name, _)| cluster["name"] == *name);
        let (_, port) = port.ok_or_else(|| format!("nothing stands in for {}", cluster["name"]))?;
        let endpoint = &mut cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
        endpoint["address"]["socket_address"] = json!({ "address": "127.0.0.1", "port_value": port });
        cluster["type"] = json!("STATIC");
        cluster.as_object_mut().ok_or("a cluster is an object")?.remove("transport_socket");
    }
    Ok(Envoy::start(&bootstrap).await?)
}

/// Envoy checks the whole file, and the module its configuration, without opening a port.
pub fn taken(example: &str) -> Result<(), Failed> {
    let file = format!("examples/{example}/envoy.yaml");
    let mut envoy = Command::new(envoy::binary().ok_or("no Envoy")?);
    envoy.args(["--mode", "validate", "--config-path", &file]).current_dir(root());
    let output = envoy.env("JWT_SECRET", "an example secret, not for production").output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

pub async fn json_of(answer: Response) -> Result<Value, Failed> {
    Ok(serde_json::from_str(&answer.text().await?)?)
}

pub fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, want: &T) -> Result<(), Failed> {
    match found == want {
        true => Ok(()),
        false => Err(format!("{what}: expected {want:?}, found {found:?}").into()),
    }
}
