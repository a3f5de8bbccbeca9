//! Which names an op is for, and what may stand under them.

use sluicegate_common::config::{ConfigError, ConfigErrors, HeaderName, Text, quoted};
use sluicegate_common::head::is_token;
use sluicegate_common::matcher::anchored;
use sluicegate_common::pairs::{
    Names,
    cookies::{is_cookie_name, is_cookie_value},
};
use sluicegate_common::reply::{is_field_value, may_set};

use super::literal::Said;

/// Things that have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Header,
    Query,
    Cookie,
}

/// The selector as written.
pub struct RawSelector {
    pub name: Option<String>,
    pub prefix: Option<String>,
    pub regex: Option<String>,
}

impl RawSelector {
    /// Compiles it. `creates`: the op, if it is one that needs the name of what it creates.
    pub fn compile(self, kind: Kind, creates: Option<&str>) -> Result<Names, ConfigErrors> {
        let names = match (self.name, self.prefix, self.regex) {
            (Some(name), None, None) => Names::Exact(kind.name("name", &name)?),
            (None, Some(prefix), None) => Names::Prefix(kind.prefix("name_prefix", &prefix)?),
            (None, None, Some(regex)) => Names::Regex(anchored(&regex, kind != Kind::Header).map_err(|why| {
                let found = format!("{}: {why}", quoted(&regex));
                ConfigError::expected("name_regex", "a regular expression such as \"x-(a|b)-.*\"", found)
            })?),
            (None, None, None) => {
                return Err(ConfigError::expected("", "name, name_prefix or name_regex", "none").into());
            }
            _ => return Err(ConfigError::expected("", "one of name, name_prefix, name_regex", "several").into()),
        };
        match (creates, &names) {
            (Some(op), Names::Prefix(_) | Names::Regex(_)) => {
                let field = if matches!(names, Names::Prefix(_)) { "name_prefix" } else { "name_regex" };
                Err(ConfigError::invalid(field, format!("{op:?} needs a name: this tells none to create")).into())
            }
            _ => Ok(names),
        }
    }
}

impl Kind {
    /// A whole name.
    pub fn name(self, field: &str, text: &str) -> Result<String, ConfigError> {
        let expected = |expected: &'static str| ConfigError::expected(field, expected, quoted(text));
        match self {
            Self::Header => {
                let name = HeaderName::parse(text).ok_or_else(|| expected(HeaderName::EXPECTED))?.into_string();
                match name.as_str() {
                    "host" => Err(ConfigError::invalid(field, "the host is a target of its own: \"target\": \"host\"")),
                    name if !may_set(name.as_bytes()) => Err(ConfigError::invalid(
                        field,
                        format!("{name} belongs to the connection: the proxy writes it"),
                    )),
                    _ => Ok(name),
                }
            }
            Self::Query if text.is_empty() => Err(expected("the name of a query parameter")),
            Self::Query => Ok(text.to_owned()),
            Self::Cookie if is_cookie_name(text.as_bytes()) => Ok(text.to_owned()),
            Self::Cookie => Err(expected("the name of a cookie (RFC 6265 section 4.1.1)")),
        }
    }

    /// What names start with.
    pub fn prefix(self, field: &str, text: &str) -> Result<String, ConfigError> {
        let fits = match self {
            Self::Header | Self::Cookie => is_token(text.as_bytes()),
            Self::Query => !text.is_empty(),
        };
        match self {
            _ if !fits => {
                Err(ConfigError::expected(field, "what names start with, such as \"x-internal-\"", quoted(text)))
            }
            Self::Header => Ok(text.to_ascii_lowercase()),
            Self::Query | Self::Cookie => Ok(text.to_owned()),
        }
    }

    /// Whether it can stand in a value.
    pub fn check(self, said: &Said<'_>) -> Result<(), ConfigError> {
        said.check(is_field_value(&said.sample), "no control character")?;
        let expected = "no blank, quote, comma, semicolon or backslash in a cookie (RFC 6265 section 4.1.1)";
        said.check(self != Self::Cookie || is_cookie_value(&said.sample), expected)
    }
}
