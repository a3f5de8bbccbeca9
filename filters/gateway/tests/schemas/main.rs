//! The JSON Schemas of configurations, and the tables of READMEs: made of the config types, and true.
//!
//! `BLESS=1` writes both anew.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "this is how tests fail")]

mod mistakes;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sluicegate_common::config::Env;
use sluicegate_common::describe::shared;
use sluicegate_common::module::Module;
use sluicegate_gateway::Gateway;

use mistakes::rule;

/// A module whose config types are described.
struct Described {
    name: &'static str,
    schema: fn() -> Value,
    /// Its README with the tables anew.
    tables: fn(&str) -> Option<String>,
    /// Configurations beside those of its scenarios, its README and `examples/NAME`.
    besides: &'static [&'static str],
    /// At least so many configurations are accepted.
    accepted: usize,
}

impl Described {
    /// The schema as it is committed.
    fn schema(&self) -> Value {
        shared((self.schema)())
    }
}

const MODULES: [Described; 6] = [
    Described {
        name: "cors",
        schema: sluicegate_cors::schema,
        tables: sluicegate_cors::tables,
        besides: &[],
        accepted: 40,
    },
    Described {
        name: "circuit-breaker",
        schema: sluicegate_circuit_breaker::schema,
        tables: sluicegate_circuit_breaker::tables,
        besides: &[],
        accepted: 10,
    },
    Described {
        name: "rate-limit",
        schema: sluicegate_rate_limit::schema,
        tables: sluicegate_rate_limit::tables,
        besides: &["examples/global-rate-limit/config.json"],
        accepted: 40,
    },
    Described {
        name: "auth",
        schema: sluicegate_auth::schema,
        tables: sluicegate_auth::tables,
        besides: &[],
        accepted: 100,
    },
    Described {
        name: "header-transform",
        schema: sluicegate_header_transform::schema,
        tables: sluicegate_header_transform::tables,
        besides: &["examples/aws-api-gateway/bare-token.json"],
        accepted: 100,
    },
    Described {
        name: "gateway",
        schema: sluicegate_gateway::schema,
        tables: sluicegate_gateway::tables,
        besides: &[
            "examples/aws-api-gateway/config.json",
            "examples/express-gateway/config.json",
            "examples/kong-gateway/config.json",
        ],
        accepted: 45,
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a readable file")
}

/// The file says this; or is told to.
fn holds(path: &str, wanted: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(root().join(path), wanted).expect("a writable file");
    }
    let found = fs::read_to_string(root().join(path)).unwrap_or_default();
    assert!(found == wanted, "{path} is stale: BLESS=1 cargo test -p sluicegate-gateway --test schemas");
}

#[test]
fn what_is_committed_is_made_of_the_types() {
    for module in &MODULES {
        let (name, schema) = (module.name, module.schema());
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
        holds(&format!("schema/{name}.json"), &(serde_json::to_string_pretty(&schema).expect("JSON") + "\n"));
        let readme = format!("filters/{name}/README.md");
        holds(&readme, &(module.tables)(&read(&readme)).expect("the markers of the tables"));
    }
}

/// A configuration, and the file that it stands in.
type Found = (String, Value);

/// Configurations of scenarios that are accepted.
fn scenarios(filter: &str) -> Vec<Found> {
    let folder = root().join("test-harness/scenarios").join(filter);
    let files = fs::read_dir(folder).expect("scenarios").map(|entry| entry.expect("an entry").path());
    let mut all = Vec::new();
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "yaml")) {
        let scenario: Value =
            serde_saphyr::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("YAML");
        let chain = scenario["plugins"].as_array().cloned().unwrap_or_else(|| vec![scenario.clone()]);
        if scenario.get("refused").is_none() {
            let ours = chain.iter().filter(|plugin| plugin["plugin"] == filter && plugin["config"].is_object());
            all.extend(ours.map(|plugin| (file.display().to_string(), plugin["config"].clone())));
        }
    }
    all
}

/// The examples, and the whole configurations among the blocks of the README.
fn documents(&Described { name: filter, besides, .. }: &Described) -> Vec<Found> {
    let examples = fs::read_dir(root().join("examples").join(filter)).expect("examples");
    let examples = examples.map(|entry| entry.expect("an entry").path());
    let examples = examples.filter(|file| file.extension().is_some_and(|kind| kind == "json"));
    let examples = examples.chain(besides.iter().map(|file| root().join(file)));
    let examples = examples.map(|file| {
        let config = serde_json::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("JSON");
        (file.display().to_string(), config)
    });
    let readme = read(&format!("filters/{filter}/README.md"));
    let blocks = readme.split("```json\n").skip(1).filter_map(|block| block.split("```").next());
    let blocks: Vec<Value> = blocks.filter_map(|block| serde_json::from_str(block).ok()).collect();
    assert!(!blocks.is_empty(), "{filter}");
    let blocks = blocks.into_iter().map(|block| (format!("the README of {filter}"), block));
    examples.chain(blocks).collect()
}

fn accepted(module: &Described) -> Vec<Found> {
    documents(module).into_iter().chain(scenarios(module.name)).collect()
}

/// What the schema of a module has against these.
fn against(module: &Described, all: Vec<Found>) -> Vec<String> {
    let validator = jsonschema::validator_for(&module.schema()).expect("a schema");
    let mut wrong = Vec::new();
    for (file, config) in all {
        wrong.extend(validator.iter_errors(&config).map(|error| format!("{file}: {}: {error}", error.instance_path())));
    }
    wrong
}

#[test]
fn what_modules_accept_is_valid() {
    for module in &MODULES {
        let all = accepted(module);
        assert!(all.len() >= module.accepted, "{}: only {}", module.name, all.len());
        let wrong = against(module, all);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// A filter's configuration as one of the gateway, whose rules patch in place of the filter's.
fn of_gateway(filter: &str, mut config: Value) -> Value {
    let field = filter.replace('-', "_");
    let own = config.as_object_mut().expect("an object");
    let mut gateway = json!({});
    for name in ["client_ip", "request_id", "rules"] {
        if let Some(value) = own.remove(name) {
            gateway[name] = value;
        }
    }
    for rule in gateway.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        rule["config"] = json!({ field.as_str(): rule["config"].take() });
    }
    gateway[field] = config;
    gateway
}

#[test]
fn what_filters_accept_is_valid_in_the_gateway() {
    let [filters @ .., gateway] = &MODULES;
    for filter in filters {
        let all = accepted(filter).into_iter().map(|(file, config)| (file, of_gateway(filter.name, config)));
        let wrong = against(gateway, all.collect());
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn a_configuration_may_name_its_schema() {
    for module in &MODULES {
        let validator = jsonschema::validator_for(&module.schema()).expect("a schema");
        assert!(validator.is_valid(&json!({ "$schema": format!("schema/{}.json", module.name) })), "{}", module.name);
    }
    let named = br#"{"$schema": "schema/gateway.json", "cors": {"allow_origins": ["*"]}}"#;
    let refused = Module::<Gateway>::configure(named, &Env::default()).err();
    assert_eq!(refused.map(|errors| errors.to_string()), None);
}

#[test]
fn mistakes_are_caught() {
    for module in &MODULES {
        let validator = jsonschema::validator_for(&module.schema()).expect("a schema");
        let own = mistakes::of(module.name);
        assert!(!own.is_empty(), "{}", module.name);
        for config in own.into_iter().chain(mistakes::common()) {
            assert!(!validator.is_valid(&config), "{}: {config}", module.name);
        }
    }
}

#[test]
fn rules_say_patches() {
    let fine = json!({ "paths": [{ "prefix": "/a" }] });
    let patches: [Value; MODULES.len()] = [
        json!({ "max_age": null, "errors": { "origin_not_allowed": { "status": 404 } } }),
        json!({ "window": { "size": 50 }, "failure": { "statuses": null } }),
        json!({
            "limits": null,
            "plans": { "table": { "gold": { "quota": { "requests": 5 } }, "free": null } },
            "global": { "cost": { "fixed": null, "header": { "name": "x-cost", "max": 5 } } },
        }),
        json!({ "require": { "optional": { "any": [{ "use": "a" }] } }, "authorize": [], "realm": null }),
        json!({ "security_headers": null, "request": [{ "op": "remove", "target": "cookie", "name_regex": "a.*" }] }),
        json!({
            "mode": null,
            "cors": { "max_age": null, "case_sensitive": true, "rules": [{ "name": "b", "match": fine, "config": { "mode": null } }] },
            "auth": { "require": { "any": [{ "use": "a" }, { "public": {} }] }, "rules": null },
            "rate_limit": null,
            "circuit_breaker": { "window": { "size": 50 } },
            "header_transform": { "errors": { "missing_value": null } },
        }),
    ];
    for (module, patch) in MODULES.iter().zip(&patches) {
        let validator = jsonschema::validator_for(&module.schema()).expect("a schema");
        let config = rule(&fine, patch);
        let errors: Vec<String> = validator.iter_errors(&config).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", module.name);
    }
}
