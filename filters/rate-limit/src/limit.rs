//! One limit: how much, whom it counts together, and for which requests it is.

use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use deserr::Deserr;
use sluicegate_common::config::{ConfigError, ConfigErrors, Mode, Name, Whole};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::limit_use::LimitUse;
use sluicegate_common::matcher::{Match, MatchOptions, RawMatch};
use sluicegate_common::proxy::Counter;

use crate::admit::Charge;
use crate::cost::Cost;
use crate::key::{Extracted, Key, OnMissingKey, PartList};
use crate::quota::{Align, Invalid, Judged, Quota};
use crate::registry::{Place, Registry};
use crate::table::Tag;

/// A number of requests.
type Requests = Whole<1, 1_000_000_000>;

/// An element of `limits` as written.
#[derive(Debug, Deserr)]
#[deserr(error = ConfigErrors, deny_unknown_fields)]
pub struct RawLimit {
    pub name: Name,
    #[deserr(default)]
    algorithm: Algorithm,
    requests: Requests,
    per: Duration,
    #[deserr(default)]
    burst: Option<Requests>,
    #[deserr(default)]
    align: Option<RawAlign>,
    #[deserr(default)]
    key: PartList,
    #[deserr(default)]
    on_missing_key: OnMissingKey,
    #[deserr(default)]
    cost: Cost,
    #[deserr(default, rename = "match")]
    matcher: Option<RawMatch>,
    #[deserr(default)]
    mode: Mode,
    #[deserr(default)]
    count_rejected: bool,
    #[deserr(default)]
    stage: Stage,
}

/// `algorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(error = ConfigErrors)]
enum Algorithm {
    #[default]
    #[deserr(rename = "token_bucket")]
    TokenBucket,
    #[deserr(rename = "fixed_window")]
    FixedWindow,
    #[deserr(rename = "sliding_window")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = ConfigErrors)]
enum RawAlign {
    #[deserr(rename = "epoch")]
    Epoch,
    #[deserr(rename = "first_request")]
    FirstRequest,
}

/// `stage`: where in a gateway a limit is asked. Elsewhere there is one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(error = ConfigErrors)]
pub enum Stage {
    /// Before anybody asks who calls.
    #[deserr(rename = "before_auth")]
    BeforeAuth,
    /// Once that is known.
    #[default]
    #[deserr(rename = "after_auth")]
    AfterAuth,
}

/// A compiled limit.
#[derive(Debug)]
pub struct Limit {
    name: Rc<str>,
    quota: Quota,
    key: Key,
    cost: Cost,
    mode: Mode,
    count_rejected: bool,
    /// When it is asked.
    pub stage: Stage,
    /// Where its levels are.
    pub place: Place,
    matcher: Option<Match>,
    paths: MatchOptions,
    exceeded: Counter,
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
        let name = self.name.as_str();
        let key = Key::new(self.key, self.on_missing_key);
        let tag = Tag::new(name, self.algorithm.label());
        let place = registry.enter(&key.expression(), tag, quota.ceiling())?;
        let counter = format!("sluicegate_rate_limit_exceeded_total.limit.{name}.mode.{}", self.mode.label());
        Ok(Limit {
            name: name.into(),
            quota,
            key,
            cost: self.cost,
            mode: self.mode,
            count_rejected: self.count_rejected,
            stage: self.stage,
            place,
            matcher,
            paths,
            exceeded: Counter::new(counter),
        })
    }

    fn quota(&self, replicas: NonZeroU32) -> Result<Quota, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.burst.is_some() && self.algorithm != Algorithm::TokenBucket {
            errors.push(ConfigError::invalid("burst", "belongs to the algorithm \"token_bucket\""));
        }
        if self.align.is_some() && self.algorithm != Algorithm::FixedWindow {
            errors.push(ConfigError::invalid("align", "belongs to the algorithm \"fixed_window\""));
        }
        let requests = share(self.requests, replicas);
        let quota = match self.algorithm {
            Algorithm::TokenBucket => {
                Quota::token_bucket(requests, self.per, share(self.burst.unwrap_or(self.requests), replicas))
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
        match errors.take(quota.map_err(|invalid| ConfigError::invalid(field_of(invalid), invalid.to_string()))) {
            Some(quota) => errors.into_result(quota),
            None => Err(errors),
        }
    }
}

/// The field that a quota cannot be made of.
fn field_of(invalid: Invalid) -> &'static str {
    match invalid {
        Invalid::Burst => "burst",
        _ => "per",
    }
}

/// The part of one replica, at least 1.
fn share(requests: Requests, replicas: NonZeroU32) -> NonZeroU32 {
    let whole = u32::try_from(requests.get()).unwrap_or(u32::MAX);
    NonZeroU32::new(whole / replicas).unwrap_or(NonZeroU32::MIN)
}

impl Limit {
    /// Whether a refusal by it refuses the request; otherwise it only counts.
    #[must_use]
    pub fn binds(&self) -> bool {
        self.mode == Mode::Enforce
    }

    /// Whether it looks at the path.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.key.uses_paths() || self.matcher.as_ref().is_some_and(Match::uses_paths)
    }

    /// Whether it looks at the head.
    #[must_use]
    pub fn reads_head(&self) -> bool {
        self.key.reads_headers() || self.cost.reads_headers() || self.matcher.as_ref().is_some_and(Match::reads_head)
    }

    /// Whether it is asked about this request.
    #[must_use]
    pub fn is_for(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        self.mode != Mode::Off && self.matcher.as_ref().is_none_or(|matcher| matcher.matches(head, cx))
    }

    /// Whom the request is counted under.
    #[must_use]
    pub fn key_of(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> Extracted {
        self.key.extract(head, cx, self.paths, self.matcher.as_ref())
    }

    /// How much the request takes.
    #[must_use]
    pub fn cost_of(&self, head: &RequestHead<'_>) -> u32 {
        self.cost.of(head)
    }

    /// What a request of that cost asks.
    #[must_use]
    pub fn charge(&self, cost: u32) -> Charge<'_> {
        Charge {
            tag: self.place.tag,
            quota: &self.quota,
            ceiling: self.place.ceiling.get(),
            cost,
            binding: self.binds(),
            count_rejected: self.count_rejected,
        }
    }

    /// Counts a request that did not fit.
    pub fn count_exceeded(&self, cx: &Cx<'_>) {
        self.exceeded.increment(cx.proxy);
    }

    /// What the client is told.
    #[must_use]
    pub fn tell(&self, judged: &Judged) -> LimitUse {
        let (standing, refused) = match judged {
            Judged::Fits { standing, .. } => (standing, false),
            Judged::Exceeds { standing, .. } => (standing, true),
        };
        LimitUse {
            name: Rc::clone(&self.name),
            quota: self.quota.capacity(),
            window: self.quota.window(),
            remaining: standing.remaining,
            more_in: standing.more_in,
            refused,
        }
    }
}
