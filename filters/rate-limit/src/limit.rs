//! One limit: how much, whom it counts together, and for which requests it is.

mod raw;

use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, FromConfig, Mode};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::limit_use::LimitUse;
use sluicegate_common::matcher::{Match, MatchOptions};
use sluicegate_common::proxy::Counter;

use crate::admit::Charge;
use crate::cost::Cost;
use crate::key::{Extracted, Key};
use crate::quota::{Judged, Quota};
use crate::registry::{Place, Registry};
use crate::table::Tag;
pub use raw::{RawLimit, Requests, per_replica};

/// `stage`: where in a gateway a limit is asked. Elsewhere there is one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum Stage {
    /// Before anybody asks who calls.
    #[config(rename = "before_auth")]
    BeforeAuth,
    /// Once that is known.
    #[default]
    #[config(rename = "after_auth")]
    AfterAuth,
}

/// A compiled limit.
#[derive(Debug)]
pub struct Limit {
    name: Rc<str>,
    quota: Quota,
    /// That of the quota, which takes a division to find.
    window: Duration,
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

/// What makes a limit.
pub struct Terms<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its levels mean: of limits of one name those of one algorithm are the same.
    pub algorithm: &'static str,
    /// How much.
    pub quota: Quota,
    /// Whom it counts together.
    pub key: Key,
    /// Enforce, shadow or off.
    pub mode: Mode,
}

impl Limit {
    /// A limit for all requests, of which each takes 1.
    ///
    /// # Errors
    /// Too many limits have this key.
    pub fn new(terms: Terms<'_>, registry: &Registry, paths: MatchOptions) -> Result<Self, ConfigError> {
        let Terms { name, algorithm, quota, key, mode } = terms;
        let place = registry.enter(&key.expression(), Tag::new(name, algorithm), quota.ceiling())?;
        let counter = format!("sluicegate_rate_limit_exceeded_total.limit.{name}.mode.{}", mode.label());
        Ok(Self {
            name: name.into(),
            window: quota.window(),
            quota,
            key,
            cost: Cost::default(),
            mode,
            count_rejected: false,
            stage: Stage::default(),
            place,
            matcher: None,
            paths,
            exceeded: Counter::new(counter),
        })
    }

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

    /// Whom the request is counted under, in the memory of `spare`.
    #[must_use]
    pub fn key_of(&self, head: &RequestHead<'_>, cx: &Cx<'_>, spare: Vec<u8>) -> Extracted {
        self.key.extract(head, cx, self.paths, self.matcher.as_ref(), spare)
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
            window: self.window,
            remaining: standing.remaining,
            more_in: standing.more_in,
            refused,
        }
    }
}
