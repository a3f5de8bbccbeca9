//! The parts of a key as a request has them.

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::Value;
use sluicegate_common::config::Pointer;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::identity::Identity;
use sluicegate_common::matcher::{Match, MatchOptions, host_name};

use super::bytes::{KeyBytes, Kind, MAX_VALUE};
use super::part::Part;

/// A request, and how its paths are read.
pub(super) struct Request<'r> {
    pub(super) head: &'r RequestHead<'r>,
    pub(super) cx: &'r Cx<'r>,
    pub(super) paths: MatchOptions,
    /// The match of the limit itself.
    pub(super) own: Option<&'r Match>,
}

impl Request<'_> {
    /// Appends what the request has for a part; `None` where that is nothing.
    pub(super) fn write(&self, part: &Part, bytes: &mut KeyBytes) -> Option<()> {
        let Self { head, cx, .. } = *self;
        match part {
            Part::Ip => self.write_address(Kind::Address, bytes),
            Part::Consumer => bytes.push(Kind::Consumer, self.identity()?.id().as_bytes()),
            Part::Credential => bytes.push(Kind::Credential, self.identity()?.credential().as_bytes()),
            Part::Group => bytes.push(Kind::Groups, sorted(self.identity()?.group_list()).as_bytes()),
            Part::Claim(pointer, _) => self.write_claim(pointer, bytes),
            Part::Header(name) => bytes.push(Kind::Header, only(head.values(name.as_str()))?),
            Part::Query(name) => bytes.push(Kind::Parameter, only(cx.facts.parameter(head, name).iter())?),
            Part::Cookie(name) => bytes.push(Kind::Cookie, only(cx.facts.cookie(head, name).iter())?),
            Part::Path => self.write_path(bytes),
            Part::PathTemplate => self.write_template(bytes),
            Part::Method => bytes.push(Kind::Method, head.method()),
            Part::Host => bytes.push_lower(Kind::Host, host_name(head.host())),
            Part::Route => bytes.push(Kind::Route, cx.facts.route_name(cx.proxy)?),
            Part::Const(text) => bytes.push(Kind::Const, text.as_bytes()),
        }
    }

    /// The address, 4 or 16 bytes.
    pub(super) fn write_address(&self, kind: Kind, bytes: &mut KeyBytes) -> Option<()> {
        let Cx { facts, proxy, settings, .. } = self.cx;
        match settings.client_ip.key(facts.client_ip(self.head, *proxy, settings)?) {
            IpAddr::V4(ip) => bytes.push(kind, &ip.octets()),
            IpAddr::V6(ip) => bytes.push(kind, &ip.octets()),
        }
    }

    /// Who was verified to send the request: not those whom anonymous access stands for.
    fn identity(&self) -> Option<&Identity> {
        self.cx.facts.identity(self.cx.proxy).filter(|identity| !identity.is_anonymous())
    }

    fn write_claim(&self, pointer: &Pointer, bytes: &mut KeyBytes) -> Option<()> {
        let claims = self.cx.facts.claims(self.cx.proxy)?.as_object()?;
        match pointer.find(claims)? {
            Value::String(text) => bytes.push(Kind::ClaimString, text.as_bytes()),
            Value::Number(number) => bytes.push(Kind::ClaimNumber, number.to_string().as_bytes()),
            Value::Bool(set) => bytes.push(Kind::ClaimBool, &[u8::from(*set)]),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn write_path(&self, bytes: &mut KeyBytes) -> Option<()> {
        let path = self.cx.facts.path(self.head).reading(self.paths.on_ambiguous_path).ok()?;
        if self.paths.case_sensitive { bytes.push(Kind::Path, path) } else { bytes.push_lower(Kind::Path, path) }
    }

    fn write_template(&self, bytes: &mut KeyBytes) -> Option<()> {
        let Self { head, cx, own, .. } = *self;
        let own = own.and_then(|own| own.path_template(head, cx.facts)).cloned();
        bytes.push(Kind::PathTemplate, own.or_else(|| cx.facts.path_template(head))?.as_bytes())
    }
}

/// The value, if it is the only one.
fn only<V>(mut values: impl Iterator<Item = V>) -> Option<V> {
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// A list joined by commas whose order and repetitions do not tell; as much of it as counts.
fn sorted(list: &str) -> Cow<'_, str> {
    if !list.contains(',') {
        return Cow::Borrowed(list);
    }
    // The least of those that are left, again and again: to sort them is 5 KB of code.
    let (mut sorted, mut last) = (String::new(), "");
    while sorted.len() < MAX_VALUE
        && let Some(next) = list.split(',').filter(|name| *name > last).min()
    {
        if !sorted.is_empty() {
            sorted.push(',');
        }
        sorted.push_str(next);
        last = next;
    }
    Cow::Owned(sorted)
}
