//! What config says of published keys.

use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Text};
use sluicegate_common::filter::{Callout, CalloutRequest};

use super::uri::{Authority, Uri};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Published keys as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawRemote {
    /// The key set.
    uri: Uri,
    /// Envoy: the cluster that is asked. Kong's engine: `host:port`.
    cluster: Upstream,
    /// What `:authority` says. Absent: host and port of `uri`.
    #[config(default)]
    authority: Option<Authority>,
    /// They are fetched again after 80 % of it; at least 1 s.
    #[config(default = seconds(600))]
    cache_ttl: Duration,
    /// How long they serve while that fails; at least `cache_ttl`.
    #[config(default = seconds(24 * 60 * 60))]
    stale_ttl: Duration,
    /// The least between two fetches for unknown names of keys, and the most between tries after a failure; at least 1
    /// s.
    #[config(default = seconds(30))]
    min_refresh: Duration,
    /// 1 ms to 1 min, whole milliseconds.
    #[config(default = seconds(2))]
    timeout: Duration,
}

/// Envoy: a cluster's name; Kong's engine: `host:port`.
#[derive(Debug)]
struct Upstream(String);

impl Text for Upstream {
    const EXPECTED: &'static str = "the name of a cluster (in Kong's engine \"host:port\"), without spaces";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Upstream);
sluicegate_common::described_text!(Upstream: "text");

/// Where keys are published, and how often they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    uri: Uri,
    /// What `:authority` says.
    authority: Authority,
    /// Envoy: a cluster's name; Kong's engine: `host:port`.
    cluster: String,
    /// When what.
    pub timings: Timings,
}

/// How long keys serve, and how often they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// Keys are asked for again after 80 % of this. At least 1 s.
    pub cache_ttl: Duration,
    /// Keys serve no longer than this while asking fails. At least `cache_ttl`.
    pub stale_ttl: Duration,
    /// The least time between two fetches for unknown names of keys, and the most between tries after a failure.
    /// At least 1 s.
    pub min_refresh: Duration,
    /// How long an answer may take: whole milliseconds, 1 ms to 1 min.
    pub timeout: Duration,
}

impl RawRemote {
    /// Compiles it; the errors' places are seen from its own object.
    ///
    /// # Errors
    /// Everything that is wrong across its fields.
    pub fn compile(self) -> Result<Source, ConfigErrors> {
        let timings = Timings {
            cache_ttl: self.cache_ttl,
            stale_ttl: self.stale_ttl,
            min_refresh: self.min_refresh,
            timeout: self.timeout,
        };
        let authority = self.authority.unwrap_or_else(|| self.uri.authority.clone());
        timings.check().into_result(Source { uri: self.uri, authority, cluster: self.cluster.0, timings })
    }
}

impl Timings {
    /// How long after a fetch the next one is due: 80 % of `cache_ttl`.
    #[must_use]
    pub fn refresh(&self) -> Duration {
        let fifth = self.cache_ttl.checked_div(5).unwrap_or_default();
        self.cache_ttl.saturating_sub(fifth)
    }

    fn check(&self) -> ConfigErrors {
        let mut errors = ConfigErrors::new();
        let mut expect = |holds: bool, field: &str, expected: String, found: Duration| {
            if !holds {
                errors.push(ConfigError::expected(field, expected, format!("{found:?}")));
            }
        };
        for (field, found) in [("cache_ttl", self.cache_ttl), ("min_refresh", self.min_refresh)] {
            expect(found >= seconds(1), field, "at least 1s".to_owned(), found);
        }
        let stale = format!("at least \"cache_ttl\" ({:?})", self.cache_ttl);
        expect(self.stale_ttl >= self.cache_ttl, "stale_ttl", stale, self.stale_ttl);
        let (least, most) = (Duration::from_millis(1), seconds(60));
        let whole = self.timeout.subsec_nanos().is_multiple_of(1_000_000);
        let fits = whole && (least..=most).contains(&self.timeout);
        expect(fits, "timeout", "whole milliseconds from 1ms to 1m".to_owned(), self.timeout);
        errors
    }
}

impl Source {
    /// What tells these keys from others in shared data.
    #[must_use]
    pub fn identity(&self) -> [&[u8]; 5] {
        let Uri { scheme, authority, path } = &self.uri;
        [scheme, authority.as_str(), path, self.authority.as_str(), &self.cluster].map(str::as_bytes)
    }

    /// The question.
    #[must_use]
    pub fn callout(&self, id: u32) -> Callout {
        let headers = [
            (":method", "GET"),
            // Kong's engine goes by it, Envoy by the cluster's transport.
            (":scheme", self.uri.scheme),
            (":authority", self.authority.as_str()),
            (":path", &self.uri.path),
            ("accept", "application/jwk-set+json, application/json"),
        ];
        Callout {
            id,
            upstream: self.cluster.clone(),
            request: CalloutRequest::Http {
                headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                body: Vec::new(),
            },
            timeout: self.timings.timeout,
        }
    }
}

#[cfg(test)]
mod tests;
