//! A policy of Kong as a config of ours.
//!
//! Kong edits path, method, headers and query, each by `remove`, `rename`, `replace`, `add`, `append` in this order:
//! ours are `remove`, `rename`, `replace_if_exists`, `set_if_absent`, `append`. A header `host` is our target `host`; Kong
//! never adds one, nor do we. Edits of a body are left out: see [`super::Case::play`].

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::score::Aside;
use super::template::{self, Captures};

/// A policy; an empty list is an empty policy.
#[derive(Deserialize)]
#[serde(from = "Written")]
pub struct Policy {
    method: Option<String>,
    /// By verb, in the order in which they work.
    edits: [(&'static str, Edits); 5],
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Edits {
    headers: Vec<String>,
    querystring: Vec<String>,
    body: Vec<String>,
    uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Object(Box<Verbs>),
    Empty([(); 0]),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Verbs {
    http_method: Option<String>,
    remove: Edits,
    rename: Edits,
    replace: Edits,
    add: Edits,
    append: Edits,
}

impl From<Written> for Policy {
    fn from(written: Written) -> Self {
        let verbs = match written {
            Written::Object(verbs) => *verbs,
            Written::Empty([]) => Verbs::default(),
        };
        let edits = [
            ("remove", verbs.remove),
            ("rename", verbs.rename),
            ("replace_if_exists", verbs.replace),
            ("set_if_absent", verbs.add),
            ("append", verbs.append),
        ];
        Self { method: verbs.http_method, edits }
    }
}

impl Policy {
    pub fn edits_the_body(&self) -> bool {
        self.edits.iter().any(|(_, edits)| !edits.body.is_empty())
    }

    /// The path that `replace` gives.
    pub fn path(&self) -> Option<&str> {
        self.edits.iter().find_map(|(_, edits)| edits.uri.as_deref())
    }

    /// The one header that the policy is about.
    pub fn only_header(&self) -> Option<&str> {
        let mut names = self.edits.iter().flat_map(|(_, edits)| &edits.headers).map(|entry| split(entry).0);
        names.next().filter(|_| names.next().is_none())
    }

    /// The config.
    pub fn ours(&self, captures: &Captures) -> Result<Value, Aside> {
        let mut ops = Vec::new();
        if let Some(path) = self.path() {
            for value in template::ours(path, captures)?.iter().rev() {
                ops.push(json!({"op": "set", "target": "path", "value": value}));
            }
        }
        ops.extend(self.method.iter().map(|method| json!({"op": "set", "target": "method", "value": method})));
        for (op, edits) in &self.edits {
            for entry in &edits.headers {
                ops.extend(op_on_header(op, entry, captures)?);
            }
        }
        for (op, edits) in &self.edits {
            for entry in &edits.querystring {
                ops.extend(op_on("query", op, entry, captures)?);
            }
        }
        Ok(json!({"request": ops}))
    }
}

fn op_on_header(op: &str, entry: &str, captures: &Captures) -> Result<Vec<Value>, Aside> {
    let (name, value) = split(entry);
    match (name.eq_ignore_ascii_case("host"), op) {
        (false, _) => op_on("header", op, entry, captures),
        (true, "replace_if_exists") => {
            let values = template::ours(value, captures)?;
            Ok(values.iter().rev().map(|value| json!({"op": "set", "target": "host", "value": value})).collect())
        }
        (true, "set_if_absent" | "append") => Ok(Vec::new()),
        (true, _) => Err(Aside::because("a request without a host")),
    }
}

fn op_on(target: &str, op: &str, entry: &str, captures: &Captures) -> Result<Vec<Value>, Aside> {
    let (name, value) = split(entry);
    let ours = |field: &str, value: &str| json!({"op": op, "target": target, "name": name, field: value});
    match op {
        "remove" => Ok(vec![json!({"op": op, "target": target, "name": entry})]),
        "rename" => Ok(vec![ours("to", value)]),
        _ => {
            let mut values = template::ours(value, captures)?;
            match (op, values.len()) {
                ("append", 2..) => return Err(Aside::because("appends one of two values, whichever there is")),
                // The last one wins.
                ("replace_if_exists", _) => values.reverse(),
                _ => {}
            }
            Ok(values.iter().map(|value| ours("value", value)).collect())
        }
    }
}

/// `name:value`.
fn split(entry: &str) -> (&str, &str) {
    entry.split_once(':').unwrap_or((entry, ""))
}
