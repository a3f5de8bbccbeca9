//! The limits, as envoyproxy/ratelimit's configuration has them: a domain, and descriptors as a tree.

use serde::Deserialize;

use crate::protocol::{Entry, Unit};

/// The configuration of one domain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// What clients send as `domain`.
    pub domain: String,
    #[serde(default)]
    descriptors: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    key: String,
    /// Any, where there is none.
    value: Option<String>,
    rate_limit: Option<Limit>,
    #[serde(default)]
    descriptors: Vec<Node>,
}

/// So many requests in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How long a window lasts. Windows begin at multiples of it since 1970.
    pub unit: Unit,
    /// At most so many.
    pub requests_per_unit: u32,
}

impl Limit {
    /// The length of a window.
    pub fn seconds(self) -> u64 {
        match self.unit {
            Unit::Unknown | Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
            Unit::Day => 86400,
        }
    }
}

impl Limits {
    /// The limit of a descriptor: that of the node to which its entries lead, each to the child with its key and value
    /// or else to the child with its key and no value.
    pub fn of(&self, entries: &[Entry]) -> Option<Limit> {
        let (last, path) = entries.split_last()?;
        let mut level = &self.descriptors;
        for entry in path {
            level = &child(level, entry)?.descriptors;
        }
        child(level, last)?.rate_limit
    }
}

fn child<'a>(level: &'a [Node], entry: &Entry) -> Option<&'a Node> {
    let of_value =
        |value: Option<&str>| level.iter().find(|node| node.key == entry.key && node.value.as_deref() == value);
    of_value(Some(&entry.value)).or_else(|| of_value(None))
}

#[cfg(test)]
mod tests;
