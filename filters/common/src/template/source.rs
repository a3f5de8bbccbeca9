//! What a template's values are read from.

use std::num::NonZeroUsize;

use crate::config::did_you_mean;
use crate::config::{HeaderName, Text};

/// One `${..}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `header.x`: the first value of the header, as sent. Envoy joins the lines of some headers by a comma.
    Header(String),
    /// `query.x`: the first value of the parameter, decoded.
    Query(String),
    /// `cookie.x`: the first value of the cookie.
    Cookie(String),
    /// `path.segment.1`: a segment of the path's normal form, decoded; the first one is 1.
    PathSegment(NonZeroUsize),
    /// `claim./id`: what a JSON Pointer (RFC 6901) finds in the verified claims. Strings as they are; numbers,
    /// booleans, arrays and objects as JSON; null is no value, nor is a number too large to be told exactly.
    Claim(String),
    /// `consumer.id`: the id of the verified consumer.
    ConsumerId,
    /// `breaker`: the name of the circuit breaker that the request came to.
    Breaker,
    /// `request_id`: the id of the request.
    RequestId,
    /// `uuid`: a new random UUID (RFC 9562 section 5.4), another one each time.
    Uuid,
    /// `now`: the time in UTC with milliseconds, `2027-01-31T23:59:59.123Z` (RFC 3339).
    Now,
    /// `property.a.b`: the bytes of a property of the host, whose encoding is the host's. One that the host does not
    /// give has no value.
    Property(Vec<String>),
}

const SOURCES: &[&str] = &[
    "header.<name>",
    "query.<name>",
    "cookie.<name>",
    "path.segment.<n>",
    "claim.<pointer>",
    "consumer.id",
    "breaker",
    "request_id",
    "uuid",
    "now",
    "property.<path>",
];

impl Source {
    /// Reads what stands between `${` and `}`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("${") {
            return Err("a template does not stand inside another".to_owned());
        }
        match text {
            "breaker" => return Ok(Self::Breaker),
            "request_id" => return Ok(Self::RequestId),
            "uuid" => return Ok(Self::Uuid),
            "now" => return Ok(Self::Now),
            "consumer.id" => return Ok(Self::ConsumerId),
            _ => {}
        }
        let (kind, rest) = text.split_once('.').unwrap_or((text, ""));
        match (kind, rest) {
            ("query", name) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            ("cookie", name) if !name.is_empty() => Ok(Self::Cookie(name.to_owned())),
            ("header", name) => {
                let name = HeaderName::parse(name).ok_or_else(|| format!("expected a header name, found {name:?}"))?;
                Ok(Self::Header(name.into_string()))
            }
            ("path", rest) => {
                let digits =
                    rest.strip_prefix("segment.").filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
                let number = digits.filter(|digits| !digits.starts_with('0')).and_then(|digits| digits.parse().ok());
                number.map(Self::PathSegment).ok_or_else(|| "expected \"path.segment.1\", the first is 1".to_owned())
            }
            ("claim", pointer) if pointer.is_empty() || pointer.starts_with('/') => Ok(Self::Claim(pointer.to_owned())),
            ("claim", _) => Err("expected a JSON Pointer such as \"claim./id\"".to_owned()),
            ("property", path) if path.split('.').all(|name| !name.is_empty()) => {
                Ok(Self::Property(path.split('.').map(str::to_owned).collect()))
            }
            _ => Err(unknown(text, kind)),
        }
    }

    /// Whether the value tells who was verified to be calling: only then no client can choose it.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(self, Self::Claim(_) | Self::ConsumerId)
    }

    /// The source as it is written.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Header(name) => format!("header.{name}"),
            Self::Query(name) => format!("query.{name}"),
            Self::Cookie(name) => format!("cookie.{name}"),
            Self::PathSegment(number) => format!("path.segment.{number}"),
            Self::Claim(pointer) => format!("claim.{pointer}"),
            Self::ConsumerId => "consumer.id".to_owned(),
            Self::Breaker => "breaker".to_owned(),
            Self::RequestId => "request_id".to_owned(),
            Self::Uuid => "uuid".to_owned(),
            Self::Now => "now".to_owned(),
            Self::Property(path) => format!("property.{}", path.join(".")),
        }
    }
}

fn unknown(text: &str, kind: &str) -> String {
    let first = |source: &'static str| source.split('.').next().unwrap_or_default();
    let meant = did_you_mean(kind, SOURCES.iter().map(|source| first(source)));
    let meant = meant.and_then(|meant| SOURCES.iter().find(|source| first(source) == meant));
    let hint = match meant {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("there are {}", SOURCES.join(", ")),
    };
    format!("unknown source {text:?}, {hint}")
}
