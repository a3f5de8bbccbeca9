//! Scopes, as a token names them.

use std::collections::BTreeSet;

use serde_json::Value;
use sluicegate_common::config::{Object, Text};

/// A scope-token (RFC 6749 section 3.3): printable ASCII without space, quote and backslash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(String);

impl Text for Scope {
    const EXPECTED: &'static str = "one scope such as \"notes:write\" (RFC 6749 section 3.3)";

    fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        fits.then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Scope);
sluicegate_common::described_text!(Scope: "scope");

/// Scopes of which one is enough.
#[derive(Debug, Clone)]
pub struct Scopes {
    wanted: BTreeSet<String>,
    /// In the order of the config.
    list: String,
}

impl Scopes {
    /// These.
    #[must_use]
    pub fn new(scopes: Vec<Scope>) -> Self {
        let list: Vec<&str> = scopes.iter().map(|Scope(scope)| scope.as_str()).collect();
        Self { list: list.join(" "), wanted: scopes.into_iter().map(|Scope(scope)| scope).collect() }
    }

    /// All of them, separated by spaces.
    #[must_use]
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Whether a token has one of them: in `scope`, a string separated by spaces (RFC 8693 section 4.2), or in `scp`,
    /// such a string or an array of strings.
    #[must_use]
    pub fn meet(&self, claims: &Object) -> bool {
        let in_text = |text: &str| text.split(' ').any(|scope| self.wanted.contains(scope));
        let in_scope = claims.get("scope").and_then(Value::as_str).is_some_and(in_text);
        in_scope
            || match claims.get("scp") {
                Some(Value::String(text)) => in_text(text),
                Some(Value::Array(scopes)) => {
                    scopes.iter().filter_map(Value::as_str).any(|scope| self.wanted.contains(scope))
                }
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests;
