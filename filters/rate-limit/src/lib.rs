//! Limits per client: exact across the workers of a process, bounded in memory, told to clients.

pub mod admit;
mod config;
pub mod cost;
pub mod fields;
pub mod global;
pub mod key;
mod limit;
pub mod quota;
mod refuse;
mod registry;
pub mod table;

use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{Cx, Decision, Filter, Needs, Outcome, Setup};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::StoreError;

use crate::admit::{Admission, Charge, Demand, admit};
use crate::config::{Config, OnStoreError, REGISTRIES};
use crate::key::Extracted;
use crate::limit::Limit;
pub use crate::limit::Stage;
use crate::quota::Judged;
use crate::table::Overflow;

/// The filter.
#[derive(Debug)]
pub struct RateLimit {
    config: Config,
}

/// A limit that is asked about a request.
#[derive(Debug)]
struct Asked {
    limit: Rc<Limit>,
    /// The values of its key.
    key: Vec<u8>,
    cost: u32,
}

impl Asked {
    /// Whether both are decided in one compare-and-swap.
    fn shares_entry(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.limit.place.table, &other.limit.place.table) && self.key == other.key
    }
}

impl Filter for RateLimit {
    const NAME: &'static str = "rate_limit";
    const REGISTRIES: &'static [&'static str] = REGISTRIES;
    const CASE_SENSITIVE: bool = false;
    const CODES: &'static [&'static str] = refuse::CODES;
    type Stream = ();

    fn configure(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        Config::parse(config, setup, top.map(|top| &top.config)).map(|config| Self { config })
    }

    fn start(&self, proxy: &dyn Proxy) {
        self.config.registry.start(proxy);
    }

    fn needs(&self) -> Needs {
        let limits = &self.config.limits;
        Needs {
            headers: limits.iter().any(|limit| limit.reads_head()),
            paths: limits.iter().any(|limit| limit.uses_paths()),
            decorate: false,
        }
    }

    fn on_request(&self, (): &mut (), head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        if self.config.limits.is_empty() || head.is_preflight() {
            return Decision::Continue;
        }
        let Some(asked) = self.asked(head, cx) else { return refuse::missing_key() };
        if asked.is_empty() {
            return Decision::Continue;
        }
        match self.judge(&asked, cx) {
            Ok(admission) => self.say(&asked, &admission, cx),
            Err(StoreError::Contention) => refuse::contention(),
            Err(error) => self.on_store_error(error, cx),
        }
    }

    fn on_response(&self, (): &mut (), head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        let mut uses = cx.facts.take_limits();
        if uses.is_empty() {
            return;
        }
        self.config.fields.write(&mut uses, head);
        self.config.fields.names().for_each(|name| cx.facts.expose(name));
        cx.facts.expose("retry-after");
    }
}

impl RateLimit {
    /// Leaves the limits of this stage alone: in a gateway, which has a place for each.
    pub fn keep(&mut self, stage: Stage) {
        self.config.limits.retain(|limit| limit.stage == stage);
    }

    /// Whether there is no limit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.config.limits.is_empty()
    }

    /// The limits that are for this request, those of one entry next to each other. `None`: the request lacks a key without
    /// which it is refused.
    fn asked(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> Option<Vec<Asked>> {
        let mut asked: Vec<Asked> = Vec::with_capacity(self.config.limits.len());
        for limit in self.config.limits.iter().filter(|limit| limit.is_for(head, cx)) {
            let key = match limit.key_of(head, cx) {
                Extracted::Key(key) => key,
                Extracted::Deny if limit.binds() => return None,
                Extracted::Deny | Extracted::Skip => continue,
            };
            let new = Asked { limit: Rc::clone(limit), key, cost: limit.cost_of(head) };
            let last = asked.iter().rposition(|other| other.shares_entry(&new));
            asked.insert(last.map_or(asked.len(), |last| last.saturating_add(1)), new);
        }
        Some(asked)
    }

    fn judge(&self, asked: &[Asked], cx: &Cx<'_>) -> Result<Admission, StoreError> {
        let charges: Vec<Charge<'_>> = asked.iter().map(|asked| asked.limit.charge(asked.cost)).collect();
        let mut charges = charges.as_slice();
        let mut demands = Vec::with_capacity(asked.len());
        for group in asked.chunk_by(Asked::shares_entry) {
            let (Some(first), Some((of_group, behind))) = (group.first(), charges.split_at_checked(group.len())) else {
                break;
            };
            charges = behind;
            let overflow = self.config.registry.overflow();
            demands.push(Demand { table: &first.limit.place.table, overflow, key: &first.key, charges: of_group });
        }
        admit(cx.proxy, &demands, cx.now)
    }

    /// Tells what was decided.
    fn say(&self, asked: &[Asked], admission: &Admission, cx: &mut Cx<'_>) -> Decision {
        if admission.overflowed {
            self.config.registry.count_overflow(cx.proxy);
        }
        let mut wait = Duration::ZERO;
        for (Asked { limit, .. }, judged) in asked.iter().zip(&admission.judged) {
            if let Judged::Exceeds { retry_in, standing } = judged {
                limit.count_exceeded(cx);
                if limit.binds() {
                    wait = wait.max(retry_in.unwrap_or(standing.fresh_in));
                }
            }
            if limit.binds() && cx.enforces() {
                cx.facts.note_limit(limit.tell(judged));
            }
        }
        match (admission.passes, admission.overflowed, self.config.registry.overflow()) {
            (true, ..) => Decision::Continue,
            (false, true, Overflow::Deny) => refuse::table_full(wait),
            (false, ..) => refuse::rate_limited(wait),
        }
    }

    fn on_store_error(&self, error: StoreError, cx: &mut Cx<'_>) -> Decision {
        log::error!("rate_limit: {error}");
        cx.report(Outcome::Error, refuse::STORE_ERROR);
        match self.config.on_store_error {
            OnStoreError::Allow => Decision::Continue,
            OnStoreError::Deny => refuse::store_error(),
        }
    }
}
