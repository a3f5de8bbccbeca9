//! `match` as the config says it.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::field::{FieldMatch, Test};
use super::path::{PathPattern, anchored};
use super::{HostPattern, Match, MatchOptions, Method, RouteMetadata};
use crate::client_address::Cidr;
use crate::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, Text, one_key, quoted};

/// A `match` as written, for configs that hold one; [`RawMatch::compile`] makes it a [`Match`].
#[derive(Debug, Clone, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub struct RawMatch {
    /// Exact hosts, or `*.example.com` for all below; without port.
    #[config(default)]
    hosts: Option<Vec<HostPattern>>,
    /// Methods.
    #[config(default)]
    methods: Option<Vec<Method>>,
    /// Paths: one of them is enough.
    #[config(default)]
    paths: Option<Vec<RawPath>>,
    /// Headers: all must hold.
    #[config(default)]
    headers: Option<Vec<RawField>>,
    /// Parameters of the query, decoded: all must hold.
    #[config(default)]
    query: Option<Vec<RawField>>,
    /// Cookies: all must hold.
    #[config(default)]
    cookies: Option<Vec<RawField>>,
    /// Names of routes.
    #[config(default)]
    route_names: Option<Vec<String>>,
    /// Networks of the client's address, such as `10.0.0.0/8`.
    #[config(default)]
    source_ips: Option<Vec<Cidr>>,
    /// Values of the route's metadata.
    #[config(default)]
    route_metadata: Option<Vec<RouteMetadata>>,
}

/// An entry of `paths` as written, `{"exact": ".."}` and so on: the key and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPath(&'static str, String);

#[cfg(not(target_family = "wasm"))]
impl crate::describe::Described for RawPath {
    fn schema() -> serde_json::Value {
        let one = |key: &str| serde_json::json!({ "required": [key] });
        let text = serde_json::json!({ "type": "string" });
        serde_json::json!({
            "type": "object",
            "properties": { "exact": text, "prefix": text, "template": text, "regex": text },
            "oneOf": (["exact", "prefix", "template", "regex"].map(one)),
            "additionalProperties": false,
        })
    }

    fn kind() -> String {
        "path".into()
    }
}

impl Deserr<ConfigErrors> for RawPath {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["exact", "prefix", "template", "regex"])?;
        String::deserialize_from_value(value, location.push_key(key)).map(|text| Self(key, text))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
struct RawField {
    name: String,
    #[config(default)]
    exact: Option<String>,
    #[config(default)]
    prefix: Option<String>,
    #[config(default)]
    suffix: Option<String>,
    #[config(default)]
    contains: Option<String>,
    #[config(default)]
    regex: Option<String>,
    #[config(default)]
    present: Option<bool>,
    #[config(default)]
    absent: Option<bool>,
    #[config(default)]
    invert: bool,
}

type CompileField = fn(RawField, &str) -> Result<FieldMatch, ConfigError>;

impl RawMatch {
    /// A match with paths only, for configs that hold a list of them.
    #[must_use]
    pub fn of_paths(paths: Vec<RawPath>) -> Self {
        Self { paths: Some(paths), ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        let Self { hosts, methods, paths, headers, query, cookies, route_names, source_ips, route_metadata } = self;
        let of_address = hosts.is_none() && paths.is_none() && query.is_none();
        let of_head = methods.is_none() && headers.is_none() && cookies.is_none();
        of_address && of_head && route_names.is_none() && source_ips.is_none() && route_metadata.is_none()
    }

    /// Compiles everything.
    ///
    /// # Errors
    /// All there are, with their places inside the `match`.
    pub fn compile(self, options: MatchOptions) -> Result<Match, ConfigErrors> {
        if self.is_empty() {
            let fields = "at least one of hosts, methods, paths, headers, query, cookies, route_names, source_ips, \
                          route_metadata";
            return Err(ConfigError::expected("", fields, "none of them").into());
        }
        let mut errors = ConfigErrors::new();
        // Pointers, of one type: the loop over fields stands once.
        let (header, field): (CompileField, CompileField) = (header, RawField::compile);
        let built = Match {
            hosts: given("hosts", self.hosts, &mut errors),
            methods: given("methods", self.methods, &mut errors),
            paths: compiled("paths", self.paths, &mut errors, |path, at| path.compile(at, options)),
            headers: compiled("headers", self.headers, &mut errors, header),
            query: compiled("query", self.query, &mut errors, field),
            cookies: compiled("cookies", self.cookies, &mut errors, field),
            route_names: given("route_names", self.route_names, &mut errors),
            source_ips: given("source_ips", self.source_ips, &mut errors),
            route_metadata: given("route_metadata", self.route_metadata, &mut errors),
            options,
        };
        errors.into_result(built)
    }
}

/// A field's entries, of which there is one at least if it is given.
fn given<T>(field: &str, given: Option<Vec<T>>, errors: &mut ConfigErrors) -> Vec<T> {
    if given.as_ref().is_some_and(Vec::is_empty) {
        errors.push(ConfigError::expected(field, "at least one entry", "none"));
    }
    given.unwrap_or_default()
}

/// The same, compiled.
fn compiled<R, T>(
    field: &str,
    entries: Option<Vec<R>>,
    errors: &mut ConfigErrors,
    compile: impl Fn(R, &str) -> Result<T, ConfigError>,
) -> Vec<T> {
    let entries = given(field, entries, errors);
    let mut all = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        all.extend(errors.take(compile(entry, &format!("{field}[{index}]"))));
    }
    all
}

/// A header is a field whose name is checked.
fn header(mut header: RawField, at: &str) -> Result<FieldMatch, ConfigError> {
    let Some(name) = HeaderName::parse(&header.name) else {
        let found = HeaderName::found(&header.name);
        return Err(ConfigError::expected(format!("{at}.name"), HeaderName::EXPECTED, found));
    };
    header.name = name.into_string();
    header.compile(at)
}

impl RawPath {
    fn compile(self, at: &str, options: MatchOptions) -> Result<PathPattern, ConfigError> {
        let Self(kind, text) = self;
        let (compiled, expected) = match kind {
            "exact" => (PathPattern::exact(&text, options), "a path such as \"/health\""),
            "prefix" => (PathPattern::prefix(&text, options), "a path such as \"/admin\""),
            "template" => (PathPattern::template(&text, options), "a path such as \"/users/{id}\""),
            _ => (PathPattern::regex(&text, options), "a regular expression such as \"/v[0-9]+/.*\""),
        };
        compiled
            .map_err(|why| ConfigError::expected(format!("{at}.{kind}"), expected, format!("{}: {why}", quoted(&text))))
    }
}

impl RawField {
    fn compile(self, at: &str) -> Result<FieldMatch, ConfigError> {
        if self.name.is_empty() {
            return Err(ConfigError::expected(format!("{at}.name"), "a name", "\"\""));
        }
        let words = [("present", self.present), ("absent", self.absent)];
        if let Some((word, _)) = words.iter().find(|(_, given)| *given == Some(false)) {
            return Err(ConfigError::expected(format!("{at}.{word}"), "true", "false"));
        }
        let texts = [
            ("exact", self.exact),
            ("prefix", self.prefix),
            ("suffix", self.suffix),
            ("contains", self.contains),
            ("regex", self.regex),
        ];
        let mut texts = texts.into_iter().filter_map(|(key, text)| text.map(|text| (key, text)));
        let mut words = words.into_iter().filter(|(_, given)| given.is_some()).map(|(word, _)| word);
        let (test, absent) = match (texts.next(), words.next()) {
            (Some((key, text)), None) if texts.next().is_none() => (test(at, key, text)?, false),
            (None, Some(word)) if words.next().is_none() => (Test::Present, word == "absent"),
            (text, word) => {
                let found = if text.is_none() && word.is_none() { "none" } else { "several" };
                let expected = "one of exact, prefix, suffix, contains, regex, present, absent";
                return Err(ConfigError::expected(at, expected, found));
            }
        };
        Ok(FieldMatch::new(self.name, test, self.invert != absent))
    }
}

fn test(at: &str, key: &'static str, text: String) -> Result<Test, ConfigError> {
    if text.is_empty() && key != "exact" {
        // It would hold for every value, which "present" says.
        return Err(ConfigError::expected(format!("{at}.{key}"), "a text", "\"\""));
    }
    Ok(match key {
        "exact" => Test::Exact(text),
        "prefix" => Test::Prefix(text),
        "suffix" => Test::Suffix(text),
        "contains" => Test::Contains(text),
        _ => Test::Regex(anchored(&text, true).map_err(|why| {
            let found = format!("{}: {why}", quoted(&text));
            ConfigError::expected(format!("{at}.{key}"), "a regular expression such as \"v[0-9]+\"", found)
        })?),
    })
}
