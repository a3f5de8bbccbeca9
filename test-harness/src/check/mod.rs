//! Checks before deploy: every plugin configuration in a file is given to its module, which judges it, and what the file
//! says around it is looked at.
//!
//! A file is a plugin's configuration (JSON), an Envoy bootstrap or resource (YAML or JSON), an Istio `WasmPlugin`, or an
//! Envoy Gateway `EnvoyExtensionPolicy`, several documents in one included, or a declarative file of Kong's.

mod configure;
mod document;
mod facts;
mod hazards;
mod mount;
mod place;
mod routes;

use std::fmt;
use std::path::{Path, PathBuf};

pub use document::Position;

use crate::{PluginSpec, Profile};
use configure::configure;
use document::{Content, Node, SyntaxError};
use facts::Facts;
use hazards::Breakers;
use mount::Mount;

/// How to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The module of a configuration, and of plugins whose own is not there.
    pub wasm: Option<PathBuf>,
    /// The folder in which modules are looked for by name.
    pub modules: PathBuf,
    /// What the proxy's environment has.
    pub environment: Vec<(String, String)>,
}

/// What came of checking one file.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The module of each plugin configuration that was tried.
    pub modules: Vec<PathBuf>,
    /// What is wrong, in the order of lines.
    pub findings: Vec<Finding>,
}

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as given.
    pub file: PathBuf,
    /// Where in it.
    pub at: Position,
    /// How bad it is.
    pub severity: Severity,
    /// Where in the plugin's configuration; empty: it is not about that.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Where the file mounts the plugin.
    pub mounted: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The proxy would refuse it.
    Error,
    /// The proxy would take it.
    Warning,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}: ", self.file.display(), self.at)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if !self.mounted.is_empty() {
            write!(f, "\n    in {}", self.mounted)?;
        }
        Ok(())
    }
}

/// Checks a file.
///
/// # Errors
/// It cannot be read, or holds nothing that could be checked.
pub fn check(file: &Path, options: &Options) -> Result<Checked, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut run = Run { file, text: &text, options, checked: Checked::default(), breakers: Vec::new() };
    match document::parse(&text) {
        Ok(documents) => run.documents(&documents, None)?,
        Err(error) => match document::parse_leniently(&text) {
            Some(documents) => run.documents(&documents, Some(error))?,
            None if options.wasm.is_some() => run.configuration(None),
            None => run.find(error.at, Severity::Error, String::new(), error.message, ""),
        },
    }
    run.checked.findings.sort_by_key(|finding| finding.at);
    Ok(run.checked)
}

/// A configuration and who judges it.
struct Judged<'j> {
    host: Profile,
    plugin: PluginSpec,
    wasm: &'j Path,
    /// Where it is named.
    wasm_at: Position,
    /// The configuration.
    tree: Option<&'j Node>,
    clusters: Option<&'j [&'j str]>,
    /// Where in the file a place in the configuration's text is.
    place: &'j dyn Fn(Position) -> Position,
    mounted: &'j str,
}

/// One file.
struct Run<'f> {
    file: &'f Path,
    text: &'f str,
    options: &'f Options,
    checked: Checked,
    breakers: Vec<Breakers>,
}

impl Run<'_> {
    /// `twice`: a name stands twice in an object.
    fn documents(&mut self, documents: &[Node], twice: Option<SyntaxError>) -> Result<(), String> {
        let mounts: Vec<(&Node, Mount<'_>)> = documents
            .iter()
            .flat_map(|document| mount::find(document).into_iter().map(move |m| (document, m)))
            .collect();
        match mounts.as_slice() {
            [] if self.options.wasm.is_some() => self.configuration(documents.first()),
            [] => {
                return Err(format!(
                    "{}: no plugin is mounted here. If it is a plugin's configuration, say whose: --plugin NAME or --wasm FILE",
                    self.file.display()
                ));
            }
            mounts => {
                mounts.iter().for_each(|(document, mount)| self.mount(mount, document));
                if let Some(SyntaxError { at, message }) = twice {
                    self.find(at, Severity::Warning, String::new(), format!("{message}; the last one counts"), "");
                }
                if mounts.iter().any(|(document, _)| is_envoys(document))
                    && let Some(at) = document::merge(self.text)
                {
                    let message = "Envoy does not merge objects with `<<`, and knows no field of this name".to_owned();
                    self.find(at, Severity::Error, String::new(), message, "");
                }
            }
        }
        Ok(())
    }

    /// The file is a plugin's configuration: it gets the bytes as they are.
    fn configuration(&mut self, tree: Option<&Node>) {
        let Some(wasm) = self.options.wasm.clone() else { return };
        let plugin = PluginSpec {
            configuration: self.text.as_bytes().to_vec(),
            environment: self.options.environment.clone(),
            ..PluginSpec::new(facts::stem(&wasm.to_string_lossy()), Vec::new())
        };
        let place = |at| at;
        self.judge(Judged {
            host: Profile::Envoy,
            plugin,
            wasm: &wasm,
            wasm_at: Position::START,
            tree,
            clusters: None,
            place: &place,
            mounted: "",
        });
    }

    fn mount(&mut self, mount: &Mount<'_>, document: &Node) {
        let mounted = match mount.name.as_str() {
            "" => mount.path.clone(),
            name => format!("{} ({name})", mount.path),
        };
        for (at, message) in &mount.mistakes {
            self.find(*at, Severity::Error, String::new(), message.clone(), &mounted);
        }
        let configuration = mount.configuration.as_deref();
        let tree = configuration.and_then(|node| match node.content {
            Content::Text(_) => place::inside(node, self.text),
            _ => Some(node.clone()),
        });
        let wasm = match self.module(mount) {
            Ok(wasm) => wasm,
            Err(message) => {
                let at = mount.module.map_or(mount.at, |module| module.at);
                return self.find(at, Severity::Error, String::new(), message, &mounted);
            }
        };
        let written = mount.module.and_then(Node::text).map_or(wasm.to_string_lossy(), Into::into);
        let facts = Facts::of(facts::stem(&written));
        let places = configuration.map(|node| place::Places::of(node, self.text));
        let start = configuration.map_or(mount.at, |node| node.at);
        let in_file = |at| places.as_ref().map_or(start, |places| places.in_file(at));
        let clusters = clusters(document);
        let before = self.checked.findings.len();
        self.judge(Judged {
            host: mount.host,
            plugin: self.plugin(mount),
            wasm: &wasm,
            wasm_at: mount.module.map_or(mount.at, |module| module.at),
            tree: tree.as_ref(),
            clusters: clusters.as_deref(),
            place: &in_file,
            mounted: &mounted,
        });
        self.explain(mount, before);
        let breakers = tree.as_ref().and_then(|tree| Breakers::of(mount, facts, tree));
        let apart = breakers.as_ref().and_then(|breakers| breakers.hazard(&self.breakers));
        self.breakers.extend(breakers);
        for hazard in hazards::hazards(mount, facts, tree.as_ref(), document).into_iter().chain(apart) {
            self.find(hazard.at, Severity::Warning, hazard.path, hazard.message, &mounted);
        }
    }

    fn plugin(&self, mount: &Mount<'_>) -> PluginSpec {
        let bytes = |node: Option<&Node>| match node {
            Some(node) => node.text().map_or_else(|| node.to_json().to_string(), str::to_owned).into_bytes(),
            None => Vec::new(),
        };
        let host = self.options.environment.iter().filter(|(name, _)| mount.from_host.contains(name));
        PluginSpec {
            root_id: mount.root_id.clone(),
            configuration: bytes(mount.configuration.as_deref()),
            vm_id: mount.vm_id.clone().unwrap_or_default(),
            vm_configuration: bytes(mount.vm_configuration.as_deref()),
            environment: mount.environment.iter().chain(host).cloned().collect(),
            ..PluginSpec::new(mount.name.clone(), Vec::new())
        }
    }

    /// The module's file: the one named, the one of its name in the folder of modules, or that of the options.
    fn module(&self, mount: &Mount<'_>) -> Result<PathBuf, String> {
        let named = mount.module.and_then(Node::text);
        let by_name = |folder: PathBuf| named.map(|named| folder.join(format!("{}.wasm", facts::stem(named))));
        let modules = &self.options.modules;
        let by_kind = named.map(|named| modules.join(format!("{}.wasm", facts::without_version(facts::stem(named)))));
        let own = match mount.host {
            Profile::Envoy => named.map(|named| PathBuf::from(named.strip_prefix("file://").unwrap_or(named))),
            Profile::Kong => by_name(modules.join("kong")),
        };
        let places = [own, by_name(modules.clone()), by_kind, self.options.wasm.clone()];
        let found = places.into_iter().flatten().find(|path| path.is_file());
        found.ok_or_else(|| match named {
            Some(named) => format!(
                "no module {:?} in {}: build it, or name the folder (--modules) or the file (--wasm)",
                facts::stem(named),
                self.options.modules.display()
            ),
            None => "no module is named here: name its file with --wasm".to_owned(),
        })
    }

    /// Lets the module judge.
    fn judge(&mut self, judged: Judged<'_>) {
        let Judged { host, plugin, wasm, wasm_at, tree, clusters, place, mounted } = judged;
        let bytes = match std::fs::read(wasm) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("{}: {error}", wasm.display());
                return self.find(wasm_at, Severity::Error, String::new(), message, mounted);
            }
        };
        self.checked.modules.push(wasm.to_owned());
        let whole = place(Position::START);
        for mut said in configure(host, PluginSpec { wasm: bytes.into(), ..plugin }, tree, clusters) {
            let of_module = said.of_module.then_some(wasm_at);
            let at =
                said.at.or(of_module).or_else(|| configure::place_in_words(&said.message).map(place)).unwrap_or(whole);
            if said.message.ends_with("found a boolean")
                && let Some(word) = self.word_for_boolean(at)
            {
                said.message.push_str(&format!(" (in YAML {word} is one unless it is in quotes)"));
            }
            self.find(at, said.severity, said.path, said.message, mounted);
        }
    }

    /// The word on this line, after a name, that YAML takes for a boolean.
    fn word_for_boolean(&self, at: Position) -> Option<&str> {
        let (_, value) = self.text.lines().nth(at.line.checked_sub(1)?)?.split_once(':')?;
        let words = ["on", "off", "yes", "no", "y", "n"];
        value.split([' ', ',', '}']).find(|word| words.contains(&word.to_ascii_lowercase().as_str()))
    }

    /// An error about a variable that the proxy's environment would have is explained.
    fn explain(&mut self, mount: &Mount<'_>, from: usize) {
        let absent = |name: &&String| self.options.environment.iter().all(|(known, _)| known != *name);
        for name in mount.from_host.iter().filter(absent) {
            for finding in self.checked.findings.iter_mut().skip(from).filter(|finding| finding.message.contains(name))
            {
                finding
                    .message
                    .push_str(&format!(" (the file takes {name} from the proxy: --env {name}=.. stands in for it)"));
            }
        }
    }

    fn find(&mut self, at: Position, severity: Severity, path: String, message: String, mounted: &str) {
        let finding = Finding { file: self.file.to_owned(), at, severity, path, message, mounted: mounted.to_owned() };
        self.checked.findings.push(finding);
    }
}

/// Whether Envoy itself reads a document: Kubernetes and Kong have signs of their own.
fn is_envoys(document: &Node) -> bool {
    ["kind", "_format_version"].iter().all(|sign| document.get(sign).is_none())
}

/// The clusters of a bootstrap that has all of them; None: there may be others.
fn clusters(document: &Node) -> Option<Vec<&str>> {
    let resources = document.get("static_resources")?;
    let complete = document.find(&["dynamic_resources", "cds_config"]).is_none();
    let clusters = resources.get("clusters").map(Node::elements).unwrap_or_default();
    complete.then(|| clusters.iter().filter_map(|cluster| cluster.text_of("name")).collect())
}
