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

use sluicegate_auth::Auth;
use sluicegate_common::account::Account;
use sluicegate_common::chain::Chain;
use sluicegate_common::config::{ConfigErrors, Env, Object};
use sluicegate_common::filter::{Cx, Outcome};
use sluicegate_cors::Cors;
use sluicegate_header_transform::HeaderTransform;
use sluicegate_rate_limit::{RateLimit, Stage};

use fields::Fields;
use link::Link;

/// The order of the chain. The limits have two places in it.
pub type Filters = (
    Option<Link<Cors>>,
    (Option<Link<RateLimit>>, (Option<Link<Auth>>, (Option<Link<RateLimit>>, (Option<Link<HeaderTransform>>, ())))),
);

/// The gateway's chain under one rule.
#[derive(Debug)]
pub struct Gateway {
    account: Account,
    filters: Filters,
    /// At the top, the registry of all limits: of both places, and of rules where the top has none.
    limits: Option<Link<RateLimit>>,
}

impl Chain for Gateway {
    type Filters = Filters;

    const NAME: &'static str = "gateway";
    const REGISTRIES: &'static [&'static str] = &[
        "auth.authenticators",
        "auth.consumers",
        "auth.identity_headers",
        "auth.revocation",
        "auth.token_cache",
        "rate_limit.id",
        "rate_limit.replicas",
        "rate_limit.store",
    ];
    const CASE_SENSITIVE: bool = false; // Its rules guard routes.
    const MAKES_REQUEST_ID: bool = true;

    fn configure(object: Object, rule: &str, env: &Env, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let mut fields = Fields::of(object, rule, env);
        let registries = top.is_none().then(|| fields.registries()).flatten();
        let limits_top = top.map_or(registries.as_ref(), |top| top.limits.as_ref());
        let top = top.map(|top| &top.filters);
        let filters = (
            fields.take::<Cors>(top.and_then(|top| top.0.as_ref())),
            (
                limits(fields.peek(limits_top), Stage::BeforeAuth),
                (
                    fields.take::<Auth>(top.and_then(|top| top.1.1.0.as_ref())),
                    (
                        limits(fields.take(limits_top), Stage::AfterAuth),
                        (fields.take::<HeaderTransform>(top.and_then(|top| top.1.1.1.1.0.as_ref())), ()),
                    ),
                ),
            ),
        );
        let policy = fields.finish()?;
        Ok(Self { account: Account::new(Self::NAME, rule, policy, true), filters, limits: registries })
    }

    fn filters(&self) -> &Filters {
        &self.filters
    }

    fn account(&self) -> &Account {
        &self.account
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
