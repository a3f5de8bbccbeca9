//! Texts with values of the request in them: `"${header.x-tenant}/${path.segment.1}"`.
//!
//! 1. `${source}` stands for a value ([`Source`]); `$${` is a literal `${`; any other `$` is itself.
//! 2. A template is read once, when the configuration is; what it puts in is never read as a template again.
//! 3. Values are bytes of the request: whoever uses the text escapes it for the place where it goes, and refuses what
//!    cannot stand there.

mod json;
mod scope;
mod source;

use std::borrow::Cow;

use crate::config::{Text, quoted};

pub use json::Json;
pub use scope::Scope;
pub use source::Source;

/// A text with values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    written: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Source),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it: an unknown source, or a `${` that is not closed.
    pub fn compile(written: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once('$') {
            text.push_str(before);
            if let Some(literal) = after.strip_prefix("${") {
                text.push_str("${");
                rest = literal;
            } else if let Some(open) = after.strip_prefix('{') {
                let (source, after) =
                    open.split_once('}').ok_or("\"${\" without a \"}\" (\"$${\" is a literal one)")?;
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Value(Source::parse(source)?));
                rest = after;
            } else {
                text.push('$');
                rest = after;
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { written: written.to_owned(), parts })
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The text, where no value is in it.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What the values are read from.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(source) => Some(source),
        })
    }

    /// The text with what `value` says in place of each source.
    ///
    /// # Errors
    /// The first source that it has nothing to say for.
    pub fn fill<'v>(&self, value: impl Fn(&Source) -> Option<Cow<'v, [u8]>>) -> Result<Vec<u8>, &Source> {
        let mut filled = Vec::with_capacity(self.written.len());
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Part::Value(source) => filled.extend_from_slice(&value(source).ok_or(source)?),
            }
        }
        Ok(filled)
    }

    /// The text with the values as they are, and nothing where one is missing. Bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn to_text(&self, scope: &Scope<'_>) -> String {
        let filled = self.fill(|source| Some(scope.value(source).unwrap_or_default()));
        String::from_utf8(filled.unwrap_or_default())
            .unwrap_or_else(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned())
    }
}

impl Text for Template {
    const EXPECTED: &'static str = "a text, with values such as \"${header.x-tenant}\"";

    fn parse(text: &str) -> Option<Self> {
        Self::compile(text).ok()
    }

    fn found(text: &str) -> String {
        let why = Self::compile(text).err().map_or(String::new(), |why| format!(": {why}"));
        format!("{}{why}", quoted(text))
    }
}

crate::deserr_text!(Template);
crate::described_text!(Template: "template");

#[cfg(test)]
mod tests;
