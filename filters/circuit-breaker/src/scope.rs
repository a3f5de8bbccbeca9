//! Which breaker a request comes to. Names are made of what the proxy's configuration and ours say, never of what a
//! client sends: whoever forges hosts or paths makes no breakers.

use std::fmt::Write as _;

use sluicegate_common::config::{Name, Text};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::{HostPattern, host_name};
use sluicegate_common::store::digest;

use crate::table::OTHER;

/// What stands for a part that the request has not: a cluster in Kong's engine, a path that fits no template.
const NONE: &str = "none";
/// The longest name, in bytes: Kong's engine takes metric names of up to 256.
pub const LONGEST: usize = 128;

/// `scope`: parts of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The cluster of the request's route (Envoy).
    Cluster,
    /// The name of the route (Envoy).
    Route,
    /// The template that the path fits, of those in the rules.
    PathTemplate,
    /// The host, one of `hosts`.
    Host,
    /// `const:x`
    Const(String),
}

impl Text for Part {
    const EXPECTED: &'static str =
        "\"cluster\", \"route\", \"path_template\", \"host\" or \"const:<name>\", a name such as \"orders\"";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "cluster" => Self::Cluster,
            "route" => Self::Route,
            "path_template" => Self::PathTemplate,
            "host" => Self::Host,
            _ => {
                let name = text.strip_prefix("const:")?;
                <Name as Text>::parse(name)?;
                Self::Const(name.to_owned())
            }
        })
    }
}

sluicegate_common::deserr_text!(Part);

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Part {
    fn schema() -> serde_json::Value {
        let pattern = "^(cluster|route|path_template|host|const:[a-z0-9_-]{1,63})$";
        serde_json::json!({ "type": "string", "description": Self::EXPECTED, "pattern": pattern })
    }

    fn kind() -> String {
        sluicegate_common::describe::one_of(&["cluster", "route", "path_template", "host", "const:<name>"])
    }

    fn kinds() -> String {
        Self::kind()
    }
}

/// How requests are told apart.
#[derive(Debug)]
pub struct Scope {
    parts: Vec<Part>,
    /// As written, in lower case.
    hosts: Vec<(HostPattern, String)>,
}

impl Scope {
    /// `hosts` are those that [`Part::Host`] tells apart.
    #[must_use]
    pub fn new(parts: Vec<Part>, hosts: Vec<(HostPattern, String)>) -> Self {
        Self { parts, hosts }
    }

    /// Writes the name of the request's breaker: at most [`LONGEST`] bytes of printable ASCII.
    pub fn write_name(&self, head: &RequestHead<'_>, cx: &Cx<'_>, name: &mut String) {
        name.clear();
        for part in &self.parts {
            if !name.is_empty() {
                name.push(':');
            }
            match part {
                Part::Cluster => {
                    // Gone since Envoy 1.40 under its old name; where there is no such cluster, there is no name.
                    let cluster = cx.proxy.property(&["xds", "cluster_name"]).ok().flatten();
                    push(name, cluster.as_deref());
                }
                Part::Route => push(name, cx.facts.route_name(cx.proxy)),
                Part::PathTemplate => push(name, cx.facts.path_template(head).as_deref().map(str::as_bytes)),
                Part::Host => name.push_str(self.host(head)),
                Part::Const(text) => name.push_str(text),
            }
        }
        if name.len() > LONGEST {
            *name = shortened(std::mem::take(name));
        }
    }

    /// The names that are known before any request; nothing where the proxy's configuration has a part in them.
    #[must_use]
    pub fn known(&self) -> Vec<String> {
        let mut names = vec![String::new()];
        for part in &self.parts {
            let texts: Vec<&str> = match part {
                Part::Const(text) => vec![text],
                Part::Host => self.hosts.iter().map(|(_, name)| name.as_str()).chain([OTHER]).collect(),
                Part::Cluster | Part::Route | Part::PathTemplate => return Vec::new(),
            };
            let join =
                |name: &String, text: &str| if name.is_empty() { text.to_owned() } else { format!("{name}:{text}") };
            names = names.iter().flat_map(|name| texts.iter().map(move |text| join(name, text))).collect();
        }
        names.into_iter().map(shortened).collect()
    }

    /// Whether the path is looked at.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.parts.contains(&Part::PathTemplate)
    }

    fn host(&self, head: &RequestHead<'_>) -> &str {
        let host = host_name(head.host());
        self.hosts.iter().find(|(pattern, _)| pattern.matches(host)).map_or(OTHER, |(_, name)| name)
    }
}

/// Appends a part that the proxy's configuration says. Metric names are printable.
fn push(name: &mut String, text: Option<&[u8]>) {
    let text = text.filter(|text| !text.is_empty()).unwrap_or(NONE.as_bytes());
    let start = name.len();
    name.extend(text.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '_' }));
    if name.as_bytes().get(start..) != Some(text) {
        append_digest(name, text);
    }
}

/// Cut to [`LONGEST`], and told from others that begin alike.
fn shortened(mut name: String) -> String {
    if name.len() > LONGEST {
        let long = name.clone();
        name.truncate(LONGEST.saturating_sub(17)); // All of it is ASCII.
        append_digest(&mut name, long.as_bytes());
    }
    name
}

fn append_digest(name: &mut String, text: &[u8]) {
    let [a, b, c, d, e, f, g, h, ..] = digest(b"sluicegate/scope", &[text]);
    let _ = write!(name, "~{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]));
}

#[cfg(test)]
mod tests;
