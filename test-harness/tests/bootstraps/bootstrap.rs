//! A bootstrap of `envoy/` as a value: read, looked into, pointed elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The ports of the example upstream, as the files have them and as they are.
pub type UpstreamPorts = [(u16, u16); 2];

/// One file of `envoy/`. Its name is also the module's: `cors`, `gateway`.
#[derive(Clone)]
pub struct Bootstrap {
    pub name: String,
    pub value: Value,
    /// The example that its comment names: `examples/cors/config.json`.
    pub example: String,
}

impl Bootstrap {
    /// Every `envoy/*.yaml` that Envoy can start from.
    pub fn all() -> Vec<Self> {
        let files = fs::read_dir(root().join("envoy")).expect("envoy/ is there");
        let mut all: Vec<Self> = files
            .map(|file| file.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .map(|path| Self::read(&path))
            .filter(|bootstrap| bootstrap.value.get("static_resources").is_some())
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a readable file");
        let value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().expect("a file name").to_string_lossy().into_owned();
        let example = text.lines().find_map(|line| line.trim().strip_prefix("# The same as ")?.strip_suffix('.'));
        Self { name, value, example: example.unwrap_or_default().to_owned() }
    }

    /// The example's configuration that this bootstrap carries.
    pub fn example_config(&self) -> Value {
        let path = root().join(&self.example);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The module, as the bootstrap names it.
    pub fn module(&self) -> &str {
        let file = self.plugin().pointer("/vm_config/code/local/filename");
        file.and_then(Value::as_str).expect("a local module")
    }

    /// The settings of the one listener's connection manager.
    pub fn connection_manager(&self) -> &Value {
        &self.value["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    }

    /// The Wasm plugin, the first of the HTTP filters.
    pub fn plugin(&self) -> &Value {
        &self.connection_manager()["http_filters"][0]["typed_config"]["config"]
    }

    /// The plugin's configuration.
    pub fn config(&self) -> Value {
        let text = self.plugin().pointer("/configuration/value").and_then(Value::as_str);
        serde_json::from_str(text.expect("a string value")).expect("JSON")
    }

    /// Another module and configuration, free ports, and that upstream's in place of the clusters'. It stands in for
    /// hosts of the internet, too, and knows nothing of what is asked of them.
    pub fn redirect(&mut self, module: &Path, config: &Value, upstream: UpstreamPorts) {
        let listener = &mut self.value["static_resources"]["listeners"][0];
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        let plugin = &mut manager["http_filters"][0]["typed_config"]["config"];
        plugin["vm_config"]["code"]["local"]["filename"] = json!(module);
        plugin["configuration"]["value"] = json!(config.to_string());
        listener["address"]["socket_address"]["port_value"] = json!(0);
        self.value["admin"]["address"]["socket_address"]["port_value"] = json!(0);
        let [(first, _), _] = upstream;
        for cluster in self.value["static_resources"]["clusters"].as_array_mut().into_iter().flatten() {
            let is_far = cluster["type"] != "STATIC";
            let endpoint = &mut cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
            let socket = &mut endpoint["address"]["socket_address"];
            if is_far {
                *socket = json!({ "address": "127.0.0.1", "port_value": first });
            }
            let port = &mut socket["port_value"];
            let actual = upstream.iter().find(|(written, _)| *port == json!(written));
            *port = json!(actual.unwrap_or_else(|| panic!("{}: no upstream on port {port}", self.name)).1);
            if is_far {
                cluster["type"] = json!("STATIC");
                cluster.as_object_mut().expect("an object").remove("transport_socket");
            }
        }
    }

    /// Another name for a cluster, and in the routes to it.
    pub fn rename_cluster(&mut self, from: &str, to: &str) {
        let resources = &mut self.value["static_resources"];
        let manager = &mut resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
        let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut();
        for name in routes.into_iter().flatten().map(|route| &mut route["route"]["cluster"]) {
            if *name == from {
                *name = json!(to);
            }
        }
        for cluster in resources["clusters"].as_array_mut().into_iter().flatten() {
            if cluster["name"] == from {
                cluster["name"] = json!(to);
                cluster["load_assignment"]["cluster_name"] = json!(to);
            }
        }
    }
}
