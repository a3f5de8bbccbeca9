//! Circuit breakers: requests to an upstream that fails are rejected at once, until it has recovered. The rules and words
//! of resilience4j, shared by all workers of a proxy.
//!
//! 1. Each request comes to one breaker, by `scope` ([`scope`]); preflights and what `ignore` names come to none.
//! 2. CLOSED, requests pass, and what became of them is counted ([`upstream`], [`window`]): the upstream's answers and
//!    failures, never replies of the proxy or of other filters, nor clients that went.
//! 3. Too many failures or slow calls, or enough failures in a row, and it is OPEN: requests are rejected with 503 and
//!    `Retry-After`, and the upstream has rest.
//! 4. After `wait_duration_in_open_state` it is HALF_OPEN: so many requests pass as there are permits, each leased; when
//!    all have been reported it closes, or opens for longer.
//! 5. A breaker is one value of shared data ([`record`]): each transition has one worker. While it is closed a request
//!    costs the reading of a gauge (`breaker`).
//! 6. Where shared data fails, requests pass.
//!
//! ```
//! # use serde_json::json;
//! # use sluicegate_common::{config::Env, filter::{Filter, Setup}};
//! let config = json!({
//!     "id": "services",
//!     "scope": ["cluster"],
//!     "window": {"type": "count", "size": 100},
//!     "minimum_calls": 20,
//!     "failure_rate_threshold": 50,
//!     "slow_call_duration": "2s",
//!     "consecutive_failures": 5,
//!     "wait_duration_in_open_state": "30s",
//!     "wait_backoff": {"multiplier": 2, "max": "5m", "jitter": 0.1},
//!     "status_path": "/circuit-breakers"
//! });
//! # let serde_json::Value::Object(config) = config else { unreachable!() };
//! # let configured = sluicegate_circuit_breaker::CircuitBreaker::configure(config, &Setup::new(&Env::default()), None);
//! # assert!(configured.is_ok(), "{configured:?}");
//! ```
//!
//! **Deployment**: behind auth and limits, whose replies are not counted anyway, and before what changes the route. Known to
//! one proxy process: shared by its workers, kept over reloads of the config, lost at a restart, unknown to other replicas.
//!
//! **Not supported**: limits on requests in flight (Envoy's `circuit_breakers` do that), fallback replies with data.
//!
//! Specifications: resilience4j's CircuitBreaker; RFC 9110 sections 15.6.4 and 10.2.3 (503, `Retry-After`).

mod announce;
mod answers;
mod breaker;
pub mod call;
mod config;
mod counters;
mod guard;
mod open;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod process;
pub mod record;
mod registry;
pub mod rules;
pub mod scope;
pub mod status;
pub mod table;
pub mod upstream;
pub mod window;

use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{Background, Cx, Decision, End, Filter, Needs, Outcome, Setup};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::proxy::Proxy;
use sluicegate_common::reply::LocalReply;
use sluicegate_common::seldom::Seldom;
use sluicegate_common::store::StoreError;

use crate::config::{Config, REGISTRIES, StateRule};
#[cfg(not(target_family = "wasm"))]
pub use crate::config::{schema, tables};
use crate::guard::{Guard, Pass};
use crate::record::Verdict;
use crate::registry::Flush;
use crate::rules::State;

/// The filter.
#[derive(Debug)]
pub struct CircuitBreaker {
    config: Config,
    seldom: Seldom,
}

/// What is kept of a request: what guards its call to the upstream.
#[derive(Debug, Default)]
pub struct Stream(Option<Guard>);

impl Filter for CircuitBreaker {
    const NAME: &'static str = "circuit_breaker";
    const REGISTRIES: &'static [&'static str] = REGISTRIES;
    const CODES: &'static [&'static str] = open::CODES;
    type Stream = Stream;

    fn configure(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let config = Config::parse(config, setup, top.map(|top| &top.config))?;
        Ok(Self { config, seldom: Seldom::default() })
    }

    fn start(&self, proxy: &dyn Proxy) {
        self.config.registry.start(proxy);
    }

    fn needs(&self) -> Needs {
        self.config.needs()
    }

    fn on_request(&self, stream: &mut Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let Config { registry, rules, state, .. } = &self.config;
        if registry.is_status_page(head, cx) {
            return self.status_page(cx);
        }
        if *state == StateRule::Disabled || self.config.ignore.skips(head, cx) {
            return Decision::Continue;
        }
        let breaker = match registry.breaker_of(head, cx) {
            Ok(breaker) => breaker,
            Err(error) if *state == StateRule::ForcedOpen => {
                self.log(&error, cx);
                return self.config.open.reject(open::FORCED_OPEN, None, head, cx);
            }
            Err(error) => return self.on_store_error(error, cx),
        };
        cx.facts.set_breaker(breaker.shared_name());
        let verdict = match state {
            StateRule::ForcedOpen => {
                breaker.counters().forced_open(cx.proxy);
                return self.config.open.reject(open::FORCED_OPEN, None, head, cx);
            }
            StateRule::MetricsOnly => Ok(None),
            StateRule::Auto | StateRule::Disabled => breaker.ask(rules, cx.now, cx.proxy).map(Some),
        };
        let pass = match verdict {
            Ok(None) => Pass::Unguarded,
            Ok(Some(Verdict::Passes)) => Pass::Closed,
            Ok(Some(Verdict::Permit(permit))) => Pass::Permit(permit),
            Ok(Some(Verdict::Rejected { state, retry_in })) => {
                breaker.counters().rejected(state, cx.proxy);
                return self.config.open.reject(open::code(state), Some(retry_in), head, cx);
            }
            // As fast as others can write: they do not as long as it is closed.
            Err(StoreError::Contention) => {
                let (code, wait) = (open::code(State::HalfOpen), Duration::from_secs(1));
                breaker.counters().rejected(State::HalfOpen, cx.proxy);
                return self.config.open.reject(code, Some(wait), head, cx);
            }
            Err(error) => return self.on_store_error(error, cx),
        };
        let is_grpc = self.config.failure.asks_grpc() && upstream::grpc::is_request(head);
        stream.0 = Some(Guard::new(breaker, pass, is_grpc, cx.now));
        Decision::Continue
    }

    fn observe(&self, stream: &mut Stream, head: &ResponseHead<'_>, cx: &mut Cx<'_>) {
        if let Some(guard) = &mut stream.0 {
            guard.observe(&self.config, head, cx);
        }
    }

    fn on_end(&self, stream: Stream, end: &End<'_>, cx: &mut Cx<'_>) {
        if let Some(guard) = stream.0 {
            guard.end(&self.config, end, cx);
        }
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        Some(Rc::new(Flush(Rc::clone(&self.config.registry))))
    }
}

impl CircuitBreaker {
    /// Whether rules share this filter's breakers.
    #[must_use]
    pub fn serves_rules(&self) -> bool {
        self.config.registry.serves_rules()
    }

    fn status_page(&self, cx: &mut Cx<'_>) -> Decision {
        let Config { registry, rules, .. } = &self.config;
        let records = registry.all(cx.proxy).and_then(|breakers| {
            breakers.iter().map(|breaker| breaker.look(rules, cx.now, cx.proxy)).collect::<Result<Vec<_>, _>>()
        });
        match records {
            Ok(records) => {
                cx.report(Outcome::Answered, open::STATUS);
                let body = status::page(&records, rules, cx.now);
                let reply = LocalReply::new(200, open::STATUS, "").body("application/json", body);
                Decision::Respond(reply.header("cache-control", "no-store"))
            }
            Err(error) => {
                self.log(&error, cx);
                cx.report(Outcome::Error, open::STORE_ERROR);
                Decision::Respond(LocalReply::new(503, open::STORE_ERROR, "The breakers cannot be read at the moment."))
            }
        }
    }

    /// What becomes of a request about whose breaker nothing is known: it passes, as without one.
    fn on_store_error(&self, error: StoreError, cx: &mut Cx<'_>) -> Decision {
        self.log(&error, cx);
        cx.report(Outcome::Error, open::STORE_ERROR);
        Decision::Continue
    }

    fn log(&self, error: &StoreError, cx: &Cx<'_>) {
        if self.seldom.is_due(cx.now) {
            log::error!("circuit_breaker: {error}");
        }
    }
}
