//! The values of one request.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::Source;
use crate::filter::Cx;
use crate::head::RequestHead;
use crate::matcher::cookies;
use crate::path::{NormalPath, OnAmbiguousPath, query, segments};
use crate::proxy::Proxy;
use crate::request_id::uuid4;
use crate::time::Nanos;

/// Where templates read: a request as it is at this moment, edits of the filters before included.
pub struct Scope<'a> {
    head: &'a RequestHead<'a>,
    cx: &'a Cx<'a>,
    path: OnceCell<NormalPath>,
}

impl<'a> Scope<'a> {
    /// The request that this head is of.
    #[must_use]
    pub fn new(head: &'a RequestHead<'a>, cx: &'a Cx<'a>) -> Self {
        Self { head, cx, path: OnceCell::new() }
    }

    /// The value of a source, unless the request has none.
    #[must_use]
    pub fn value(&self, source: &Source) -> Option<Cow<'_, [u8]>> {
        match source {
            Source::Header(name) if name == "host" => {
                Some(self.head.host()).filter(|host| !host.is_empty()).map(Cow::Borrowed)
            }
            Source::Header(name) => self.head.get(name).map(Cow::Borrowed),
            Source::Query(name) => {
                let mut pairs = query::pairs(query::split(self.head.target()).1.unwrap_or_default());
                pairs.find(|(found, _)| **found == *name.as_bytes()).map(|(_, value)| value)
            }
            Source::Cookie(name) => {
                cookies(self.head).find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| Cow::Borrowed(value))
            }
            Source::PathSegment(number) => {
                let path = self.path.get_or_init(|| NormalPath::of(self.head.target()));
                // One that is ambiguous was refused before, unless the config takes it as it was sent.
                let reading = path.reading(OnAmbiguousPath::MatchRaw).unwrap_or_default();
                segments(reading).nth(number.get().checked_sub(1)?).map(Cow::Borrowed)
            }
            Source::Claim(pointer) => self.cx.facts.claims(self.cx.proxy)?.pointer(pointer).and_then(text_of_json),
            Source::ConsumerId => {
                let id = self.cx.facts.identity(self.cx.proxy)?.id();
                (!id.is_empty()).then_some(Cow::Borrowed(id.as_bytes()))
            }
            Source::Breaker => self.cx.facts.breaker().map(|name| Cow::Borrowed(name.as_bytes())),
            Source::RequestId => self.cx.facts.request_id(self.head, self.cx.settings).map(Cow::Borrowed),
            Source::Uuid => uuid(self.cx.proxy),
            Source::Now => rfc3339(self.cx.now).map(|time| Cow::Owned(time.into_bytes())),
            Source::Property(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                self.cx.proxy.property(&path).ok().flatten().map(Cow::Owned)
            }
        }
    }
}

/// From here on numbers that are no 64-bit integers are rounded (RFC 8259 section 6).
const EXACT: f64 = 9_007_199_254_740_992.0;

fn text_of_json(value: &Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Null => None,
        // Two of them may have become one: an id would be another's.
        Value::Number(number) if number.as_f64().is_some_and(|value| number.is_f64() && value.abs() >= EXACT) => None,
        Value::String(text) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(Cow::Owned(value.to_string().into_bytes()))
        }
    }
}

fn uuid(proxy: &dyn Proxy) -> Option<Cow<'static, [u8]>> {
    let mut random = [0; 16];
    proxy.random(&mut random).ok()?;
    Some(Cow::Owned(uuid4(random).to_vec()))
}

fn rfc3339(now: Nanos) -> Option<String> {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(now.0))?;
    Some(humantime::format_rfc3339_millis(time).to_string())
}
