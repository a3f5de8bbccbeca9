//! Places of rules by what they start with.

use std::cmp::Ordering;

use super::next;
use crate::matcher::Key;

/// A trie over the parts of keys, whose case does not count.
#[derive(Debug)]
pub(super) struct Trie {
    /// The first is the root.
    nodes: Vec<Node>,
    /// The first rule.
    least: Option<usize>,
}

#[derive(Debug, Default)]
struct Node {
    /// Ascending by part, each with the place of its node.
    children: Vec<(Box<[u8]>, usize)>,
    /// Rules for what ends here, ascending.
    here: Vec<usize>,
    /// Rules for what ends here or goes on, ascending.
    below: Vec<usize>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], least: None }
    }
}

impl Trie {
    /// Adds a rule, of which no later one was added.
    pub(super) fn insert(&mut self, keys: &[Key<'_>], rule: usize) {
        self.least.get_or_insert(rule);
        for key in keys {
            let mut at = 0;
            for part in &key.parts {
                at = self.child_or_new(at, part);
            }
            let Some(node) = self.nodes.get_mut(at) else { return };
            let rules = if key.whole { &mut node.here } else { &mut node.below };
            if rules.last() != Some(&rule) {
                rules.push(rule);
            }
        }
    }

    /// The first rule for these parts that is not below `from`. Walks no deeper than rules reach.
    pub(super) fn next(&self, parts: &mut dyn Iterator<Item = &[u8]>, from: usize) -> Option<usize> {
        let mut node = self.nodes.first()?;
        let mut found = next(&node.below, from);
        for part in parts {
            let Ok(child) = node.find(part) else { return found };
            node = node.children.get(child).and_then(|(_, at)| self.nodes.get(*at))?;
            found = earlier(found, next(&node.below, from));
        }
        earlier(found, next(&node.here, from))
    }

    /// How many rules have this key, or the same one with another end.
    pub(super) fn count(&self, key: &Key<'_>) -> usize {
        let mut node = self.nodes.first();
        for part in &key.parts {
            let child = node.and_then(|node| node.children.get(node.find(part).ok()?));
            node = child.and_then(|(_, at)| self.nodes.get(*at));
        }
        node.map_or(0, |node| node.here.len().saturating_add(node.below.len()))
    }

    /// The first rule of all.
    pub(super) fn least(&self) -> Option<usize> {
        self.least
    }

    /// What keys start with; of keys that are text.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.nodes.first().into_iter().flat_map(|root| &root.children);
        names.filter_map(|(name, _)| std::str::from_utf8(name).ok())
    }

    fn child_or_new(&mut self, at: usize, part: &[u8]) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        match node.find(part) {
            Ok(child) => node.children.get(child).map_or(at, |(_, at)| *at),
            Err(place) => {
                node.children.insert(place, (part.into(), new));
                self.nodes.push(Node::default());
                new
            }
        }
    }
}

impl Node {
    /// The child's place, or where it would stand.
    fn find(&self, part: &[u8]) -> Result<usize, usize> {
        self.children.binary_search_by(|(child, _)| folded(child, part))
    }
}

/// The first of two places.
pub(super) fn earlier(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Compares without regard to the case of ASCII letters.
fn folded(one: &[u8], other: &[u8]) -> Ordering {
    one.iter().map(u8::to_ascii_lowercase).cmp(other.iter().map(u8::to_ascii_lowercase))
}
