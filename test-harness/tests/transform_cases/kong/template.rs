//! Kong's templates, `$(headers['x-a'])`, in our notation.
//!
//! - `headers.x` is `${header.x}`, `query_params.x` is `${query.x}`; `['x']` and `["x"]` say the same as `.x`.
//! - `uri_captures.x` is a group of the route's regex, which the cases do not tell. In all of their paths a group stands
//!   behind a segment of its name: `/user1/foo` captures `foo`. So it is the `${path.segment.n}` there; a path without
//!   such a segment captures nothing, as does the segment behind its last.
//! - `a or 'b'` is two templates, of which the first that has a value counts.
//! - Everything else is a program in Lua.

use super::super::score::Aside;

const LUA: &str = "a template that is a program in Lua";

/// Where the groups of a path stand.
pub struct Captures<'a>(Vec<&'a str>);

impl<'a> Captures<'a> {
    pub fn of(path: &'a str) -> Self {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Self(path.split('/').filter(|segment| !segment.is_empty()).collect())
    }

    /// The segment's number, from 1.
    fn number(&self, name: &str) -> usize {
        let behind = self.0.iter().position(|segment| *segment == name).unwrap_or(self.0.len());
        behind + 2
    }

    fn value(&self, name: &str) -> &'a str {
        self.0.get(self.number(name) - 1).copied().unwrap_or_default()
    }
}

/// A value with templates in our notation; of several the first without a missing source counts.
pub fn ours(value: &str, captures: &Captures) -> Result<Vec<String>, Aside> {
    let parts = parts(value)?;
    if let [Part::Source(source)] = parts.as_slice()
        && let Some((first, default)) = source.split_once(" or ")
    {
        let default = default.trim().trim_matches('\'');
        return Ok(vec![named(first.trim(), captures)?, literal(default)]);
    }
    let ours = parts.iter().map(|part| match part {
        Part::Text(text) => Ok(literal(text)),
        Part::Source(source) => named(source.trim(), captures),
    });
    Ok(vec![ours.collect::<Result<String, Aside>>()?])
}

/// A value whose only templates are captures, filled in.
pub fn filled(value: &str, captures: &Captures) -> Result<String, Aside> {
    let filled = parts(value)?.into_iter().map(|part| match part {
        Part::Text(text) => Ok(text.to_owned()),
        Part::Source(source) => match field(source.trim()) {
            Some(("uri_captures", name)) => Ok(captures.value(name).to_owned()),
            _ => Err(Aside::because("the expected value cannot be told from the case")),
        },
    });
    filled.collect()
}

enum Part<'a> {
    Text(&'a str),
    Source(&'a str),
}

fn parts(value: &str) -> Result<Vec<Part<'_>>, Aside> {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some((text, behind)) = rest.split_once("$(") {
        let (source, after) = behind.split_once(')').ok_or_else(|| Aside::because(LUA))?;
        if source.contains('(') {
            return Err(Aside::because(LUA));
        }
        parts.extend((!text.is_empty()).then_some(Part::Text(text)));
        parts.push(Part::Source(source));
        rest = after;
    }
    parts.extend((!rest.is_empty() || parts.is_empty()).then_some(Part::Text(rest)));
    Ok(parts)
}

fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

fn named(source: &str, captures: &Captures) -> Result<String, Aside> {
    match field(source) {
        Some(("headers", name)) => Ok(format!("${{header.{name}}}")),
        Some(("query_params", name)) => Ok(format!("${{query.{name}}}")),
        Some(("uri_captures", name)) => Ok(format!("${{path.segment.{}}}", captures.number(name))),
        _ => Err(Aside::because(LUA)),
    }
}

/// `table.name`, `table['name']`, `table["name"]`.
fn field(source: &str) -> Option<(&str, &str)> {
    let end = source.find(['.', '['])?;
    let (table, name) = source.split_at(end);
    let quoted = |mark: char| name.strip_prefix('[')?.strip_suffix(']')?.strip_prefix(mark)?.strip_suffix(mark);
    let name = name.strip_prefix('.').or_else(|| quoted('\'')).or_else(|| quoted('"'))?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    name.bytes().all(is_name).then_some((table, name))
}
