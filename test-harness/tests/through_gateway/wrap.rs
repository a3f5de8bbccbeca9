//! A filter's scenario as one of the gateway, as `as.yaml` says.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};
use test_harness::Profile;
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::backend::{Backend as _, NotStarted};
use test_harness::scenario::{ActorStep, Plugin, Scenario, Step};

/// What becomes of plugins, metrics and errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct As {
    /// The gateway's module, as a name in `dist`.
    module: String,
    fields: Vec<Field>,
    /// Fields of a filter's config that stand at the gateway's top.
    top: Vec<String>,
    metrics: Vec<Rewrite>,
    refused: Vec<Rewrite>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    /// A filter's module.
    module: String,
    /// Where its config stands in the gateway's.
    field: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rewrite {
    #[serde(deserialize_with = "whole")]
    from: Regex,
    to: String,
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
    let expression = String::deserialize(deserializer)?;
    Regex::new(&format!("^(?:{expression})$")).map_err(de::Error::custom)
}

/// A gateway that is being put together.
struct Wrapped {
    plugin: Plugin,
    config: Map<String, Value>,
    /// The place of its last field.
    last: usize,
}

impl As {
    /// Reads the data.
    ///
    /// # Errors
    /// The file cannot be read or does not follow the schema.
    pub fn load(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// The filters' modules.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.module.as_str())
    }

    /// The same scenario with the gateway.
    ///
    /// # Errors
    /// No plugin is a filter; a config is no object, or two of one gateway disagree; a refused config is accepted by the
    /// filter alone; two metrics become one of two values.
    pub fn wrap(&self, mut scenario: Scenario) -> Result<Scenario, String> {
        if !scenario.plugins.iter().any(|plugin| self.place(plugin).is_some()) {
            return Err("no plugin is a filter of the gateway".to_owned());
        }
        if let Some(refused) = scenario.refused.take() {
            scenario.refused = Some(refused.into_iter().chain(self.errors_of(&scenario)?).collect());
        }
        scenario.plugins = self.plugins(std::mem::take(&mut scenario.plugins))?;
        for step in &mut scenario.steps {
            match step {
                Step::Request(send) => self.rename(&mut send.expect.metrics)?,
                Step::Interleave(at_once) => {
                    self.rename(&mut at_once.outcome.metrics)?;
                    for actor in &mut at_once.actors {
                        if let ActorStep::Request(send) = actor {
                            self.rename(&mut send.expect.metrics)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(scenario)
    }

    /// What the gateway says of a config that the filter alone refuses.
    fn errors_of(&self, scenario: &Scenario) -> Result<Vec<String>, String> {
        let alone = Scenario { refused: None, ..scenario.clone() };
        // A host in which it is refused.
        let profile = Profile::ALL.into_iter().find(|profile| !scenario.not_in.contains_key(profile));
        match (Wasmtime { profile: profile.unwrap_or_default() }).start(&alone) {
            Err(NotStarted::Refused(told)) => {
                let lines = told.iter().flat_map(|line| line.lines());
                Ok(lines.filter_map(|line| rewritten(&self.refused, line)).collect())
            }
            Err(other) => Err(format!("alone: {other:?}")),
            Ok(_) => Err("the filter alone accepts the config".to_owned()),
        }
    }

    /// Neighbours in the gateway's order become one gateway; foreign plugins stay.
    fn plugins(&self, plugins: Vec<Plugin>) -> Result<Vec<Plugin>, String> {
        let mut chain = Vec::new();
        let mut open: Option<Wrapped> = None;
        for plugin in plugins {
            let Some(at) = self.place(&plugin) else {
                chain.extend(open.take().map(Wrapped::close));
                chain.push(plugin);
                continue;
            };
            let mut wrapped = match open.take() {
                Some(before) if before.takes(&plugin, at) => before,
                before => {
                    chain.extend(before.map(Wrapped::close));
                    self.open(&plugin, at)
                }
            };
            self.add(&mut wrapped, &plugin, at)?;
            open = Some(wrapped);
        }
        chain.extend(open.map(Wrapped::close));
        Ok(chain)
    }

    /// Which field a plugin becomes.
    fn place(&self, plugin: &Plugin) -> Option<usize> {
        let stem = plugin.module.file_stem()?.to_str()?;
        self.fields.iter().position(|field| field.module == stem)
    }

    fn open(&self, plugin: &Plugin, at: usize) -> Wrapped {
        let module = plugin.module.with_file_name(&self.module).with_extension("wasm");
        let plugin = Plugin { name: self.module.clone(), module, environment: Vec::new(), ..plugin.clone() };
        Wrapped { plugin, config: Map::new(), last: at }
    }

    fn add(&self, wrapped: &mut Wrapped, plugin: &Plugin, at: usize) -> Result<(), String> {
        let field = &self.fields[at].field;
        let config = match plugin.configuration.as_slice() {
            [] => Value::Object(Map::new()),
            bytes => serde_json::from_slice(bytes).map_err(|error| format!("{field}: {error}"))?,
        };
        let Value::Object(mut config) = config else { return Err(format!("{field}: the config is no object")) };
        for name in &self.top {
            let Some(value) = config.remove(name) else { continue };
            if wrapped.config.insert(name.clone(), value.clone()).is_some_and(|before| before != value) {
                return Err(format!("{name}: two filters of one gateway disagree"));
            }
        }
        wrapped.config.insert(field.clone(), config.into());
        wrapped.plugin.environment.extend(plugin.environment.iter().cloned());
        wrapped.last = at;
        Ok(())
    }

    fn rename(&self, metrics: &mut BTreeMap<String, u64>) -> Result<(), String> {
        for (name, value) in std::mem::take(metrics) {
            let name = rewritten(&self.metrics, &name).unwrap_or(name);
            if metrics.insert(name.clone(), value).is_some_and(|before| before != value) {
                return Err(format!("{name}: expected to be two values at once"));
            }
        }
        Ok(())
    }
}

impl Wrapped {
    /// Whether a plugin can be a further filter of this gateway.
    fn takes(&self, plugin: &Plugin, at: usize) -> bool {
        let same = self.plugin.vm_id == plugin.vm_id && self.plugin.failure_policy == plugin.failure_policy;
        same && self.last < at
    }

    fn close(self) -> Plugin {
        Plugin { configuration: Value::Object(self.config).to_string().into_bytes(), ..self.plugin }
    }
}

/// A text as the first rule that fits says; None: none does.
fn rewritten(rules: &[Rewrite], text: &str) -> Option<String> {
    rules.iter().find(|rule| rule.from.is_match(text)).map(|rule| rule.from.replace(text, &rule.to).into_owned())
}
