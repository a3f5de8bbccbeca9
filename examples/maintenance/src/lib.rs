//! Maintenance: turns requests away while a service says so.
//!
//! 1. Every VM asks the service in the background, every `refresh`: no request waits for that, but the first ones.
//! 2. `{"maintenance": true}` answers requests with 503 and `Retry-After`, `false` lets them pass. What was last said
//!    holds until the service says something else; a failing service changes nothing.
//! 3. Until the service has answered for the first time, requests wait, each for `max_wait` at most. Then `on_unknown`
//!    lets it pass (the default) or refuses it with 503.
//!
//! Rules may change how long requests wait and what they are told, but not who is asked: a VM asks once for all rules.
//!
//! `config.json` beside this crate's manifest is an example that runs.

mod config;
mod poll;

use std::rc::Rc;

use sluicegate_common::config::{ConfigErrors, InternalError, Object};
use sluicegate_common::filter::{Background, Cx, Decision, Filter, Outcome, Setup, Wait, Wake};
use sluicegate_common::head::RequestHead;
use sluicegate_common::reply::LocalReply;
use sluicegate_common::time::Nanos;

use crate::config::Config;
use crate::poll::{ANSWERED, Poll};

/// The filter.
#[derive(Debug)]
pub struct Maintenance {
    config: Config,
    poll: Rc<Poll>,
}

impl Filter for Maintenance {
    const NAME: &'static str = "maintenance";
    const REGISTRIES: &'static [&'static str] = &["cluster", "authority", "path", "refresh", "timeout"];
    const CODES: &'static [&'static str] = &["maintenance", "maintenance_unknown"];
    /// When the request stops waiting.
    type Stream = Nanos;

    fn configure(config: Object, _: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let (config, question) = config::parse(config, top.is_none())?;
        let poll = top.map(|top| Rc::clone(&top.poll)).or_else(|| question.map(Poll::new).map(Rc::new));
        Ok(Self { config, poll: poll.ok_or_else(ConfigErrors::new)? })
    }

    fn on_request(&self, until: &mut Nanos, _head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        *until = cx.now.plus(self.config.max_wait);
        self.decide(*until, cx)
    }

    fn on_wake(&self, until: &mut Nanos, _why: &Wake<'_>, _head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        self.decide(*until, cx)
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        Some(Rc::clone(&self.poll) as Rc<dyn Background>)
    }
}

impl Maintenance {
    fn decide(&self, until: Nanos, cx: &mut Cx<'_>) -> Decision {
        match self.poll.last() {
            Some(false) => Decision::Continue,
            Some(true) => {
                let reply = LocalReply::new(503, "maintenance", "The service is down for maintenance.");
                Decision::Respond(reply.retry_after(self.config.retry_after))
            }
            None if cx.now < until => Decision::Wait(Wait::Background { topic: ANSWERED, until }),
            None => {
                cx.report(Outcome::Error, "maintenance_unknown");
                match self.config.on_unknown {
                    InternalError::Allow => Decision::Continue,
                    InternalError::Deny => {
                        let message = "The gateway does not know whether the service is up.";
                        Decision::Respond(LocalReply::new(503, "maintenance_unknown", message))
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
sluicegate_host::plugin!(sluicegate_common::single::Single<crate::Maintenance>);

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
mod tests;
