//! A limit as config writes it.

use std::num::NonZeroU32;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Mode, Name, Whole};
use sluicegate_common::matcher::{MatchOptions, RawMatch};

use super::{Limit, Stage, Terms};
use crate::cost::Cost;
use crate::key::{Key, OnMissingKey, PartList};
use crate::quota::{Align, Quota};
use crate::registry::Registry;

/// A number of requests.
pub type Requests = Whole<1, 1_000_000_000>;

/// An element of `limits` as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawLimit {
    /// Unique in its list. Clients see it in `RateLimit`, operators in metrics. At most 16 names have one `key`.
    pub name: Name,
    /// How requests are counted, see below.
    #[config(default)]
    algorithm: Algorithm,
    /// How many. 0 is an error: elsewhere it means "none" or "no limit", and whoever is refused for good cannot be told
    /// when to come back.
    requests: Requests,
    /// In which time: more than zero, at most 100 years.
    per: Duration,
    /// `token_bucket` alone: how many at once; as `requests` unless given. To fill it may take 100 years at most.
    #[config(default)]
    burst: Option<Requests>,
    /// `fixed_window` alone: windows begin at multiples of `per` since 1970, for everybody; or with a client's first
    /// request.
    #[config(default, shown = "\"epoch\"")]
    align: Option<RawAlign>,
    /// Whose requests count together, see below.
    #[config(default)]
    key: PartList,
    /// For requests that lack a part: the address stands in for it (`"ip"`); all who lack it have the same there
    /// (`"share"`); 403 (`"deny"`); the limit is not for them (`"skip"`).
    #[config(default)]
    on_missing_key: OnMissingKey,
    /// How much a request takes: `{"fixed": n}`, or `{"header": {"name", "default", "max"}}`: what that header says, of
    /// several numbers the greatest, at most `max`; below 1 or unreadable counts 1, and without the header it is
    /// `default` (1). `n` and `max` are 1 to 1,000,000.
    #[config(default)]
    cost: Cost,
    /// For which requests the limit is: hosts, methods, paths, headers and the rest, as in rules. Absent: for all.
    #[config(default, rename = "match")]
    matcher: Option<RawMatch>,
    /// `"shadow"` counts, and tells metrics whom it would have refused; it refuses nobody and clients do not see it.
    #[config(default)]
    mode: Mode,
    /// Whether a request that this limit refuses counts as well: who goes on hammering stays out.
    #[config(default)]
    count_rejected: bool,
    /// In the gateway: whether it is asked before anybody knows who calls. `before_auth` guards the checking of
    /// credentials: who calls is not known yet, so `consumer`, `credential`, `group` and `claim:` are missing there.
    /// What it counted it keeps, also where auth or a limit behind it refuses the request.
    #[config(default)]
    stage: Stage,
}

/// `algorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum Algorithm {
    #[default]
    #[config(rename = "token_bucket")]
    TokenBucket,
    #[config(rename = "fixed_window")]
    FixedWindow,
    #[config(rename = "sliding_window")]
    SlidingWindow,
}

impl Algorithm {
    fn label(self) -> &'static str {
        match self {
            Self::TokenBucket => "token_bucket",
            Self::FixedWindow => "fixed_window",
            Self::SlidingWindow => "sliding_window",
        }
    }
}

/// `align`: when a fixed window begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum RawAlign {
    #[config(rename = "epoch")]
    Epoch,
    #[config(rename = "first_request")]
    FirstRequest,
}

impl RawLimit {
    /// Compiles the limit.
    ///
    /// # Errors
    /// Everything that is wrong with it, with paths inside it.
    pub fn compile(self, registry: &Registry, paths: MatchOptions) -> Result<Limit, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let quota = errors.take(self.quota(registry.replicas()));
        let matcher = self.matcher.map(|raw| raw.compile(paths)).transpose();
        let matcher = errors.take(matcher.map_err(|errors| errors.under("match")));
        let (Some(quota), Some(matcher)) = (quota, matcher) else { return Err(errors) };
        let terms = Terms {
            name: self.name.as_str(),
            algorithm: self.algorithm.label(),
            quota,
            key: Key::new(self.key, self.on_missing_key),
            mode: self.mode,
        };
        let limit = Limit::new(terms, registry, paths)?;
        Ok(Limit { cost: self.cost, count_rejected: self.count_rejected, stage: self.stage, matcher, ..limit })
    }

    fn quota(&self, replicas: NonZeroU32) -> Result<Quota, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.burst.is_some() && self.algorithm != Algorithm::TokenBucket {
            errors.push(ConfigError::invalid("burst", "belongs to the algorithm \"token_bucket\""));
        }
        if self.align.is_some() && self.algorithm != Algorithm::FixedWindow {
            errors.push(ConfigError::invalid("align", "belongs to the algorithm \"fixed_window\""));
        }
        let requests = per_replica(self.requests, replicas);
        let quota = match self.algorithm {
            Algorithm::TokenBucket => {
                Quota::token_bucket(requests, self.per, per_replica(self.burst.unwrap_or(self.requests), replicas))
            }
            Algorithm::FixedWindow => {
                let align = match self.align {
                    None | Some(RawAlign::Epoch) => Align::Epoch,
                    Some(RawAlign::FirstRequest) => Align::FirstRequest,
                };
                Quota::fixed_window(requests, self.per, align)
            }
            Algorithm::SlidingWindow => Quota::sliding_window(requests, self.per),
        };
        match errors.take(quota.map_err(|invalid| ConfigError::invalid(invalid.field(), invalid.to_string()))) {
            Some(quota) => errors.into_result(quota),
            None => Err(errors),
        }
    }
}

/// The part of one replica, at least 1.
pub fn per_replica(requests: Requests, replicas: NonZeroU32) -> NonZeroU32 {
    let whole = u32::try_from(requests.get()).unwrap_or(u32::MAX);
    NonZeroU32::new(whole / replicas).unwrap_or(NonZeroU32::MIN)
}
