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
pub struct RawLimit {
    pub name: Name,
    #[config(default)]
    algorithm: Algorithm,
    requests: Requests,
    per: Duration,
    #[config(default)]
    burst: Option<Requests>,
    #[config(default)]
    align: Option<RawAlign>,
    #[config(default)]
    key: PartList,
    #[config(default)]
    on_missing_key: OnMissingKey,
    #[config(default)]
    cost: Cost,
    #[config(default, rename = "match")]
    matcher: Option<RawMatch>,
    #[config(default)]
    mode: Mode,
    #[config(default)]
    count_rejected: bool,
    #[config(default)]
    stage: Stage,
}

/// `algorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
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
