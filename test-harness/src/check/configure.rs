//! Runs a plugin's configure step, as the host does, and finds the line of each of its errors.

use std::time::Duration;

use super::document::{Node, Position};
use super::{Severity, place};
use crate::{Cluster, LogLevel, LogLine, PluginSpec, Problem, Profile, Proxy, ProxySpec, StartFailure};

/// Long enough for what a plugin does in the background at once: its first call-outs.
const SETTLED: Duration = Duration::from_secs(2);

/// Something that a plugin, or the host, says of a configuration.
pub struct Said {
    pub severity: Severity,
    /// Where in the configuration; empty: of it as a whole.
    pub path: String,
    pub at: Option<Position>,
    /// It is about the module, not its configuration.
    pub of_module: bool,
    pub message: String,
}

/// Configures a plugin in a proxy with these clusters; None: which there are is told elsewhere.
pub fn configure(host: Profile, plugin: PluginSpec, tree: Option<&Node>, clusters: Option<&[&str]>) -> Vec<Said> {
    let known = |names: &&[&str]| names.iter().map(|name| ((*name).to_owned(), Cluster::default())).collect();
    let spec = ProxySpec {
        profile: host,
        plugins: vec![plugin],
        clusters: clusters.as_ref().map(known).unwrap_or_default(),
        ..ProxySpec::default()
    };
    let mut proxy = match Proxy::start(spec) {
        Ok(proxy) => proxy,
        Err(error) => return refused(&error.failure, &error.logs, tree),
    };
    let mut said = told(&proxy.logs(), LogLevel::Warn, Severity::Warning, tree);
    proxy.advance(SETTLED);
    if clusters.is_some() {
        let mut missing: Vec<String> =
            proxy.take_record().diagnostics.into_iter().filter_map(unknown_cluster).collect();
        missing.sort();
        missing.dedup();
        said.extend(missing.into_iter().map(|cluster| no_cluster(&cluster, tree)));
    }
    said
}

fn unknown_cluster(diagnostic: crate::Diagnostic) -> Option<String> {
    match diagnostic.problem {
        Problem::UnknownCluster { cluster } => Some(cluster),
        _ => None,
    }
}

fn no_cluster(cluster: &str, tree: Option<&Node>) -> Said {
    let named = |member: Option<&str>| tree.and_then(|tree| path_of_text(tree, cluster, member, String::new()));
    let found = named(Some("cluster")).or_else(|| named(None));
    let (path, at) = found.map_or((String::new(), None), |(path, at)| (path, Some(at)));
    Said {
        severity: Severity::Error,
        path,
        at,
        of_module: false,
        message: format!("there is no cluster {cluster:?} in this file"),
    }
}

/// Where a text stands: as the member of this name, or anywhere.
fn path_of_text(node: &Node, text: &str, member: Option<&str>, path: String) -> Option<(String, Position)> {
    if node.text() == Some(text) && member.is_none_or(|member| path.ends_with(member)) {
        return Some((path, node.at));
    }
    let members = node.members().iter().map(|below| (place::child(&path, &below.name), &below.value));
    let elements = node.elements().iter().enumerate().map(|(index, below)| (format!("{path}[{index}]"), below));
    members.chain(elements).find_map(|(path, below)| path_of_text(below, text, member, path))
}

/// Why a plugin does not start: what it has logged of its configuration, or else the host's words.
fn refused(failure: &StartFailure, logs: &[LogLine], tree: Option<&Node>) -> Vec<Said> {
    let mut said = told(logs, LogLevel::Error, Severity::Error, tree);
    let whole = match failure {
        StartFailure::Load(why) => format!("the module cannot be loaded: {why}"),
        StartFailure::Trap { callback, message } => format!("{callback} trapped: {message}"),
        StartFailure::VmStartRefused => "proxy_on_vm_start returned false".to_owned(),
        StartFailure::ConfigurationRefused if said.is_empty() => {
            "the plugin refuses it and does not say why".to_owned()
        }
        StartFailure::ConfigurationRefused => return said,
    };
    let of_module = matches!(failure, StartFailure::Load(_));
    // The engine shows a file's first bytes one a line.
    let message = if of_module { whole.split_whitespace().collect::<Vec<_>>().join(" ") } else { whole };
    said.push(Said { severity: Severity::Error, path: String::new(), at: None, of_module, message });
    said
}

/// What was logged at this level or above, each line once: every thread configures the plugin.
fn told(logs: &[LogLine], least: LogLevel, severity: Severity, tree: Option<&Node>) -> Vec<Said> {
    let mut lines: Vec<String> = Vec::new();
    for line in logs.iter().filter(|line| line.level >= least) {
        let line = String::from_utf8_lossy(&line.message).into_owned();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    // A line that only says how many follow says nothing more.
    let counts = |line: &String| line.ends_with("error(s):");
    if lines.iter().any(|line| !counts(line)) {
        lines.retain(|line| !counts(line));
    }
    lines.iter().map(|line| read(line, severity, tree)).collect()
}

/// Takes a log line apart: `sluicegate: auth: rules[2].config.require: expected ..`. Lines of other plugins begin
/// otherwise; theirs are told whole, at the place that they name, if they do.
fn read(line: &str, severity: Severity, tree: Option<&Node>) -> Said {
    let ours = line.strip_prefix("sluicegate: ").and_then(|line| line.split_once(": "));
    let line = ours.map_or(line, |(_, line)| line);
    let found = |path: &str| tree.and_then(|tree| place::of_path(tree, path));
    match line.split_once(": ") {
        Some((path, message)) if ours.is_some() && !path.contains(' ') && path != "config" => {
            Said { severity, at: found(path), of_module: false, path: path.to_owned(), message: message.to_owned() }
        }
        Some((_, message)) if ours.is_some() && line.starts_with("config: ") => {
            Said { severity, at: None, of_module: false, path: String::new(), message: message.to_owned() }
        }
        _ => {
            let at = line.split(": ").find_map(|part| found(part.trim()));
            Said { severity, at, of_module: false, path: String::new(), message: line.to_owned() }
        }
    }
}

/// The place in a text that the message of a JSON parser names: `.. at line 3 column 5`.
pub fn place_in_words(message: &str) -> Option<Position> {
    let (_, place) = message.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    let column = column.split(|letter: char| !letter.is_ascii_digit()).next()?;
    Some(Position { line: line.parse().ok()?, column: column.parse().ok()? })
}
