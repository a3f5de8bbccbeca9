//! Usage plans: what each consumer may do, by the plan it has.
//!
//! ```json
//! {"by": "group", "default": "free", "table": {
//!     "free": {"throttle": {"requests": 5, "per": "1s", "burst": 10}, "quota": {"requests": 1000, "per": "day"}},
//!     "gold": {"throttle": {"requests": 100, "burst": 200}, "quota": {"requests": 100000, "per": "month", "offset": "48h"}}}}
//! ```
//!
//! 1. `by` says what chooses the plan: the consumer, its credential, its groups (the first that has a plan), or a claim of
//!    the verified token. Who has no plan has that of `default`; without one no plan holds.
//! 2. `throttle` is a token bucket, `quota` a count per day, week (from Monday) or month of UTC, which begins later by
//!    `offset`. As in usage plans of AWS's API Gateway both have to have room.
//! 3. Both are counted by `key`, unless given by consumer: all who share a plan have their own. Who changes the plan keeps
//!    what was used.
//!
//! They are the limits `plan-throttle` and `plan-quota`, after authentication.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Mode, Table, Text};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::MatchOptions;

use crate::key::{Key, OnMissingKey, PartList, TextPart};
use crate::limit::{Limit, Requests, Terms, per_replica};
use crate::quota::{Period, Quota};
use crate::registry::Registry;

/// The names of their limits.
pub const NAMES: [&str; 2] = [THROTTLE, QUOTA];
const THROTTLE: &str = "plan-throttle";
const QUOTA: &str = "plan-quota";

/// `plans` as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawPlans {
    /// What chooses the plan: who calls, with which credential, the first of the consumer's groups that has a plan, or a
    /// claim of the verified token. Nothing that a client writes.
    by: By,
    /// The plans, by what `by` says. A plan may have either of the two, or both.
    table: Table<Value, RawPlan>,
    /// A name of `table`: the plan of all others. Without it none holds for them.
    #[config(default)]
    default: Option<Value>,
    /// Whose requests count together; the address stands in for a missing part.
    #[config(default = PartList::consumer())]
    key: PartList,
}

/// The fields of `plans`, of the `throttle` and of the `quota` of a plan.
#[cfg(not(target_family = "wasm"))]
pub fn tables() -> [Vec<sluicegate_common::describe::Field>; 3] {
    use sluicegate_common::describe::Described;

    [RawPlans::fields(), RawThrottle::fields(), RawQuota::fields()]
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawPlan {
    /// A token bucket.
    #[config(default)]
    throttle: Option<RawThrottle>,
    /// A count that begins anew with each day, week or month.
    #[config(default)]
    quota: Option<RawQuota>,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawThrottle {
    /// How many.
    requests: Requests,
    /// In which time.
    #[config(default = Duration::from_secs(1))]
    per: Duration,
    /// How many at once. Absent: as `requests`.
    #[config(default)]
    burst: Option<Requests>,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawQuota {
    /// How many.
    requests: Requests,
    /// In each day, week (from Monday) or month of UTC.
    per: RawPeriod,
    /// How much later it begins anew: less than a day, a week or 28 days.
    #[config(default, shown = "\"0s\"")]
    offset: Duration,
}

#[derive(Debug, Clone, Copy, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum RawPeriod {
    Day,
    Week,
    Month,
}

/// `by`: what chooses the plan.
#[derive(Debug)]
enum By {
    Group,
    Part(TextPart),
}

impl Text for By {
    const EXPECTED: &'static str = "\"consumer\", \"credential\", \"group\" or \"claim:/<pointer>\"";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "group" => Some(Self::Group),
            "consumer" | "credential" => TextPart::parse(text).map(Self::Part),
            claim if claim.starts_with("claim:") => TextPart::parse(claim).map(Self::Part),
            _ => None,
        }
    }
}

/// What a plan is chosen by: a consumer, a credential, a group, or the text of a claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Value(String);

impl Text for Value {
    const EXPECTED: &'static str = "1 to 256 bytes of text";

    fn parse(text: &str) -> Option<Self> {
        (1..=256).contains(&text.len()).then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(By, Value);
sluicegate_common::described_text!(Value: "name");

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for By {
    fn schema() -> serde_json::Value {
        let pattern = "^((consumer|credential|group)$|claim:/)";
        serde_json::json!({ "type": "string", "description": Self::EXPECTED, "pattern": pattern })
    }

    fn kind() -> String {
        sluicegate_common::describe::one_of(&["consumer", "credential", "group", "claim:/plan"])
    }
}

/// The compiled `plans`.
#[derive(Debug)]
pub struct Plans {
    by: By,
    table: BTreeMap<String, Plan>,
    default: Option<Plan>,
    paths: MatchOptions,
}

/// The limits of a plan.
type Plan = Rc<[Rc<Limit>]>;

impl RawPlans {
    /// Compiles them.
    ///
    /// # Errors
    /// Everything that is wrong with them, with paths inside.
    pub fn compile(self, registry: &Registry, paths: MatchOptions) -> Result<Plans, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let key = Key::new(self.key, OnMissingKey::Ip);
        let mut table = BTreeMap::new();
        for (Value(name), plan) in self.table {
            let limits = plan.compile(&format!("table.{name}"), &key, registry, paths, &mut errors);
            table.insert(name, limits);
        }
        let default = self.default.and_then(|Value(name)| {
            let plan = table.get(&name).cloned();
            if plan.is_none() {
                errors.push(ConfigError::invalid("default", format!("there is no plan {name:?} in \"table\"")));
            }
            plan
        });
        errors.into_result(Plans { by: self.by, table, default, paths })
    }
}

impl RawPlan {
    /// Its limits, as far as nothing is wrong with them. `place` is where it stands; the key stands beside the table.
    fn compile(
        self,
        place: &str,
        key: &Key,
        registry: &Registry,
        paths: MatchOptions,
        errors: &mut ConfigErrors,
    ) -> Plan {
        let mut limits = Vec::new();
        let mut add = |field: &str, name, algorithm, quota: Result<Quota, ConfigError>| {
            let terms = |quota| Terms { name, algorithm, quota, key: key.clone(), mode: Mode::Enforce };
            let quota = quota.map_err(|error| error.under(&format!("{place}.{field}")));
            let limit = quota.and_then(|quota| Limit::new(terms(quota), registry, paths));
            // What is wrong with the key is so for all plans, and told once.
            let limit = limit.map_err(|error| ConfigErrors::from(error).without(errors));
            limits.extend(errors.take(limit).map(Rc::new));
        };
        if let Some(throttle) = self.throttle {
            add("throttle", THROTTLE, "token_bucket", throttle.quota(registry));
        }
        if let Some(quota) = self.quota {
            add("quota", QUOTA, "calendar", quota.quota(registry));
        }
        limits.into()
    }
}

impl RawThrottle {
    fn quota(&self, registry: &Registry) -> Result<Quota, ConfigError> {
        let [requests, burst] = [self.requests, self.burst.unwrap_or(self.requests)];
        let replicas = registry.replicas();
        Quota::token_bucket(per_replica(requests, replicas), self.per, per_replica(burst, replicas))
            .map_err(|invalid| ConfigError::invalid(invalid.field(), invalid.to_string()))
    }
}

impl RawQuota {
    fn quota(&self, registry: &Registry) -> Result<Quota, ConfigError> {
        let period = match self.per {
            RawPeriod::Day => Period::Day,
            RawPeriod::Week => Period::Week,
            RawPeriod::Month => Period::Month,
        };
        Quota::calendar(per_replica(self.requests, registry.replicas()), period, self.offset)
            .map_err(|invalid| ConfigError::invalid(invalid.field(), invalid.to_string()))
    }
}

impl Plans {
    /// The limits of the plan that the request's sender has.
    pub fn limits(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> &[Rc<Limit>] {
        let chosen = match &self.by {
            By::Group => {
                let identity = cx.facts.identity(cx.proxy).filter(|identity| !identity.is_anonymous());
                identity.and_then(|identity| identity.groups().find_map(|group| self.table.get(group)))
            }
            By::Part(part) => part.of(head, cx, self.paths).and_then(|value| self.table.get(&value)),
        };
        chosen.or(self.default.as_ref()).map_or(&[], |plan| plan)
    }

    /// Whether a limit's key looks at the path.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.table.values().flat_map(|plan| plan.iter()).any(|limit| limit.uses_paths())
    }

    /// Whether a limit reads the head.
    #[must_use]
    pub fn reads_head(&self) -> bool {
        self.table.values().flat_map(|plan| plan.iter()).any(|limit| limit.reads_head())
    }
}

#[cfg(test)]
mod tests;
