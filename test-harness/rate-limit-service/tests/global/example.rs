//! `examples/global-rate-limit`: its files fit each other, and two Envoys that start from it share its limit.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use reqwest::Client;
use serde_json::{Value, json};

use crate::backend::{Redis, Service};
use crate::edge::Edge;
use crate::load::{ALL, admitted};
use crate::play::expect;

const MODULES: [&str; 2] = ["auth", "rate-limit"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> Result<String, Failed> {
    let path = root().join("examples/global-rate-limit").join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn yaml(name: &str) -> Result<Value, Failed> {
    serde_saphyr::from_str(&read(name)?).map_err(|error| format!("{name}: {error}").into())
}

/// A built module; `SLUICEGATE_DIST` names another folder than `dist`.
pub fn module(name: &str) -> PathBuf {
    let folder = std::env::var_os("SLUICEGATE_DIST").map_or_else(|| root().join("dist"), PathBuf::from);
    folder.join(format!("{name}.wasm"))
}

/// Which module is not built.
pub fn missing_module() -> Option<&'static str> {
    MODULES.into_iter().find(|name| !module(name).is_file())
}

/// The HTTP filters of the bootstrap.
fn filters(bootstrap: &mut Value) -> &mut Value {
    &mut bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
}

/// The bootstrap carries `config.json`.
pub fn same_config() -> Result<(), Failed> {
    let mut bootstrap = yaml("envoy.yaml")?;
    let carried = &filters(&mut bootstrap)[1]["typed_config"]["config"]["configuration"]["value"];
    let carried: Value = serde_json::from_str(carried.as_str().unwrap_or_default())?;
    expect("the configuration in envoy.yaml", &carried, &serde_json::from_str(&read("config.json")?)?)
}

/// Limitador's file has the limits of the other service's.
pub fn same_limits() -> Result<(), Failed> {
    let limits = yaml("ratelimit.yaml")?;
    let nodes: Vec<&Value> = limits["descriptors"].as_array().into_iter().flatten().collect();
    let known: Vec<&Value> = nodes.iter().map(|node| &node["value"]).filter(|value| value.is_string()).collect();
    let limitador = |node: &&Value| {
        let variable = format!("descriptors[0].{}", node["key"].as_str().unwrap_or_default());
        let is = |sign: &str, value: &Value| format!("{variable} {sign} '{}'", value.as_str().unwrap_or_default());
        let conditions: Vec<String> = match &node["value"] {
            Value::Null => known.iter().map(|value| is("!=", value)).collect(),
            value => vec![is("==", value)],
        };
        let limit = &node["rate_limit"];
        let seconds = ["second", "minute", "hour", "day"].iter().zip([1, 60, 3600, 86400]);
        json!({
            "namespace": limits["domain"],
            "max_value": limit["requests_per_unit"],
            "seconds": seconds.filter(|(unit, _)| limit["unit"] == **unit).map(|(_, seconds)| seconds).next(),
            "conditions": conditions,
            "variables": [variable],
        })
    };
    expect("limits.yaml", &yaml("limits.yaml")?, &nodes.iter().map(limitador).collect())
}

/// Images have versions, files that are mounted exist, and the service has the name that Envoy looks for.
pub fn composition() -> Result<(), Failed> {
    let compose = yaml("compose.yaml")?;
    let services = compose["services"].as_object().ok_or("compose.yaml: no services")?;
    let strings = |list: &Value| -> Vec<String> { serde_json::from_value(list.clone()).unwrap_or_default() };
    for (name, service) in services {
        let image = service["image"].as_str().unwrap_or_default();
        let version = image.rsplit_once('@').map_or(image, |(tagged, _)| tagged).rsplit_once(':');
        let pinned = version.is_some_and(|(_, version)| version.bytes().any(|byte| byte.is_ascii_digit()));
        expect(&format!("{name}: a version of the image {image:?}"), &pinned, &true)?;
        for volume in strings(&service["volumes"]) {
            let file = volume.split(':').next().unwrap_or_default();
            // What is built may not be there yet.
            let exists = file == "../../dist" || root().join("examples/global-rate-limit").join(file).is_file();
            expect(&format!("{name}: a file {file:?} to mount"), &exists, &true)?;
        }
    }
    let named = |service: &&Value| service["networks"]["default"]["aliases"] == json!(["ratelimit"]);
    expect("services of Envoy's cluster", &services.values().filter(named).count(), &2)?;
    let cluster = &yaml("envoy.yaml")?["static_resources"]["clusters"][0]["load_assignment"];
    let address = &cluster["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"];
    expect("the address of Envoy's cluster", address, &json!({"address": "ratelimit", "port_value": 8081}))
}

/// The bootstrap with free ports, that service, and time enough for it on a busy machine.
fn pointed(service: SocketAddr) -> Result<Value, Failed> {
    let mut bootstrap = yaml("envoy.yaml")?;
    for (filter, name) in filters(&mut bootstrap).as_array_mut().into_iter().flatten().zip(MODULES) {
        let config = &mut filter["typed_config"]["config"];
        config["vm_config"]["code"]["local"]["filename"] = json!(module(name));
        let value = &mut config["configuration"]["value"];
        *value = json!(value.as_str().unwrap_or_default().replace("\"20ms\"", "\"60s\""));
    }
    bootstrap["admin"]["address"]["socket_address"]["port_value"] = json!(0);
    let statics = &mut bootstrap["static_resources"];
    statics["listeners"][0]["address"]["socket_address"] = json!({"address": "127.0.0.1", "port_value": 0});
    let cluster = &mut statics["clusters"][0];
    cluster["connect_timeout"] = json!("60s");
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"] =
        json!({"address": service.ip(), "port_value": service.port()});
    Ok(bootstrap)
}

/// Two Envoys from the bootstrap, and the service with the limits of `ratelimit.yaml`.
pub async fn in_envoy(envoy: &Path) -> Result<(), Failed> {
    let redis = Redis::start()?;
    let service = Service::start(&redis, &read("ratelimit.yaml")?, 1_800_000_000)?;
    let bootstrap = pointed(service.address)?;
    let edge = || Edge::start(envoy, |_| bootstrap.clone());
    let edges = [edge().await?, edge().await?];
    let client = Client::new();
    for (consumer, want) in [("globex", 100), ("acme", ALL)] {
        let request = |edge: &Edge| {
            let request = client.get(format!("http://{}/", edge.address));
            request.header("x-api-key", format!("an example key of {consumer}"))
        };
        let [one, other] = &edges;
        expect(
            &format!("requests of {consumer} that were admitted"),
            &admitted([request(one), request(other)]).await?,
            &want,
        )?;
    }
    let stranger = client.get(format!("http://{}/", edges[0].address)).send().await?;
    expect("the status without a key", &stranger.status().as_u16(), &401)
}
