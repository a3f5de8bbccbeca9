//! A Kubernetes manifest of `envoy/` as a value, and the plugins that it mounts.

use std::fs;

use serde_json::Value;

use crate::bootstrap::root;

/// One document of a file.
#[derive(Clone)]
pub struct Manifest {
    /// The file, from the root: `envoy/istio/cors.yaml`.
    pub file: String,
    pub value: Value,
    /// The example that a comment of the file names: `examples/cors/config.json`.
    pub example: Option<String>,
}

impl Manifest {
    /// Every document of the YAML files in these folders.
    pub fn all() -> Vec<Self> {
        files().iter().flat_map(|file| Self::read(file)).collect()
    }

    fn read(file: &str) -> Vec<Self> {
        let text = fs::read_to_string(root().join(file)).expect("a readable file");
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let example = text.lines().find_map(|line| line.trim().strip_prefix("# The same as ")?.strip_suffix('.'));
        let of = |value| Self { file: file.to_owned(), value, example: example.map(str::to_owned) };
        documents.into_iter().map(of).collect()
    }

    pub fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// What it mounts, if it mounts modules.
    pub fn plugins(&self) -> Vec<Plugin> {
        let spec = &self.value["spec"];
        match self.kind() {
            "WasmPlugin" => {
                let env = spec["vmConfig"]["env"].as_array().into_iter().flatten();
                let from_host = env.filter(|it| it["valueFrom"] == "HOST").map(|it| text(&it["name"]));
                vec![self.plugin(&spec["url"], &spec["pluginConfig"], from_host.collect())]
            }
            "EnvoyExtensionPolicy" => {
                let wasm = spec["wasm"].as_array().into_iter().flatten();
                let keys = |it: &Value| it["env"]["hostKeys"].as_array().into_iter().flatten().map(text).collect();
                wasm.map(|it| self.plugin(&it["code"]["image"]["url"], &it["config"], keys(it))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn plugin(&self, url: &Value, config: &Value, from_host: Vec<String>) -> Plugin {
        let image = text(url).rsplit('/').next().unwrap_or_default().to_owned();
        let module = image.split(':').next().unwrap_or_default().to_owned();
        Plugin { manifest: self.clone(), module, config: config.clone(), from_host }
    }
}

/// A module that a manifest mounts.
pub struct Plugin {
    pub manifest: Manifest,
    /// By the image: `cors`.
    pub module: String,
    pub config: Value,
    /// Variables that the module has from the proxy's environment.
    pub from_host: Vec<String>,
}

/// `envoy/istio/*.yaml` and `envoy/envoy-gateway/*.yaml`, from the root.
pub fn files() -> Vec<String> {
    let in_folder = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        let names = entries.map(|entry| entry.expect("a readable folder").file_name().into_string());
        let yaml = names.map(|name| name.expect("a name in UTF-8")).filter(|name| name.ends_with(".yaml"));
        yaml.map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()
    };
    let mut files = ["envoy/istio", "envoy/envoy-gateway"].map(in_folder).concat();
    files.sort();
    files
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
