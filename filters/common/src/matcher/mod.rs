//! Whom a rule is for: `match`.
//!
//! ```json
//! {"hosts": ["api.example.com", "*.example.org"], "methods": ["GET"], "paths": [{"template": "/users/{id}"}],
//!  "headers": [{"name": "x-plan", "exact": "gold"}], "query": [{"name": "debug", "present": true}],
//!  "cookies": [{"name": "beta", "absent": true}], "route_names": ["r1"], "source_ips": ["10.0.0.0/8"],
//!  "route_metadata": [{"namespace": "sluicegate", "key": "plan", "exact": "gold"}]}
//! ```
//!
//! 1. Every field that is given holds, and of each one entry at least. A match without a field is an error.
//! 2. Hosts compare without port, case and the dot at their end; `*.` is one label or more. Methods compare exactly
//!    (RFC 9110 section 9.1).
//! 3. Paths compare in [normal form](crate::path): `exact`; `prefix` and `template` by whole segments, `{id}` is one.
//!    Whether case counts is the filter's choice.
//! 4. Of several values of a header, query parameter or cookie one is enough; `invert` turns the answer about all of
//!    them round. Names in the query, cookies and all values compare exactly.
//! 5. A `regex` (crate `regex-lite`: linear time, ASCII classes) matches the whole value or path.
//! 6. What cannot be read settles as [`Unreadable`] says: a value that is not UTF-8 for a regex, inverted or not, an
//!    ambiguous path, a client without address.

mod cookies;
mod field;
mod host;
mod key;
mod method;
mod path;
mod raw;

pub use cookies::cookies;
pub(crate) use host::labels;
pub use host::{HostPattern, host_name};
pub(crate) use key::Key;
pub use method::Method;
pub use path::anchored;
pub use raw::{RawMatch, RawPath};

use std::rc::Rc;

use crate::client_address::Cidr;
use crate::config::{ConfigErrors, FromConfig};
use crate::facts::Facts;
use crate::filter::Cx;
use crate::head::RequestHead;
use crate::path::OnAmbiguousPath;
use field::FieldMatch;
use path::PathPattern;

/// What the config around a match decides about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchOptions {
    /// Whether the case of ASCII letters counts in paths.
    pub case_sensitive: bool,
    /// How an ambiguous path is read. Under `Reject` it is unreadable: refuse the request before asking.
    pub on_ambiguous_path: OnAmbiguousPath,
    /// What becomes of the unreadable.
    pub unreadable: Unreadable,
}

/// The fields of a config that say how paths are read. Others have readers of their own.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
#[config(allow_unknown)]
struct RawOptions {
    /// What becomes of a request whose path may be read in two ways, where paths are looked at. At the top alone.
    #[config(default)]
    on_ambiguous_path: OnAmbiguousPath,
    /// Whether the case of ASCII letters counts in paths. At the top alone.
    #[config(default)]
    case_sensitive: Option<bool>,
}

/// The fields of a config that say how paths are read, described.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn option_fields() -> Vec<crate::describe::Field> {
    <RawOptions as crate::describe::Described>::fields()
}

impl MatchOptions {
    /// What is read of a config.
    pub(crate) const FIELDS: &[&str] = &["on_ambiguous_path", "case_sensitive"];

    /// Reads `on_ambiguous_path` and `case_sensitive` out of a config; `case_sensitive` holds where it does not say.
    ///
    /// # Errors
    /// Everything that is wrong with these fields.
    pub fn read(config: serde_json::Value, case_sensitive: bool) -> Result<Self, ConfigErrors> {
        let raw: RawOptions = deserr::deserialize(config)?;
        Ok(Self {
            case_sensitive: raw.case_sensitive.unwrap_or(case_sensitive),
            on_ambiguous_path: raw.on_ambiguous_path,
            unreadable: Unreadable::NoMatch,
        })
    }
}

/// What a match says about a request of which it cannot read a part it looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unreadable {
    /// It does not match: for rules that grant or choose.
    #[default]
    NoMatch,
    /// It matches: for rules that deny.
    Match,
}

/// A compiled `match`.
#[derive(Debug, Clone)]
pub struct Match {
    hosts: Vec<HostPattern>,
    methods: Vec<Method>,
    paths: Vec<PathPattern>,
    headers: Vec<FieldMatch>,
    query: Vec<FieldMatch>,
    cookies: Vec<FieldMatch>,
    route_names: Vec<String>,
    source_ips: Vec<Cidr>,
    route_metadata: Vec<RouteMetadata>,
    options: MatchOptions,
}

/// A string in a route's metadata.
#[derive(Debug, Clone, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
struct RouteMetadata {
    namespace: String,
    key: String,
    exact: String,
}

impl Match {
    /// Reads and compiles a `match`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(value: serde_json::Value, options: MatchOptions) -> Result<Self, ConfigErrors> {
        deserr::deserialize::<RawMatch, _, ConfigErrors>(value)?.compile(options)
    }

    /// Whether the rule is for this request.
    #[must_use]
    pub fn matches(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        one_of(&self.methods, |method| method.is(head.method()))
            && self.path_matches(head, cx)
            && one_of(&self.hosts, |host| host.matches(host_name(head.host())))
            && one_of(&self.headers, |header| header.holds(head.values(header.name()), self.unreadable()))
            && one_of(&self.query, |parameter| {
                parameter.holds(cx.facts.parameter(head, parameter.name()).iter(), self.unreadable())
            })
            && one_of(&self.cookies, |cookie| {
                cookie.holds(cx.facts.cookie(head, cookie.name()).iter(), self.unreadable())
            })
            && self.address_matches(head, cx)
            && one_of(&self.route_names, |name| cx.facts.route_name(cx.proxy) == Some(name.as_bytes()))
            && one_of(&self.route_metadata, |entry| {
                let found = cx.facts.route_metadata(cx.proxy, &entry.namespace, &entry.key);
                found.as_deref() == Some(entry.exact.as_bytes())
            })
    }

    /// Whether it looks at the path: then an ambiguous one is a matter of `on_ambiguous_path`.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// The template in `paths` that the request's path fits, as written; the first of several.
    #[must_use]
    pub fn path_template(&self, head: &RequestHead<'_>, facts: &Facts) -> Option<&Rc<str>> {
        let mut templates = self.templates().peekable();
        templates.peek()?;
        let path = facts.path(head).reading(self.options.on_ambiguous_path).ok()?;
        templates.find(|(pattern, _)| pattern.matches(path) == Some(true)).map(|(_, text)| text)
    }

    pub(crate) fn has_templates(&self) -> bool {
        self.templates().next().is_some()
    }

    fn templates(&self) -> impl Iterator<Item = (&PathPattern, &Rc<str>)> {
        self.paths.iter().filter_map(|pattern| Some((pattern, pattern.as_template()?)))
    }

    /// Whether it looks at the head, pseudo headers included.
    #[must_use]
    pub fn reads_head(&self) -> bool {
        let pseudo = !(self.methods.is_empty() && self.hosts.is_empty() && self.paths.is_empty());
        pseudo || !(self.query.is_empty() && self.headers.is_empty() && self.cookies.is_empty())
    }

    /// The headers it looks at, which a cache has to know (`Vary`). Method, host, path and query are known to it.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &str> {
        let cookies = self.cookies.first().map(|_| "cookie");
        self.headers.iter().map(FieldMatch::name).chain(cookies)
    }

    fn path_matches(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        if self.paths.is_empty() {
            return true;
        }
        let Ok(path) = cx.facts.path(head).reading(self.options.on_ambiguous_path) else { return self.unreadable() };
        self.paths.iter().any(|pattern| pattern.matches(path).unwrap_or(self.unreadable()))
    }

    fn address_matches(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        if self.source_ips.is_empty() {
            return true;
        }
        let client = cx.facts.client_ip(head, cx.proxy, cx.settings);
        client.map_or(self.unreadable(), |ip| self.source_ips.iter().any(|block| block.contains(ip)))
    }

    fn unreadable(&self) -> bool {
        self.options.unreadable == Unreadable::Match
    }
}

/// Whether an entry holds; a field that is not given has none and always holds.
fn one_of<T>(entries: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    entries.is_empty() || entries.iter().any(holds)
}

#[cfg(test)]
mod tests;
