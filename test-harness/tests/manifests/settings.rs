//! What manifests set of the proxy is what `envoy/gateway.yaml` sets, and that is tested by its effects in Envoy.

use std::fs;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::bootstrap::root;
use crate::manifest::Manifest;
use crate::trial;

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// One for each place that sets something.
pub fn trials(all: &[Manifest]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for manifest in all {
        let of = |name: &str, found: Value, check: fn(&Value, &Value) -> Result<(), String>| {
            trial(format!("{}: {name} as in envoy/gateway.yaml", manifest.file), None, move || {
                check(&found, &bootstrap()?).map_err(Failed::from)
            })
        };
        for patch in manifest.value["spec"]["configPatches"].as_array().into_iter().flatten() {
            trials.push(of("connection manager", patch["patch"]["value"]["typed_config"].clone(), same_manager));
        }
        // What Envoy Gateway and Istio merge into the bootstraps that they make.
        let merged = ["/spec/bootstrap/value", "/data/custom_bootstrap.json"].map(|path| manifest.value.pointer(path));
        if let Some(text) = merged.into_iter().flatten().find_map(Value::as_str) {
            let value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", manifest.file));
            trials.push(of("labels", value, same_labels));
        }
    }
    trials
}

fn bootstrap() -> Result<Value, String> {
    let text = fs::read_to_string(root().join("envoy/gateway.yaml")).map_err(|error| error.to_string())?;
    serde_saphyr::from_str(&text).map_err(|error| error.to_string())
}

fn same_labels(found: &Value, bootstrap: &Value) -> Result<(), String> {
    let [found, want] = [found, bootstrap].map(|value| &value["stats_config"]);
    if found == want && want.is_object() { Ok(()) } else { Err(format!("expected {want:#}, found {found:#}")) }
}

/// Every setting that is there has the bootstrap's value, and what guards paths, names and addresses is there.
fn same_manager(found: &Value, bootstrap: &Value) -> Result<(), String> {
    let want = bootstrap.pointer(MANAGER).ok_or("no connection manager")?;
    part_of(found, want, "")?;
    let needed = [
        "/use_remote_address",
        "/normalize_path",
        "/merge_slashes",
        "/path_with_escaped_slashes_action",
        "/max_request_headers_kb",
        "/common_http_protocol_options/max_headers_count",
        "/common_http_protocol_options/headers_with_underscores_action",
    ];
    match needed.into_iter().find(|path| found.pointer(path).is_none()) {
        None => Ok(()),
        Some(path) => Err(format!("{path} is not set")),
    }
}

fn part_of(found: &Value, want: &Value, path: &str) -> Result<(), String> {
    let Value::Object(fields) = found else {
        return if found == want { Ok(()) } else { Err(format!("{path}: expected {want}, found {found}")) };
    };
    fields.iter().try_for_each(|(name, value)| part_of(value, &want[name], &format!("{path}/{name}")))
}
