//! `global` as written, and what it becomes.

use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::callout::{MAX_GRPC_TARGET, grpc_target};
use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, Mode, Text};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::MatchOptions;
use sluicegate_common::proxy::Counter;

use super::message::{self, RateLimitDescriptor};
use super::{Global, headers, uses};
use crate::cost::Cost;
use crate::key::TextPart;

/// The most descriptors.
const MAX_DESCRIPTORS: usize = 16;
/// The most entries of a descriptor.
const MAX_ENTRIES: usize = 16;

/// `global` as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawGlobal {
    /// Whom to ask.
    service: RawService,
    /// As in the service's configuration.
    domain: Words,
    /// What the service is told: at most 16 descriptors of 1 to 16 entries each. A descriptor that lacks a value without
    /// `default` is not sent, and without descriptors nobody is asked.
    descriptors: Vec<Vec<RawEntry>>,
    /// What becomes of a request when the service does not answer, or not as the protocol says: it passes, or gets 503.
    #[config(default)]
    failure_mode: FailureMode,
    /// As that of a limit. The service counts it whether the request passes or not.
    #[config(default)]
    cost: Cost,
    /// `"shadow"` asks, waits and counts, and refuses nobody.
    #[config(default)]
    mode: Mode,
    /// What the service may set on the request. A client's own of these names are removed, in every spelling and under
    /// every rule.
    #[config(default)]
    request_headers: Vec<HeaderName>,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawService {
    /// The cluster of the service, HTTP/2.
    cluster: Peer,
    /// What the service calls itself; the cluster's name unless given.
    #[config(default)]
    authority: Option<Peer>,
    /// How long a request waits for the answer: whole milliseconds, 1ms to 1m.
    #[config(default = Duration::from_millis(20))]
    timeout: Duration,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawEntry {
    /// What the service's configuration calls it.
    key: Words,
    /// Where its value comes from: a part as in a limit's `key`.
    value: TextPart,
    /// The value where the request has none.
    #[config(default)]
    default: Option<Words>,
}

/// The fields of `global`, of its `service`, and of an entry of its descriptors.
#[cfg(not(target_family = "wasm"))]
pub fn tables() -> [Vec<sluicegate_common::describe::Field>; 3] {
    use sluicegate_common::describe::Described;

    [RawGlobal::fields(), RawService::fields(), RawEntry::fields()]
}

/// `failure_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum FailureMode {
    /// It passes.
    #[default]
    Allow,
    /// It is refused.
    Deny,
}

/// What the service takes for a name.
#[derive(Debug)]
struct Words(String);

impl Text for Words {
    const EXPECTED: &'static str = "1 to 255 bytes of text without control characters";

    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }
}

/// A cluster, or what a service calls itself.
#[derive(Debug)]
struct Peer(String);

impl Text for Peer {
    const EXPECTED: &'static str = "a name without spaces";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Words, Peer);
sluicegate_common::described_text!(Words: "text", Peer: "text");

/// Whom to ask.
#[derive(Debug)]
pub struct Service {
    pub cluster: String,
    /// Empty for the cluster's name.
    pub authority: String,
    /// Whole milliseconds, 1 ms to 1 min.
    pub timeout: Duration,
}

/// A compiled descriptor.
#[derive(Debug)]
pub struct Descriptor {
    /// What its limit is called where the service does not say: its keys, and a number where another has those.
    pub name: Rc<str>,
    entries: Vec<RawEntry>,
}

impl Descriptor {
    /// The descriptor of a request; `None` where it lacks a value.
    pub fn of(&self, head: &RequestHead<'_>, cx: &Cx<'_>, paths: MatchOptions) -> Option<RateLimitDescriptor> {
        let mut entries = Vec::with_capacity(self.entries.len());
        for RawEntry { key, value, default } in &self.entries {
            let value = value.of(head, cx, paths).or_else(|| default.as_ref().map(|default| default.0.clone()))?;
            entries.push(message::Entry { key: key.0.clone(), value });
        }
        Some(RateLimitDescriptor { entries })
    }

    /// Where its values come from.
    pub fn parts(&self) -> impl Iterator<Item = &TextPart> {
        self.entries.iter().map(|entry| &entry.value)
    }
}

impl RawGlobal {
    /// Compiles it; `paths` is how paths are read.
    ///
    /// # Errors
    /// Everything that is wrong across its fields, with places inside it.
    pub fn compile(self, paths: MatchOptions) -> Result<Global, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let service = self.service.compile(&mut errors);
        let too_many = |place: String, most: usize, found: usize| {
            ConfigError::expected(place, format!("at most {most} elements"), found.to_string())
        };
        if self.descriptors.len() > MAX_DESCRIPTORS {
            errors.push(too_many("descriptors".to_owned(), MAX_DESCRIPTORS, self.descriptors.len()));
        }
        let mut descriptors: Vec<Descriptor> = Vec::with_capacity(self.descriptors.len());
        for (index, entries) in self.descriptors.into_iter().enumerate() {
            let place = format!("descriptors[{index}]");
            match entries.len() {
                0 => errors.push(ConfigError::expected(place, "at least one entry", "none")),
                1..=MAX_ENTRIES => {}
                found => errors.push(too_many(place, MAX_ENTRIES, found)),
            }
            let name = free_name(&entries, &descriptors);
            descriptors.push(Descriptor { name, entries });
        }
        for (index, name) in self.request_headers.iter().enumerate() {
            if !headers::may_be_given(name) {
                let place = format!("request_headers[{index}]");
                errors.push(ConfigError::invalid(place, "the proxy writes this header itself"));
            }
        }
        let counter = |outcome| Counter::new(format!("sluicegate_rate_limit_global_total.outcome.{outcome}"));
        errors.into_result(Global {
            service,
            domain: self.domain.0,
            descriptors,
            cost: self.cost,
            request_headers: self.request_headers,
            paths,
            counted: ["ok", "over_limit", "error"].map(counter),
            failure_mode: self.failure_mode,
            mode: self.mode,
        })
    }
}

impl RawService {
    fn compile(self, errors: &mut ConfigErrors) -> Service {
        let (cluster, timeout) = (self.cluster.0, self.timeout);
        let authority = self.authority.map(|authority| authority.0).unwrap_or_default();
        if grpc_target(&cluster, &authority).is_none() {
            let expected = format!("\"cluster\" and \"authority\" of at most {MAX_GRPC_TARGET} bytes together");
            let found = cluster.len().saturating_add(authority.len()).to_string();
            errors.push(ConfigError::expected("service", expected, found));
        }
        let (least, most) = (Duration::from_millis(1), Duration::from_secs(60));
        if !timeout.subsec_nanos().is_multiple_of(1_000_000) || !(least..=most).contains(&timeout) {
            let found = format!("{timeout:?}");
            errors.push(ConfigError::expected("service.timeout", "whole milliseconds from 1ms to 1m", found));
        }
        Service { cluster, authority, timeout }
    }
}

/// The keys as a name that no descriptor before has.
fn free_name(entries: &[RawEntry], before: &[Descriptor]) -> Rc<str> {
    let keys = uses::name_of(entries.iter().map(|entry| entry.key.0.as_str()));
    let name = keys.unwrap_or_else(|| "global".to_owned());
    uses::numbered(&name, |name| before.iter().all(|other| *other.name != *name)).unwrap_or(name).into()
}

#[cfg(test)]
mod tests;
