//! All filters in one module, in the one right order.
//!
//! 1. Requests walk the filters in one fixed order; responses walk back.
//! 2. A field per filter, each exactly that filter's own config; an absent field is an absent filter and costs nothing.
//! 3. `rules` at the top patch the whole object, so that one match serves all filters; a filter's own `rules` apply
//!    under them.
//! 4. The common policy fields may stand once at the top; those of a filter's own field win.
//! 5. A request that every filter lets through is counted once, by the gateway.
//!
//! ```json
//! {"cors": {"allow_origins": ["https://app.example.com"]},
//!  "rules": [{"name": "public", "match": {"paths": [{"prefix": "/public"}]},
//!             "config": {"cors": {"allow_origins": ["*"]}}}]}
//! ```

mod fields;
mod link;
#[cfg(not(target_family = "wasm"))]
mod schema;

use std::rc::Rc;

use sluicegate_auth::Auth;
use sluicegate_circuit_breaker::CircuitBreaker;
use sluicegate_common::account::Account;
use sluicegate_common::chain::{Chain, Walk as _};
use sluicegate_common::config::{ConfigErrors, Env, Object, Top};
use sluicegate_common::filter::{Background, Cx, Outcome};
use sluicegate_cors::Cors;
use sluicegate_header_transform::HeaderTransform;
use sluicegate_rate_limit::{RateLimit, Stage};

use fields::Fields;
use link::Link;
#[cfg(not(target_family = "wasm"))]
pub use schema::{schema, tables};

/// The order of the chain. The limits have two places in it.
pub type Filters = (
    Option<Link<Cors>>,
    (
        Option<Link<RateLimit>>,
        (
            Option<Link<Auth>>,
            (Option<Link<RateLimit>>, (Option<Link<CircuitBreaker>>, (Option<Link<HeaderTransform>>, ()))),
        ),
    ),
);

/// The place of the breakers in it.
const BREAKERS: usize = 4;

/// The gateway's chain under one rule.
#[derive(Debug)]
pub struct Gateway {
    account: Account,
    filters: Filters,
    /// Asked of every request: whether any filter of these reads headers, and whether any takes the time.
    reads_headers: bool,
    times: bool,
    /// At the top, the registry of all limits: of both places, and of rules where the top has none.
    limits: Option<Link<RateLimit>>,
    /// As `limits`, of the breakers.
    breakers: Option<Link<CircuitBreaker>>,
}

impl Chain for Gateway {
    type Filters = Filters;

    const NAME: &'static str = "gateway";
    const REGISTRIES: &'static [&'static str] = &[
        "auth.authenticators",
        "auth.consumers",
        "auth.identity_headers",
        "auth.login",
        "auth.revocation",
        "auth.token_cache",
        "circuit_breaker.hosts",
        "circuit_breaker.id",
        "circuit_breaker.max_breakers",
        "circuit_breaker.scope",
        "circuit_breaker.status_path",
        "rate_limit.id",
        "rate_limit.replicas",
        "rate_limit.store",
    ];
    const CASE_SENSITIVE: bool = false; // Its rules guard routes.
    const MAKES_REQUEST_ID: bool = true;

    fn configure(object: Object, rule: &str, env: &Env, top: Option<Top<'_, Self>>) -> Result<Self, ConfigErrors> {
        let mut fields = Fields::of(object, rule, top.as_ref().map(|top| top.patched), env);
        let top = top.map(|top| top.built);
        let limits_here = top.is_none().then(|| fields.registries()).flatten();
        let limits_top = top.map_or(limits_here.as_ref(), |top| top.limits.as_ref());
        let breakers_here = top.is_none().then(|| fields.registries()).flatten();
        let breakers_top = top.map_or(breakers_here.as_ref(), |top| top.breakers.as_ref());
        let absent = Filters::default();
        let (cors, (before, (auth, (after, (breaker, (transform, ())))))) = top.map_or(&absent, |top| &top.filters);
        let filters = (
            fields.take(cors.as_ref(), cors.as_ref()),
            (
                limits(fields.peek(limits_top, before.as_ref()), Stage::BeforeAuth),
                (
                    fields.take(auth.as_ref(), auth.as_ref()),
                    (
                        limits(fields.take(limits_top, after.as_ref()), Stage::AfterAuth),
                        (
                            fields.take(breakers_top, breaker.as_ref()),
                            (fields.take(transform.as_ref(), transform.as_ref()), ()),
                        ),
                    ),
                ),
            ),
        );
        let policy = fields.finish()?;
        let account = Account::new(Self::NAME, rule, policy, true);
        let reads_headers = (0..Filters::LEN).any(|at| filters.needs(at).headers);
        let times = (0..Filters::LEN).any(|at| filters.needs(at).times);
        Ok(Self { account, filters, reads_headers, times, limits: limits_here, breakers: breakers_here })
    }

    fn filters(&self) -> &Filters {
        &self.filters
    }

    fn reads_headers(&self) -> bool {
        self.reads_headers
    }

    fn times(&self) -> bool {
        self.times
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn background_at(&self, at: usize) -> Option<Rc<dyn Background>> {
        // Breakers of rules alone work as well.
        let of_rules =
            || self.breakers.as_ref().filter(|link| at == BREAKERS && link.all(CircuitBreaker::serves_rules));
        self.filters.background(at).or_else(|| of_rules()?.background(0))
    }

    fn on_passed(&self, cx: &Cx<'_>) {
        self.account.count(Outcome::Allowed, "ok", cx);
    }
}

/// The limits of one stage; `None` where there are none under any rule.
fn limits(mut link: Option<Link<RateLimit>>, stage: Stage) -> Option<Link<RateLimit>> {
    if let Some(link) = &mut link {
        link.each_mut(|limits| limits.keep(stage));
    }
    link.filter(|link| !link.all(RateLimit::is_empty))
}
