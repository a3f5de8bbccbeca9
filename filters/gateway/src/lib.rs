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

use std::rc::Rc;

use sluicegate_common::account::{Account, Step};
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::config::{ConfigErrors, Env, Object};
use sluicegate_common::filter::{Background, Cx, Needs, Outcome, Wake};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_cors::Cors;

use fields::Fields;
use link::Link;

/// The order of the chain.
type Filters = (Option<Link<Cors>>, ());

/// The gateway's chain under one rule.
#[derive(Debug)]
pub struct Gateway {
    account: Account,
    filters: Filters,
}

impl Chain for Gateway {
    const NAME: &'static str = "gateway";
    const REGISTRIES: &'static [&'static str] = &[];
    const CASE_SENSITIVE: bool = false; // Its rules guard routes.

    fn configure(object: Object, rule: &str, env: &Env) -> Result<Self, ConfigErrors> {
        let mut fields = Fields::of(object, rule, env);
        let filters = (fields.take::<Cors>(), ());
        let policy = fields.finish()?;
        Ok(Self { account: Account::new(Self::NAME, rule, policy, true), filters })
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn on_passed(&self, cx: &Cx<'_>) {
        self.account.count(Outcome::Allowed, "ok", cx);
    }
}

impl Walk for Gateway {
    type Stream = <Filters as Walk>::Stream;

    const LEN: usize = Filters::LEN;

    fn share(&mut self, top: &Self) {
        self.filters.share(&top.filters);
    }

    fn needs(&self, at: usize) -> Needs {
        self.filters.needs(at)
    }

    fn on_request(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        self.filters.on_request(at, stream, head, cx)
    }

    fn on_wake(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        self.filters.on_wake(at, stream, why, head, cx)
    }

    fn on_response(&self, at: usize, stream: &mut Self::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        self.filters.on_response(at, stream, head, cx);
    }

    fn on_end(&self, reached: usize, stream: Self::Stream, cx: &mut Cx<'_>) {
        self.filters.on_end(reached, stream, cx);
    }

    fn background(&self, at: usize) -> Option<Rc<dyn Background>> {
        self.filters.background(at)
    }
}
