//! Places of rules by what they start with.

use std::cmp::Ordering;

use super::next;

/// A trie over segments of bytes, whose case does not count.
#[derive(Debug)]
pub(super) struct Trie {
    /// The first is the root.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Ascending by segment, each with the place of its node.
    children: Vec<(Box<[u8]>, usize)>,
    /// Rules for what ends here, ascending.
    here: Vec<usize>,
    /// Rules for what ends here or goes on, ascending.
    below: Vec<usize>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Trie {
    /// Adds a rule, of which no later one was added: for these segments, or (`whole` = false) what starts with them.
    pub(super) fn insert<'s>(&mut self, segments: impl Iterator<Item = &'s [u8]>, whole: bool, rule: usize) {
        let mut at = 0;
        for segment in segments {
            at = self.child_or_new(at, segment);
        }
        let Some(node) = self.nodes.get_mut(at) else { return };
        let rules = if whole { &mut node.here } else { &mut node.below };
        if rules.last() != Some(&rule) {
            rules.push(rule);
        }
    }

    /// The first rule for these segments that is not below `from`. Walks no deeper than rules reach.
    pub(super) fn next<'s>(&self, mut segments: impl Iterator<Item = &'s [u8]>, from: usize) -> Option<usize> {
        let mut node = self.nodes.first()?;
        let mut found = next(&node.below, from);
        for segment in &mut segments {
            let Ok(child) = node.find(segment) else { return found };
            node = node.children.get(child).and_then(|(_, at)| self.nodes.get(*at))?;
            found = earlier(found, next(&node.below, from));
        }
        earlier(found, next(&node.here, from))
    }

    /// Whether it holds no rule.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.nodes.as_slice(), [root] if root.here.is_empty() && root.below.is_empty())
    }

    fn child_or_new(&mut self, at: usize, segment: &[u8]) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        match node.find(segment) {
            Ok(child) => node.children.get(child).map_or(at, |(_, at)| *at),
            Err(place) => {
                node.children.insert(place, (segment.into(), new));
                self.nodes.push(Node::default());
                new
            }
        }
    }
}

impl Node {
    /// The child's place, or where it would stand.
    fn find(&self, segment: &[u8]) -> Result<usize, usize> {
        self.children.binary_search_by(|(child, _)| folded(child, segment))
    }
}

fn earlier(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Compares without regard to the case of ASCII letters.
fn folded(one: &[u8], other: &[u8]) -> Ordering {
    one.iter().map(u8::to_ascii_lowercase).cmp(other.iter().map(u8::to_ascii_lowercase))
}
