//! What an index finds rules by.

use super::field::FieldMatch;
use super::path::PathPattern;
use super::{HostPattern, Match};

/// What a request has in common that one entry of a field is for, in parts: the segments of a path, the labels of a host
/// from the last on, the name of a header and a value, the name of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    /// The first parts.
    pub(crate) parts: Vec<&'a [u8]>,
    /// Whether there are no others.
    pub(crate) whole: bool,
}

/// One for each entry of a field; `None` where the field is not given, or has an entry without a key.
type Keys<'a> = Option<Vec<Key<'a>>>;

impl Match {
    /// Those of its paths, hosts, headers and routes.
    pub(crate) fn keys(&self) -> [Keys<'_>; 4] {
        [
            keys(&mut self.paths.iter().map(PathPattern::key)),
            keys(&mut self.hosts.iter().map(HostPattern::key)),
            keys(&mut self.headers.iter().map(FieldMatch::key)),
            keys(&mut self.route_names.iter().map(|name| Some(Key { parts: vec![name.as_bytes()], whole: true }))),
        ]
    }
}

// Not generic: the loop stands in the module once.
fn keys<'a>(entries: &mut dyn Iterator<Item = Option<Key<'a>>>) -> Keys<'a> {
    let mut keys = Vec::new();
    for key in entries {
        keys.push(key?);
    }
    Some(keys).filter(|keys| !keys.is_empty())
}
