//! Where files mount plugins: Envoy's extensions that hold one anywhere in a tree, Istio's `WasmPlugin`, Envoy Gateway's
//! `EnvoyExtensionPolicy`, the filter chains of a declarative file of Kong's.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::document::{Content, Node, Position};
use super::place;
use crate::Profile;

/// A plugin with its configuration, as a file mounts it.
pub struct Mount<'n> {
    /// Where in the file, as a path: `static_resources.listeners[0]`..
    pub path: String,
    /// Where in the file.
    pub at: Position,
    /// The plugin's name.
    pub name: String,
    /// The root id.
    pub root_id: String,
    /// The host that reads the file.
    pub host: Profile,
    /// What names the module: a file, a URL, in Kong a name.
    pub module: Option<&'n Node>,
    /// The configuration: a text, or an object.
    pub configuration: Option<Cow<'n, Node>>,
    /// The VM's configuration.
    pub vm_configuration: Option<Cow<'n, Node>>,
    /// The namespace of shared data; None: what hands the file to Envoy chooses it.
    pub vm_id: Option<String>,
    /// Environment variables that the file sets.
    pub environment: Vec<(String, String)>,
    /// Environment variables taken from that of the proxy.
    pub from_host: Vec<String>,
    /// What becomes of requests once the plugin has failed.
    pub failure: Failure<'n>,
    /// The connection manager whose chain it is in.
    pub manager: Option<&'n Node>,
    /// What the host refuses, or reads otherwise than it looks, before the plugin is asked.
    pub mistakes: Vec<(Position, String)>,
}

/// What a file says of requests that meet a failed plugin.
pub struct Failure<'n> {
    /// Whether they pass unfiltered.
    pub open: bool,
    /// The setting.
    pub setting: Option<&'n Node>,
    /// Its name, where a plugin that says nothing stays dead.
    pub missing: Option<&'static str>,
    /// What is better where they pass.
    pub safe: &'static str,
}

const HTTP: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
/// Envoy's other extensions with the same settings.
const OTHERS: [&str; 3] = [
    "envoy.extensions.filters.network.wasm.v3.Wasm",
    "envoy.extensions.access_loggers.wasm.v3.WasmAccessLog",
    "envoy.extensions.wasm.v3.WasmService",
];
const MANAGER: &str = "HttpConnectionManager";

/// The plugins that a document mounts.
pub fn find(document: &Node) -> Vec<Mount<'_>> {
    let mut found = Vec::new();
    match (document.text_of("kind"), document.get("spec")) {
        (Some("WasmPlugin"), Some(spec)) => found.push(wasm_plugin(document, spec)),
        (Some("EnvoyExtensionPolicy"), Some(spec)) => {
            let plugins = spec.get("wasm").map(Node::elements).unwrap_or_default();
            found.extend(plugins.iter().enumerate().map(|(index, plugin)| extension(index, plugin)));
        }
        (Some(kind), _) if kind.ends_with("List") => {
            for (index, item) in document.get("items").map(Node::elements).unwrap_or_default().iter().enumerate() {
                let within = |mount: &Mount<'_>| format!("items[{index}].{}", mount.path);
                found.extend(find(item).into_iter().map(|mount| Mount { path: within(&mount), ..mount }));
            }
        }
        _ if document.get("_format_version").is_some() => kong(document, String::new(), &mut found),
        _ => search(document, String::new(), None, &mut found),
    }
    found
}

/// Looks for filters at any depth: in listeners, in filters around filters, in resources as they are discovered.
fn search<'n>(node: &'n Node, path: String, manager: Option<&'n Node>, found: &mut Vec<Mount<'n>>) {
    let is = |kind: &str| node.text_of("@type").is_some_and(|name| name.ends_with(kind));
    let manager = if is(MANAGER) { Some(node) } else { manager };
    let typed = node.text_of("type_url").filter(|url| url.ends_with(HTTP)).and_then(|_| node.get("value"));
    let filter = if is(HTTP) { Some(node) } else { typed };
    let holder = filter.or_else(|| OTHERS.into_iter().any(is).then_some(node));
    if let Some(holder) = holder {
        let mut mount = envoy(path, holder.get("config").unwrap_or(holder), manager);
        mount.failure.missing = mount.failure.missing.filter(|_| filter.is_some());
        found.push(mount);
        return;
    }
    match &node.content {
        Content::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                search(element, format!("{path}[{index}]"), manager, found);
            }
        }
        Content::Object(members) => {
            for member in members {
                search(&member.value, place::child(&path, &member.name), manager, found);
            }
        }
        _ => {}
    }
}

fn envoy<'n>(path: String, config: &'n Node, manager: Option<&'n Node>) -> Mount<'n> {
    let vm = |path: &[&str]| config.get("vm_config").and_then(|vm| vm.find(path));
    let text = |node: Option<&Node>| node.and_then(Node::text).unwrap_or_default().to_owned();
    let pairs = vm(&["environment_variables", "key_values"]).map(Node::members).unwrap_or_default();
    let host = vm(&["environment_variables", "host_env_keys"]).map(Node::elements).unwrap_or_default();
    let policy = config.get("failure_policy");
    let setting = policy.or_else(|| config.get("fail_open"));
    let mut mistakes = Vec::new();
    if ["typed_per_filter_config", "typedPerFilterConfig"].iter().any(|place| path.contains(place)) {
        let message = "Envoy has no settings of Wasm filters by route; the plugin's own rules choose by path";
        mistakes.push((config.at, message.to_owned()));
    }
    for name in host.iter().filter(|name| pairs.iter().any(|pair| Some(pair.name.as_str()) == name.text())) {
        let message = format!("{} stands in key_values as well: Envoy wants it once", scalar(name));
        mistakes.push((name.at, message));
    }
    let configuration = config.get("configuration").and_then(|node| any(node, &mut mistakes));
    let vm_configuration = vm(&["configuration"]).and_then(|node| any(node, &mut mistakes));
    Mount {
        // The filter is named beside its settings, and without them the path is short enough to be read.
        path: path.trim_end_matches(".typed_config").to_owned(),
        at: config.at,
        name: text(config.get("name")),
        host: Profile::Envoy,
        root_id: text(config.get("root_id")),
        module: vm(&["code", "local", "filename"]).or_else(|| vm(&["code", "remote", "http_uri", "uri"])),
        configuration,
        vm_configuration,
        vm_id: Some(text(vm(&["vm_id"]))),
        environment: pairs.iter().map(|pair| (pair.name.clone(), scalar(&pair.value))).collect(),
        from_host: host.iter().filter_map(Node::text).map(str::to_owned).collect(),
        failure: Failure {
            open: policy.and_then(Node::text) == Some("FAIL_OPEN")
                || config.get("fail_open").is_some_and(Node::is_true),
            setting,
            missing: Some("failure_policy").filter(|_| setting.is_none()),
            safe: "failure_policy: FAIL_RELOAD",
        },
        manager,
        mistakes,
    }
}

/// What a protobuf `Any` holds: the text of a StringValue, the bytes of a BytesValue. Of all else the plugin gets the
/// binary encoding; what stands there is told as if it were in a StringValue.
fn any<'n>(any: &'n Node, mistakes: &mut Vec<(Position, String)>) -> Option<Cow<'n, Node>> {
    let value = any.get("value").filter(|value| !matches!(value.content, Content::Null));
    let kind = any.text_of("@type").unwrap_or_default().rsplit('/').next().unwrap_or_default();
    match (kind, value) {
        ("google.protobuf.StringValue" | "google.protobuf.BytesValue", Some(value)) if value.text().is_none() => {
            mistakes.push((any.at, format!("the value of a {kind} is a text")));
        }
        ("google.protobuf.BytesValue", Some(value)) => match STANDARD.decode(value.text().unwrap_or_default()) {
            Ok(bytes) => {
                let content = Content::Text(String::from_utf8_lossy(&bytes).into_owned());
                return Some(Cow::Owned(Node { at: value.at, content }));
            }
            Err(error) => mistakes.push((value.at, format!("is no base64, as a {kind} wants: {error}"))),
        },
        ("google.protobuf.StringValue" | "google.protobuf.BytesValue", _) => {}
        ("", _) => mistakes.push((any.at, format!("has no \"@type\": {STRING_VALUE}"))),
        (kind, _) => {
            let message =
                format!("Envoy hands the plugin a {kind} in its binary encoding, not as JSON: {STRING_VALUE}");
            mistakes.push((any.at, message));
        }
    }
    value.map(Cow::Borrowed)
}

const STRING_VALUE: &str =
    r#"write {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "{...}"}, the JSON as a text"#;

/// A value as protobuf reads it where it wants a text.
fn scalar(node: &Node) -> String {
    node.text().map_or_else(|| node.to_json().to_string(), str::to_owned)
}

fn wasm_plugin<'n>(document: &'n Node, spec: &'n Node) -> Mount<'n> {
    let variables = spec.find(&["vmConfig", "env"]).map(Node::elements).unwrap_or_default();
    let name = |variable: &Node| variable.text_of("name").map(str::to_owned);
    let is_host = |variable: &&Node| variable.text_of("valueFrom") == Some("HOST");
    let inline = variables.iter().filter(|variable| !is_host(variable));
    let metadata = document.get("metadata").and_then(|metadata| metadata.text_of("name")).unwrap_or_default();
    let setting = spec.get("failStrategy");
    let configuration = spec.get("pluginConfig").filter(|node| !matches!(node.content, Content::Null));
    let not_object = configuration.filter(|node| !matches!(node.content, Content::Object(_)));
    Mount {
        path: "spec".to_owned(),
        at: spec.at,
        name: spec.text_of("pluginName").unwrap_or(metadata).to_owned(),
        host: Profile::Envoy,
        root_id: String::new(),
        module: spec.get("url"),
        configuration: configuration.map(Cow::Borrowed),
        vm_configuration: None,
        vm_id: None,
        environment: inline
            .filter_map(|variable| Some((name(variable)?, variable.get("value").map(scalar).unwrap_or_default())))
            .collect(),
        from_host: variables.iter().filter(is_host).filter_map(name).collect(),
        failure: Failure {
            open: setting.and_then(Node::text) == Some("FAIL_OPEN"),
            setting,
            missing: Some("failStrategy").filter(|_| setting.is_none()),
            safe: "failStrategy: FAIL_RELOAD",
        },
        manager: None,
        mistakes: not_object.map(|node| (node.at, "pluginConfig is an object".to_owned())).into_iter().collect(),
    }
}

fn extension(index: usize, plugin: &Node) -> Mount<'_> {
    let keys = plugin.find(&["env", "hostKeys"]).map(Node::elements).unwrap_or_default();
    let open = plugin.get("failOpen");
    Mount {
        path: format!("spec.wasm[{index}]"),
        at: plugin.at,
        name: plugin.text_of("name").unwrap_or_default().to_owned(),
        host: Profile::Envoy,
        root_id: plugin.text_of("rootID").unwrap_or_default().to_owned(),
        module: plugin.find(&["code", "image", "url"]).or_else(|| plugin.find(&["code", "http", "url"])),
        configuration: plugin.get("config").map(as_json),
        vm_configuration: None,
        vm_id: None,
        environment: Vec::new(),
        from_host: keys.iter().filter_map(Node::text).map(str::to_owned).collect(),
        // It has no third way: closed, until the proxy restarts, is the one that is safe.
        failure: Failure {
            open: open.is_some_and(Node::is_true),
            setting: open,
            missing: None,
            safe: "failOpen: false",
        },
        manager: None,
        mistakes: Vec::new(),
    }
}

/// A text is handed over as JSON, in quotes.
fn as_json(node: &Node) -> Cow<'_, Node> {
    match node.text() {
        Some(_) => Cow::Owned(Node { at: node.at, content: Content::Text(node.to_json().to_string()) }),
        None => Cow::Borrowed(node),
    }
}

/// Filter chains stand beside, in services, and in routes.
fn kong<'n>(node: &'n Node, path: String, found: &mut Vec<Mount<'n>>) {
    for (index, element) in node.elements().iter().enumerate() {
        kong(element, format!("{path}[{index}]"), found);
    }
    for member in node.members() {
        let path = place::child(&path, &member.name);
        if member.name != "filter_chains" {
            kong(&member.value, path, found);
            continue;
        }
        for (chain, filters) in member.value.elements().iter().enumerate() {
            let filters = filters.get("filters").map(Node::elements).unwrap_or_default().iter().enumerate();
            found.extend(
                filters.map(|(index, filter)| kong_filter(format!("{path}[{chain}].filters[{index}]"), filter)),
            );
        }
    }
}

fn kong_filter(path: String, filter: &Node) -> Mount<'_> {
    Mount {
        path,
        at: filter.at,
        name: filter.text_of("name").unwrap_or_default().to_owned(),
        host: Profile::Kong,
        root_id: String::new(),
        module: filter.get("name"),
        configuration: filter.get("config").map(Cow::Borrowed),
        vm_configuration: None,
        vm_id: None,
        environment: Vec::new(),
        from_host: Vec::new(),
        // It has no such setting: a request that meets a failed filter gets 500.
        failure: Failure { open: false, setting: None, missing: None, safe: "" },
        manager: None,
        mistakes: Vec::new(),
    }
}
