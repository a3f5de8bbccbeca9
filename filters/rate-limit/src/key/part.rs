//! The parts of a key as a config writes them.

use sluicegate_common::config::{HeaderName, Pointer, Text};

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Ip,
    Consumer,
    Credential,
    Group,
    Header(HeaderName),
    Query(String),
    Cookie(String),
    /// The pointer, and its text.
    Claim(Pointer, String),
    Path,
    PathTemplate,
    Method,
    Host,
    Route,
    Const(String),
}

/// The parts that are one word.
const WORDS: [(&str, Part); 9] = [
    ("ip", Part::Ip),
    ("consumer", Part::Consumer),
    ("credential", Part::Credential),
    ("group", Part::Group),
    ("path", Part::Path),
    ("path_template", Part::PathTemplate),
    ("method", Part::Method),
    ("host", Part::Host),
    ("route", Part::Route),
];

impl Text for Part {
    const EXPECTED: &'static str = "\"ip\", \"consumer\", \"credential\", \"group\", \"path\", \"path_template\", \
                                    \"method\", \"host\", \"route\", \"header:<name>\", \"query:<name>\", \
                                    \"cookie:<name>\", \"claim:/<pointer>\" or \"const:<text>\"";

    fn parse(text: &str) -> Option<Self> {
        let Some((kind, name)) = text.split_once(':') else {
            return WORDS.into_iter().find(|(word, _)| *word == text).map(|(_, part)| part);
        };
        let named = Some(name).filter(|name| !name.is_empty()).map(str::to_owned);
        match kind {
            "header" => HeaderName::parse(name).map(Self::Header),
            "query" => named.map(Self::Query),
            "cookie" => named.map(Self::Cookie),
            "claim" => Some(Self::Claim(Pointer::parse(name)?, name.to_owned())),
            "const" => named.map(Self::Const),
            _ => None,
        }
    }
}

sluicegate_common::deserr_text!(Part);

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Part {
    fn schema() -> serde_json::Value {
        let words = WORDS.map(|(word, _)| word).join("|");
        let named = r"header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$|claim:/|(query|cookie|const):[\s\S]";
        let pattern = format!("^(({words})$|{named})");
        serde_json::json!({ "type": "string", "description": Self::EXPECTED, "pattern": pattern })
    }

    fn kind() -> String {
        "part".into()
    }

    fn shown(&self) -> serde_json::Value {
        let mut text = String::new();
        self.write_text(&mut text);
        text.into()
    }
}

impl Part {
    /// Appends the part's only text. Commas are escaped: no two lists of parts have the same text.
    pub(super) fn write_text(&self, out: &mut String) {
        let (kind, name) = match self {
            Self::Header(name) => ("header:", name.as_str()),
            Self::Query(name) => ("query:", name.as_str()),
            Self::Cookie(name) => ("cookie:", name.as_str()),
            Self::Claim(_, pointer) => ("claim:", pointer.as_str()),
            Self::Const(text) => ("const:", text.as_str()),
            word => (WORDS.iter().find(|(_, part)| part == word).map_or("", |(word, _)| *word), ""),
        };
        out.push_str(kind);
        for character in name.chars() {
            match character {
                ',' => out.push_str("%2C"),
                '%' => out.push_str("%25"),
                other => out.push(other),
            }
        }
    }

    pub(super) fn reads_head(&self) -> bool {
        match self {
            Self::Header(_) | Self::Query(_) | Self::Cookie(_) => true,
            Self::Path | Self::PathTemplate | Self::Method | Self::Host => true,
            Self::Ip | Self::Consumer | Self::Credential | Self::Group => false,
            Self::Claim(..) | Self::Route | Self::Const(_) => false,
        }
    }
}
