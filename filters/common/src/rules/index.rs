//! Many rules, one look-up.
//!
//! 1. The first rule in the config's order that matches is found.
//! 2. A rule whose paths all start with known segments is tried for requests below those alone, or else one with hosts
//!    for those hosts alone, one with exact values of headers for those alone, one with names of routes for those
//!    routes alone; any other for every request. Where paths, hosts and headers would do, what the fewest other rules
//!    have is taken. What is tried is [`Match::matches`], so that the index never decides anything by itself.
//! 3. Where a rule looks at paths and ambiguous ones are refused, a request with such a path finds no rule but
//!    [`Found::Ambiguous`], whatever the others say.

mod trie;

use std::rc::Rc;

use crate::filter::Cx;
use crate::head::RequestHead;
use crate::matcher::{Key, Match, host_name, labels};
use crate::path::{Ambiguity, OnAmbiguousPath, segments};
use trie::{Trie, earlier};

/// Rules in their order, indexed.
#[derive(Debug, Default)]
pub struct Index {
    rules: Vec<Rc<Match>>,
    uses_paths: bool,
    reads_head: bool,
    on_ambiguous_path: OnAmbiguousPath,
    /// By the segments of paths. Letters count as lower case: a rule for which case counts is tried more often.
    paths: Trie,
    /// By the labels of hosts, the last first.
    hosts: Trie,
    /// By the name of a header and a value of it.
    headers: Trie,
    /// By the names of routes.
    routes: Trie,
    /// Those that may match any request.
    others: Vec<usize>,
}

/// What [`Index::find`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The first rule that matches, by its place from 0.
    Rule(usize),
    /// No rule matches.
    None,
    /// The path is ambiguous and rules look at paths: the request is to be refused.
    Ambiguous(Ambiguity),
}

impl Index {
    /// Indexes rules. They are to be compiled with the same `on_ambiguous_path`.
    #[must_use]
    pub fn compile(rules: Vec<Match>, on_ambiguous_path: OnAmbiguousPath) -> Self {
        let (uses_paths, reads_head) = (rules.iter().any(Match::uses_paths), rules.iter().any(Match::reads_head));
        let mut index = Self { uses_paths, reads_head, on_ambiguous_path, ..Self::default() };
        for (at, rule) in rules.iter().enumerate() {
            index.insert(at, rule);
        }
        index.rules = rules.into_iter().map(Rc::new).collect();
        index
    }

    /// The rule for a request. Costs nothing when there is none.
    #[must_use]
    pub fn find(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> Found {
        if self.rules.is_empty() {
            return Found::None;
        }
        if self.reads_head {
            // What is chosen reads headers too: one of the rules' own, and then all, would be dearer than all at once.
            head.prefetch();
        }
        let path = if self.uses_paths { cx.facts.path(head).reading(self.on_ambiguous_path) } else { Ok(&b""[..]) };
        let path = match path {
            Ok(path) => path,
            Err(why) => return Found::Ambiguous(why),
        };
        let host = if self.hosts.least().is_none() { &[] } else { host_name(head.host()) };
        let mut from = 0;
        while let Some((at, rule)) = self.candidate(from, (path, host), head, cx) {
            if rule.matches(head, cx) {
                return Found::Rule(at);
            }
            from = at.saturating_add(1);
        }
        Found::None
    }

    /// The rule at that place.
    #[must_use]
    pub fn rule(&self, at: usize) -> Option<&Rc<Match>> {
        self.rules.get(at)
    }

    /// The next rule from that place on which may match a request for this path and host.
    fn candidate(
        &self,
        from: usize,
        (path, host): (&[u8], &[u8]),
        head: &RequestHead<'_>,
        cx: &Cx<'_>,
    ) -> Option<(usize, &Match)> {
        let mut at = earlier(next(&self.others, from), self.paths.next(&mut segments(path), from));
        at = earlier(at, self.hosts.next(&mut labels(host), from));
        for name in self.headers.names() {
            for value in head.values(name) {
                at = earlier(at, self.headers.next(&mut [name.as_bytes(), value].into_iter(), from));
            }
        }
        // A route's name is a call of its own: it waits until rules by routes are to be tried.
        if self.routes.least().is_some_and(|least| at.is_none_or(|at| least < at))
            && let Some(route) = cx.facts.route_name(cx.proxy)
        {
            at = earlier(at, self.routes.next(&mut std::iter::once(route), from));
        }
        let at = at?;
        Some((at, self.rules.get(at)?))
    }

    fn insert(&mut self, at: usize, rule: &Match) {
        let [paths, hosts, headers, routes] = rule.keys();
        let mut fewest: Option<(Option<usize>, &mut Trie, Vec<Key<'_>>)> = None;
        for (trie, keys) in [(&mut self.paths, paths), (&mut self.hosts, hosts), (&mut self.headers, headers)] {
            let Some(keys) = keys else { continue };
            let others = keys.iter().map(|key| trie.count(key)).max();
            if fewest.as_ref().is_none_or(|(least, ..)| others < *least) {
                fewest = Some((others, trie, keys));
            }
        }
        match (fewest, routes) {
            (Some((_, trie, keys)), _) => trie.insert(&keys, at),
            (None, Some(keys)) => self.routes.insert(&keys, at),
            (None, None) => self.others.push(at),
        }
    }
}

/// The first of ascending places that is not below `from`.
fn next(places: &[usize], from: usize) -> Option<usize> {
    places.get(places.partition_point(|&at| at < from)).copied()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
