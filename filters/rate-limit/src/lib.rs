//! How much each client may ask for: limits that are exact across the workers of a process, bounded in memory, and told
//! to clients.
//!
//! 1. Preflights are not counted: a browser sends them by itself.
//! 2. A request counts under every limit of its rule whose `match` it fits, by the client's key there ([`key`]), as much
//!    as it costs ([`cost`]).
//! 3. It passes if all limits have room ([`admit`]), and takes nothing of any if one has not. Limits that share a key are
//!    one entry of shared data, decided in one compare-and-swap ([`table`]); what they allow is arithmetic ([`quota`]).
//! 4. Never one more passes than a limit allows, whatever workers race. Of several that race, one may be refused that
//!    would have fitted.
//!    With `precision: leased` a worker takes a batch ahead, which others do not find ([`lease`]).
//! 5. There are as many entries as the config says, whoever comes. Who finds no place counts as having used as much as
//!    any that was forgotten.
//! 6. Who calls may have a plan (`plans`). What passes here may still be for a service to judge, which counts for all
//!    proxies ([`global`]); what it refuses is given back here.
//! 7. The answer says how the request stands with each limit ([`fields`]); a refusal is 429 with `Retry-After` (`refuse`).
//! 8. Where shared data fails the request passes uncounted, or is refused (`on_store_error`), and so where the service
//!    does (`failure_mode`).
//!
//! ```
//! # use serde_json::json;
//! # use sluicegate_common::{config::Env, filter::{Filter, Setup}};
//! let config = json!({
//!     "id": "edge",
//!     "limits": [
//!         {"name": "burst", "requests": 50, "per": "1s", "burst": 100, "key": ["ip"]},
//!         {"name": "daily", "algorithm": "fixed_window", "requests": 10_000, "per": "1d", "key": ["consumer"]},
//!         {
//!             "name": "login",
//!             "algorithm": "fixed_window",
//!             "align": "first_request",
//!             "requests": 5,
//!             "per": "15m",
//!             "key": ["ip"],
//!             "match": {"paths": [{"exact": "/auth/login"}], "methods": ["POST"]},
//!             "stage": "before_auth"
//!         }
//!     ]
//! });
//! # let serde_json::Value::Object(config) = config else { unreachable!() };
//! # let configured = sluicegate_rate_limit::RateLimit::configure(config, &Setup::new(&Env::default()), None);
//! # assert!(configured.is_ok(), "{configured:?}");
//! ```
//!
//! **Deployment**: behind auth where keys say who calls, and before what is dear. `ip` is the client's only where the
//! proxy is told so (Envoy: `use_remote_address`). Levels are known to one proxy process, survive reloads of the config,
//! and are forgotten when it restarts; other replicas do not hear of them (`replicas` divides the numbers, `global` asks one
//! service).
//!
//! **Not supported**: limits on requests in flight, and on bytes; counting by what the service answered.
//!
//! Specifications: RFC 6585 section 4 (429), RFC 9110 section 10.2.3 (`Retry-After`),
//! draft-ietf-httpapi-ratelimit-headers-11 and RFC 9651 (fields), ITU-T I.371 annex A.1 (token buckets), Envoy's rate limit
//! service, version 3.

pub mod admit;
mod config;
mod cost;
pub mod fields;
mod global;
pub mod key;
pub mod lease;
mod limit;
mod plans;
pub mod quota;
mod refuse;
mod registry;
pub mod table;
mod taken;

use std::cell::RefCell;
use std::time::Duration;

use sluicegate_common::config::{ConfigErrors, Mode, Object};
use sluicegate_common::filter::{CalloutAnswer, Cx, Decision, Filter, Needs, Outcome, Setup, Wait, Wake};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::identity;
use sluicegate_common::limit_use::LimitUse;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::seldom::Seldom;
use sluicegate_common::store::StoreError;

use crate::config::{Config, OnStoreError, REGISTRIES};
#[cfg(not(target_family = "wasm"))]
pub use crate::config::{schema, tables};
use crate::global::{FailureMode, Global, Verdict};
pub use crate::limit::Stage;
use crate::quota::Judged;
use crate::table::Overflow;
use crate::taken::{Asked, Taken};

/// The filter.
#[derive(Debug)]
pub struct RateLimit {
    config: Config,
    /// Worked out once: plans may be many.
    needs: Needs,
    /// What failed is told; metrics count each time.
    seldom: Seldom,
    /// Memory of requests that are over.
    spare: RefCell<Taken>,
    /// Where values of fields are made.
    text: RefCell<String>,
}

/// What is kept of a request.
#[derive(Debug, Default)]
pub struct Stream {
    /// What was taken while the service is asked.
    pending: Option<Taken>,
    /// What the service wants on the response.
    response_headers: Vec<(String, Vec<u8>)>,
}

impl Filter for RateLimit {
    const NAME: &'static str = "rate_limit";
    const REGISTRIES: &'static [&'static str] = REGISTRIES;
    const CASE_SENSITIVE: bool = false;
    const CODES: &'static [&'static str] = refuse::CODES;
    type Stream = Stream;

    fn configure(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let config = Config::parse(config, setup, top.map(|top| &top.config))?;
        Ok(Self {
            needs: config.needs(),
            config,
            seldom: Seldom::default(),
            spare: RefCell::default(),
            text: RefCell::default(),
        })
    }

    fn start(&self, proxy: &dyn Proxy) {
        self.config.registry.start(proxy);
    }

    fn cleanse(&self, head: &mut RequestHead<'_>) {
        let Ok(given) = self.config.registry.given.try_borrow() else { return };
        if !given.is_empty()
            && let Err(error) = identity::remove_spellings(&given, head)
        {
            log::error!("rate_limit: {error}");
        }
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn on_request(&self, stream: &mut Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        if self.is_empty() || head.is_preflight() {
            return Decision::Continue;
        }
        let mut taken = self.spare.take();
        let decision = self.judge(&mut taken, head, cx);
        match self.config.global.as_ref().filter(|_| matches!(decision, Decision::Continue)) {
            Some(global) => self.ask_service(global, stream, taken, head, cx),
            None => {
                self.finish(taken, cx);
                self.tell(decision, cx)
            }
        }
    }

    fn on_wake(&self, stream: &mut Stream, why: &Wake<'_>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        match (why, &self.config.global) {
            (Wake::Answer(answer), Some(global)) => self.answered(global, answer, stream, head, cx),
            _ => Decision::Continue,
        }
    }

    fn on_response(&self, stream: &mut Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        for (name, value) in stream.response_headers.drain(..) {
            // Of these there is one: what the upstream says of its own policies goes.
            let is_single = name.starts_with("ratelimit") || name.starts_with("x-ratelimit-");
            let added = if is_single { head.set(name, value) } else { head.append(name, value) };
            if let Err(error) = added {
                log::debug!("rate_limit: {error}");
            }
        }
        let mut uses = cx.facts.take_limits();
        if uses.is_empty() {
            return;
        }
        self.config.fields.write(&mut uses, head, &mut self.text.borrow_mut());
        self.told(uses, cx);
    }
}

impl RateLimit {
    /// Leaves the limits of this stage alone: in a gateway, which has a place for each.
    pub fn keep(&mut self, stage: Stage) {
        self.config.limits.retain(|limit| limit.stage == stage);
        if stage == Stage::BeforeAuth {
            self.config.plans = None;
            self.config.global = None;
        }
        self.needs = self.config.needs();
    }

    /// Whether there is no limit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.config.limits.is_empty() && self.config.plans.is_none() && self.config.global.is_none()
    }

    /// Asks every limit that is for this request. What they say stands in `taken`, where there is memory for it.
    fn judge(&self, taken: &mut Taken, head: &RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let plan = self.config.plans.as_ref().map_or(&[][..], |plans| plans.limits(head, cx));
        if !self.config.limits.iter().chain(plan).all(|limit| taken.ask(limit, head, cx)) {
            return refuse::missing_key();
        }
        let registry = &self.config.registry;
        if let Err(error) = taken.decide(registry, self.config.precision, cx) {
            taken.admission.clear();
            return self.on_store_error(error, &taken.asked, cx);
        }
        let wait = self.count(taken, cx);
        match (taken.admission.passes, taken.admission.full, registry.overflow()) {
            (true, ..) => Decision::Continue,
            (false, true, Overflow::Deny) => refuse::table_full(wait),
            (false, ..) => refuse::rate_limited(wait),
        }
    }

    /// Tells how the limits stand, and keeps the memory.
    fn finish(&self, mut taken: Taken, cx: &mut Cx<'_>) {
        taken.tell(cx);
        taken.clear();
        self.spare.replace(taken);
    }

    /// A refusal tells how the limits stand itself, which spares its response a look and a write for each field.
    fn tell(&self, mut decision: Decision, cx: &mut Cx<'_>) -> Decision {
        if let Decision::Respond(reply) = &mut decision
            && cx.enforces()
        {
            let mut uses = cx.facts.take_limits();
            if !uses.is_empty() {
                self.config.fields.write_reply(&mut uses, reply, &mut self.text.borrow_mut());
                self.told(uses, cx);
            }
        }
        decision
    }

    /// Pages of other origins may read it, and the memory is kept.
    fn told(&self, uses: Vec<LimitUse>, cx: &mut Cx<'_>) {
        cx.facts.reuse_limits(uses);
        self.config.fields.names().for_each(|name| cx.facts.expose(name));
        cx.facts.expose("retry-after");
    }

    /// Counts what was decided. How long to wait where it was refused.
    fn count(&self, taken: &Taken, cx: &Cx<'_>) -> Duration {
        let Taken { asked, admission, .. } = taken;
        if admission.overflowed {
            self.config.registry.count_overflow(cx.proxy);
        }
        let mut wait = Duration::ZERO;
        for (Asked { limit, .. }, judged) in asked.iter().zip(&admission.judged) {
            let Judged::Exceeds { retry_in, standing } = judged else { continue };
            limit.count_exceeded(cx);
            if limit.binds() {
                wait = wait.max(retry_in.unwrap_or(standing.fresh_in));
            }
        }
        wait
    }

    /// What is counted here lets the request pass; what the service counts may not.
    fn ask_service(
        &self,
        global: &Global,
        stream: &mut Stream,
        taken: Taken,
        head: &RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Decision {
        let Some(callout) = global.ask(head, cx) else {
            self.finish(taken, cx);
            return Decision::Continue;
        };
        stream.pending = Some(taken);
        Decision::Wait(Wait::Callouts(vec![callout]))
    }

    /// The service has answered, or has not.
    fn answered(
        &self,
        global: &Global,
        answer: &CalloutAnswer,
        stream: &mut Stream,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Decision {
        let judgement = global.judge(answer);
        global.count(&judgement.verdict, cx.proxy);
        let refusal = match judgement.verdict {
            Verdict::Ok => None,
            Verdict::OverLimit { retry_in } => Some(refuse::rate_limited(retry_in)),
            Verdict::Unavailable(failure) => {
                if self.seldom.is_due(cx.now) {
                    log::warn!("rate_limit: the rate-limit service: {failure}");
                }
                cx.report(Outcome::Error, refuse::GLOBAL_ERROR);
                (global.failure_mode == FailureMode::Deny).then(refuse::global_error)
            }
        };
        let refusal = refusal.filter(|_| global.mode == Mode::Enforce);
        if let Some(mut taken) = stream.pending.take() {
            if refusal.is_some() {
                taken.give_back(&self.config.registry, cx);
            }
            self.finish(taken, cx);
        }
        if global.mode == Mode::Enforce && cx.enforces() {
            judgement.uses.into_iter().for_each(|limit| cx.facts.note_limit(limit));
            stream.response_headers = judgement.response_headers;
            for (name, value) in judgement.request_headers {
                if let Err(error) = head.set(name, value) {
                    log::debug!("rate_limit: {error}");
                }
            }
        }
        refusal.map_or(Decision::Continue, |refusal| self.tell(refusal, cx))
    }

    /// What becomes of a request about which the store says nothing. Limits in shadow refuse nobody.
    fn on_store_error(&self, error: StoreError, asked: &[Asked], cx: &mut Cx<'_>) -> Decision {
        if self.seldom.is_due(cx.now) {
            log::error!("rate_limit: {error}");
        }
        let binds = asked.iter().any(|asked| asked.limit.binds());
        match (error, self.config.on_store_error) {
            (StoreError::Contention, _) if binds => refuse::contention(),
            (_, OnStoreError::Deny) if binds => refuse::store_error(),
            _ => {
                cx.report(Outcome::Error, refuse::STORE_ERROR);
                Decision::Continue
            }
        }
    }
}
