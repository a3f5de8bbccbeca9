//! Scenario files: finding them, reading them, resolving what they name.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::yaml::{self, PluginYaml};
use super::{Plugin, Scenario};

/// A scenario file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong, where, expected against found.
    pub problem: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.problem)
    }
}

impl std::error::Error for LoadError {}

/// All scenario files (`.yaml`) below a folder, or the file itself; sorted.
///
/// # Errors
/// The path does not exist or cannot be read.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let wrong = |error: std::io::Error| LoadError { file: path.to_owned(), problem: error.to_string() };
    if !std::fs::metadata(path).map_err(wrong)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let entry = entry.map_err(wrong)?.path();
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "yaml") {
            files.extend(find(&entry)?);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a scenario file; its id is the path below `root`, without extension.
///
/// # Errors
/// The file, a configuration or a module cannot be read, or the file does not follow the schema.
pub fn load(root: &Path, file: &Path) -> Result<Scenario, LoadError> {
    let wrong = |problem: String| LoadError { file: file.to_owned(), problem };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let below = file.strip_prefix(root).unwrap_or(file).with_extension("");
    let id = match below.as_os_str().is_empty() {
        true => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        false => below.to_string_lossy().into_owned(),
    };
    // The parent of a bare name is an empty path.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    parse(&id, &text, folder).map_err(wrong)
}

/// Parses a scenario; what it names is looked for from `folder`.
///
/// # Errors
/// As [`load`], in words.
pub fn parse(id: &str, text: &str, folder: &Path) -> Result<Scenario, String> {
    let yaml = yaml::parse(text)?;
    let plugins = yaml.plugins.iter().map(|plugin| resolve(plugin, folder)).collect::<Result<_, _>>()?;
    Ok(Scenario {
        id: id.to_owned(),
        name: yaml.name,
        plugins,
        workers: yaml.workers,
        now: yaml.now,
        route: yaml.route,
        clusters: yaml.clusters,
        only: yaml.only,
        not_in: yaml.not_in,
        refused: yaml.refused,
        budget: yaml.budget,
        steps: yaml.steps,
    })
}

fn resolve(yaml: &PluginYaml, folder: &Path) -> Result<Plugin, String> {
    let configuration = match &yaml.config {
        None => Vec::new(),
        Some(Value::String(path)) => std::fs::read(folder.join(path))
            .map_err(|error| format!("config: {}: {error}", folder.join(path).display()))?,
        Some(value @ Value::Object(_)) => value.to_string().into_bytes(),
        Some(other) => return Err(format!("config: expected a path or an object, found {other}")),
    };
    let module = module(&yaml.plugin, folder)?;
    let stem = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Plugin {
        name: yaml.name.clone().unwrap_or(stem),
        module,
        configuration,
        vm_id: yaml.vm_id.clone(),
        environment: yaml.env.clone().into_iter().collect(),
        failure_policy: yaml.failure_policy(),
        allow_on_headers_stop_iteration: yaml.allow_on_headers_stop_iteration,
    })
}

/// The module's file: a path to a `.wasm` or `.wat`, or a name in the nearest `dist` above the scenario.
fn module(plugin: &str, folder: &Path) -> Result<PathBuf, String> {
    if plugin.ends_with(".wat") {
        return assemble(&folder.join(plugin)).map_err(|why| format!("plugin: {plugin}: {why}"));
    }
    if plugin.ends_with(".wasm") {
        let path = folder.join(plugin);
        return path.canonicalize().map_err(|error| format!("plugin: {}: {error}", path.display()));
    }
    let start = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let wanted = PathBuf::from("dist").join(plugin).with_extension("wasm");
    let found = start.ancestors().map(|parent| parent.join(&wanted)).find(|path| path.is_file());
    found.ok_or_else(|| {
        format!("plugin: {} not found in any folder above {}: run `make build`", wanted.display(), start.display())
    })
}

/// Text as a module, for backends that read files; equal texts share one.
fn assemble(text: &Path) -> Result<PathBuf, String> {
    let wasm = wat::parse_file(text).map_err(|error| error.to_string())?;
    let mut hasher = DefaultHasher::new();
    wasm.hash(&mut hasher);
    let stem = text.file_stem().unwrap_or_default().to_string_lossy();
    let folder = std::env::temp_dir().join("test-harness-modules");
    let module = folder.join(format!("{:016x}", hasher.finish())).join(format!("{stem}.wasm"));
    let write = || -> std::io::Result<()> {
        let parent = module.parent().unwrap_or(&folder);
        std::fs::create_dir_all(parent)?;
        // Others may read it meanwhile: it appears whole.
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(&wasm)?;
        file.persist(&module).map(drop).map_err(|error| error.error)
    };
    if !module.is_file() {
        write().map_err(|error| error.to_string())?;
    }
    Ok(module)
}
