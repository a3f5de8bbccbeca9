//! Paths a rule is for.

use std::rc::Rc;

use regex_lite::Regex;

use super::{Key, MatchOptions};
use crate::path::{NormalPath, segments};

/// A path, or many. Compares what [`NormalPath::reading`] gives.
#[derive(Debug, Clone)]
pub(super) struct PathPattern {
    kind: Kind,
    case_sensitive: bool,
}

#[derive(Debug, Clone)]
enum Kind {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    /// The template as written, and its segments.
    Template(Rc<str>, Vec<Segment>),
    /// Anchored, and compiled with the case rule.
    Regex(Regex),
}

#[derive(Debug, Clone)]
enum Segment {
    Literal(Vec<u8>),
    /// `{id}`: any segment that is not empty.
    Any,
}

impl PathPattern {
    /// `exact`: this path.
    pub(super) fn exact(text: &str, options: MatchOptions) -> Result<Self, String> {
        Ok(Self::new(Kind::Exact(path(text, options)?), options))
    }

    /// `prefix`: this path and all below it.
    pub(super) fn prefix(text: &str, options: MatchOptions) -> Result<Self, String> {
        Ok(Self::new(Kind::Prefix(path(text, options)?), options))
    }

    /// `template`: as many segments, and those that do not stand in braces equal.
    pub(super) fn template(text: &str, options: MatchOptions) -> Result<Self, String> {
        let path = path(text, options)?;
        let parsed: Result<Vec<Segment>, String> = segments(&path).map(Segment::parse).collect();
        Ok(Self::new(Kind::Template(text.into(), parsed?), options))
    }

    /// `regex`: the whole path.
    pub(super) fn regex(text: &str, options: MatchOptions) -> Result<Self, String> {
        Ok(Self::new(Kind::Regex(anchored(text, options.case_sensitive)?), options))
    }

    fn new(kind: Kind, options: MatchOptions) -> Self {
        Self { kind, case_sensitive: options.case_sensitive }
    }

    /// Whether a path is one of these; `None` when it cannot be read.
    pub(super) fn matches(&self, path: &[u8]) -> Option<bool> {
        Some(match &self.kind {
            Kind::Exact(text) => self.same(path, text),
            Kind::Prefix(text) => {
                let mut found = segments(path);
                segments(text).all(|want| found.next().is_some_and(|segment| self.same(segment, want)))
            }
            Kind::Template(_, wanted) => {
                let mut found = segments(path);
                let all = wanted.iter().all(|want| found.next().is_some_and(|segment| self.fits(segment, want)));
                // `*` has no segment and is not `/`.
                all && found.next().is_none() && path.starts_with(b"/")
            }
            Kind::Regex(regex) => regex.is_match(std::str::from_utf8(path).ok()?),
        })
    }

    /// The text of a template.
    pub(super) fn as_template(&self) -> Option<&Rc<str>> {
        if let Kind::Template(text, _) = &self.kind { Some(text) } else { None }
    }

    /// What all its paths start with.
    pub(super) fn key(&self) -> Option<Key<'_>> {
        match &self.kind {
            Kind::Exact(text) => Some(Key { parts: segments(text).collect(), whole: true }),
            Kind::Prefix(text) => Some(Key { parts: segments(text).collect(), whole: false }),
            Kind::Template(_, wanted) => {
                let literal = wanted.iter().map_while(|segment| match segment {
                    Segment::Literal(text) => Some(text.as_slice()),
                    Segment::Any => None,
                });
                let parts: Vec<&[u8]> = literal.collect();
                Some(Key { whole: parts.len() == wanted.len(), parts })
            }
            Kind::Regex(_) => None,
        }
    }

    fn fits(&self, segment: &[u8], want: &Segment) -> bool {
        match want {
            Segment::Literal(text) => self.same(segment, text),
            Segment::Any => !segment.is_empty(),
        }
    }

    fn same(&self, one: &[u8], other: &[u8]) -> bool {
        if self.case_sensitive { one == other } else { one.eq_ignore_ascii_case(other) }
    }
}

impl Segment {
    fn parse(segment: &[u8]) -> Result<Self, String> {
        let name = segment.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        match name {
            Some([first, rest @ ..]) if is_name(*first) && rest.iter().all(|&byte| is_name(byte)) => Ok(Self::Any),
            None if !segment.iter().any(|byte| b"{}".contains(byte)) => Ok(Self::Literal(segment.to_vec())),
            _ => Err(format!(
                "segment {:?} is neither a name in braces nor free of them",
                segment.escape_ascii().to_string()
            )),
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A path of the config as requests are read.
fn path(text: &str, options: MatchOptions) -> Result<Vec<u8>, String> {
    if !text.starts_with('/') {
        return Err("it does not start with a slash".to_owned());
    }
    if text.contains('?') {
        return Err("it holds a question mark, which ends a path: the query has a field of its own".to_owned());
    }
    let path = NormalPath::of(text.as_bytes());
    match path.reading(options.on_ambiguous_path) {
        Ok(read) => Ok(read.to_vec()),
        Err(why) => Err(format!("it {why}, and such requests are refused (\"on_ambiguous_path\")")),
    }
}

/// Compiles a regex that matches the whole of a text, never a part of it.
///
/// # Errors
/// What is wrong with it, in the words of the crate `regex-lite`.
pub fn anchored(text: &str, case_sensitive: bool) -> Result<Regex, String> {
    // Alone first: `a)|(?:b` is valid inside the group only, and would escape the anchors.
    let compile = |text: &str| {
        let regex = regex_lite::RegexBuilder::new(text).case_insensitive(!case_sensitive).build();
        regex.map_err(|error| error.to_string())
    };
    compile(text)?;
    compile(&format!("^(?:{text})$"))
}
