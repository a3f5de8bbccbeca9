//! What Kong's upstream received, and the assertions in Lua that the data kept as text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use test_harness::{Request, UpstreamRequest};

use super::super::score::Aside;
use super::template::{self, Captures};
use super::{OneOrMany, Policy};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    headers_present: Vec<String>,
    #[serde(default)]
    headers_absent: Vec<String>,
    #[serde(default)]
    query: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    query_present: Vec<String>,
    #[serde(default)]
    query_absent: Vec<String>,
    #[serde(default)]
    form: BTreeMap<String, Value>,
    #[serde(default)]
    form_present: Vec<String>,
    #[serde(default)]
    form_absent: Vec<String>,
}

/// What a case is judged by.
pub struct Context<'a> {
    pub sent: &'a Request,
    pub seen: &'a UpstreamRequest,
    pub policy: &'a Policy,
    pub captures: &'a Captures<'a>,
}

impl Expected {
    pub fn looks_at_the_body(&self) -> bool {
        !(self.form.is_empty() && self.form_present.is_empty() && self.form_absent.is_empty())
    }

    pub fn judge(&self, status: u16, context: &Context) -> Result<(), String> {
        same("status", &status, &self.status)?;
        same("body", &context.seen.body, &context.sent.body.concat())?;
        for (name, values) in &self.headers {
            same(name, &context.header(name), &values.as_slice().to_vec())?;
        }
        for (name, values) in &self.query {
            same(name, &context.parameter(name), &values.as_slice().to_vec())?;
        }
        let headers = self.headers_present.iter().map(|name| (name, false));
        for (name, absent) in headers.chain(self.headers_absent.iter().map(|name| (name, true))) {
            same(&format!("header {name} is absent"), &context.header(name).is_empty(), &absent)?;
        }
        let parameters = self.query_present.iter().map(|name| (name, false));
        for (name, absent) in parameters.chain(self.query_absent.iter().map(|name| (name, true))) {
            same(&format!("parameter {name} is absent"), &context.parameter(name).is_empty(), &absent)?;
        }
        Ok(())
    }
}

impl Context<'_> {
    fn header(&self, name: &str) -> Vec<String> {
        let name = if name.eq_ignore_ascii_case("host") { ":authority" } else { name };
        let fields = self.seen.headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()));
        fields.map(|(_, value)| text(value)).collect()
    }

    fn parameter(&self, name: &str) -> Vec<String> {
        let url = format!("http://upstream{}", text(self.seen.header(":path").unwrap_or_default()));
        let url = reqwest::Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}"));
        url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
    }
}

/// An assertion of which only the text is known.
#[derive(PartialEq, Eq)]
pub enum Assert {
    /// `json.vars.request_method`.
    Method(String),
    /// `json.uri_args.x`, or `value` after a look at a parameter.
    Parameter(String, Vec<String>),
    /// `ret.headers["x"]`, or `value` after a look at a header. Without values: it is absent.
    Header(String, Vec<String>),
    /// `body.url` is what was asked for.
    SameTarget,
    /// The URL is the one that the policy gives.
    PathOfThePolicy,
    /// The body is looked at.
    Body,
}

/// Reads the assertions of a case.
pub fn asserts(lines: &[String], policy: &Policy, expected: &Expected) -> Result<Vec<Assert>, Aside> {
    let asserts = lines.iter().map(|line| read(line, policy, expected)).collect::<Result<Vec<_>, _>>()?;
    let named = |wanted_absent: bool| {
        asserts.iter().filter_map(move |assert| match assert {
            Assert::Header(name, values) if values.is_empty() == wanted_absent => Some(name),
            _ => None,
        })
    };
    if named(true).any(|absent| named(false).any(|present| present.eq_ignore_ascii_case(absent))) {
        return Err(Aside::because("letter case of header names: Envoy writes them in lower case"));
    }
    Ok(asserts)
}

fn read(line: &str, policy: &Policy, expected: &Expected) -> Result<Assert, Aside> {
    let unreadable = || Aside::because(format!("this test cannot read the assertion {line}"));
    if ["json.params", "json.data", "post_data"].iter().any(|part| line.contains(part)) {
        return Ok(Assert::Body);
    }
    if line.contains("mock_upstream_url") {
        return Ok(Assert::PathOfThePolicy);
    }
    let (verb, arguments) = line.strip_suffix(')').and_then(|line| line.split_once('(')).ok_or_else(unreadable)?;
    let (wanted, looked_at) = match verb {
        "assert.is_nil" => (Vec::new(), arguments),
        "assert.equal" | "assert.equals" | "assert.are.same" => {
            let (wanted, looked_at) = arguments.rsplit_once(", ").ok_or_else(unreadable)?;
            (strings(wanted), looked_at)
        }
        _ => return Err(unreadable()),
    };
    if looked_at == "body.url" {
        return Ok(Assert::SameTarget);
    }
    if looked_at == "json.vars.request_method" {
        return Ok(Assert::Method(wanted.concat()));
    }
    if let Some(name) = looked_at.strip_prefix("json.uri_args.") {
        return Ok(Assert::Parameter(name.to_owned(), wanted));
    }
    if let Some(name) = looked_at.strip_prefix("ret.headers[\"").and_then(|rest| rest.strip_suffix("\"]")) {
        return Ok(Assert::Header(name.to_owned(), wanted));
    }
    match (looked_at, expected.query_present.as_slice(), expected.headers_present.as_slice(), policy.only_header()) {
        ("value", [name], [], _) => Ok(Assert::Parameter(name.clone(), wanted)),
        ("value", [], [name], _) => Ok(Assert::Header(name.clone(), wanted)),
        ("value", [], [], Some(name)) => Ok(Assert::Header(name.to_owned(), wanted)),
        _ => Err(unreadable()),
    }
}

/// `"a"`, or `{"a", "b"}`.
fn strings(literal: &str) -> Vec<String> {
    literal.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

impl Assert {
    pub fn judge(&self, context: &Context) -> Result<(), String> {
        let target = || text(context.seen.header(":path").unwrap_or_default());
        match self {
            Self::Method(wanted) => same("method", &text(context.seen.header(":method").unwrap_or_default()), wanted),
            Self::Parameter(name, wanted) => same(name, &context.parameter(name), wanted),
            Self::Header(name, wanted) => same(name, &context.header(name), wanted),
            Self::SameTarget => same("target", &target(), &text(&context.sent.path)),
            Self::PathOfThePolicy => {
                let wanted = template::filled(context.policy.path().unwrap_or_default(), context.captures);
                same("path", &target(), &wanted.map_err(|Aside(reason)| reason)?)
            }
            // That it is the one that was sent is expected of every case.
            Self::Body => Ok(()),
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: expected {wanted:?}, found {found:?}")) }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
