//! One part of a key by itself, as text: what other services are told of a request.

use std::net::IpAddr;

use sluicegate_common::config::Text;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::MatchOptions;

use super::bytes::{KeyBytes, Kind, PREFIX};
use super::part::Part;
use super::read::Request;

/// A part whose value is read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPart(Part);

impl Text for TextPart {
    const EXPECTED: &'static str = Part::EXPECTED;

    fn parse(text: &str) -> Option<Self> {
        Part::parse(text).map(Self)
    }
}

sluicegate_common::deserr_text!(TextPart);

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for TextPart {
    fn schema() -> serde_json::Value {
        Part::schema()
    }

    fn kind() -> String {
        Part::kind()
    }
}

impl TextPart {
    /// What the request has for it, never empty; `None` where that is nothing. U+FFFD stands for bytes that are not
    /// UTF-8.
    #[must_use]
    pub fn of(&self, head: &RequestHead<'_>, cx: &Cx<'_>, paths: MatchOptions) -> Option<String> {
        let mut bytes = KeyBytes::in_place_of(Vec::new());
        Request { head, cx, paths, own: None }.write(&self.0, &mut bytes)?;
        let bytes = bytes.into_bytes();
        let (kind, value) = (*bytes.first()?, bytes.get(PREFIX..)?);
        if kind == Kind::Address as u8 {
            return address(value).map(|ip| ip.to_string());
        }
        if kind == Kind::ClaimBool as u8 {
            return Some((value != [0]).to_string());
        }
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// Whether it reads the request's head.
    #[must_use]
    pub fn reads_head(&self) -> bool {
        self.0.reads_head()
    }

    /// Whether it looks at the path.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        matches!(self.0, Part::Path | Part::PathTemplate)
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests;
