//! External authorization: asks services whether a request may pass.
//!
//! 1. The request's method, target, host and the chosen headers go to every service at once.
//! 2. 200 from all of them lets the request pass. The answers' `copy_headers` go upstream with it; what the client
//!    sent under these names does not, whatever the answers say.
//!    `consumer_header` and `publish_claims` make known to the filters behind who is calling.
//! 3. The first 401 or 403 refuses the request with that status. A 401 carries the service's challenge.
//! 4. Anything else (another status, no answer in time, a service that cannot be reached) is a failure of the service:
//!    `on_service_failure` says whether it refuses with 503 (the default) or counts as a yes.
//! 5. Call-outs carry text. A request with a chosen header that is not UTF-8 is refused with 400.
//!
//! `config.json` beside this crate's manifest is an example that runs.

mod callout;
mod config;
mod verdict;

use sluicegate_common::config::{ConfigErrors, InternalError, Object};
use sluicegate_common::filter::{Cx, Decision, Filter, Needs, Outcome, Setup, Wait, Wake};
use sluicegate_common::head::RequestHead;
use sluicegate_common::reply::LocalReply;

use crate::config::Config;
use crate::verdict::Verdict;

/// The filter.
#[derive(Debug)]
pub struct ExtAuth {
    config: Config,
}

/// How many services have not answered yet.
#[derive(Debug, Default)]
pub struct Pending(usize);

impl Filter for ExtAuth {
    const NAME: &'static str = "ext_auth";
    const CASE_SENSITIVE: bool = false; // It guards.
    const CODES: &'static [&'static str] = &["unauthenticated", "denied", "not_text", "service_failure"];
    const ON_INTERNAL_ERROR: InternalError = InternalError::Deny;
    type Stream = Pending;

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        Config::parse(config).map(|config| Self { config })
    }

    fn needs(&self) -> Needs {
        Needs { headers: true, ..Needs::default() }
    }

    fn on_request(&self, pending: &mut Pending, head: &mut RequestHead<'_>, _cx: &mut Cx<'_>) -> Decision {
        let callouts = callout::to_all(&self.config, head);
        for name in &self.config.copy_headers {
            if let Err(error) = head.remove(name.as_str().to_owned()) {
                log::error!("ext_auth: {error}");
            }
        }
        match callouts {
            Ok(callouts) => {
                pending.0 = callouts.len();
                Decision::Wait(Wait::Callouts(callouts))
            }
            Err(callout::NotText(name)) => {
                let message = format!("The value of {name} is not UTF-8.");
                Decision::Respond(LocalReply::new(400, "not_text", message))
            }
        }
    }

    fn on_wake(&self, pending: &mut Pending, why: &Wake<'_>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let Wake::Answer(answer) = why else { return Decision::Wait(Wait::Callouts(Vec::new())) };
        pending.0 = pending.0.saturating_sub(1);
        match Verdict::of(answer) {
            Verdict::Allowed(answer) => {
                verdict::copy(answer, &self.config.copy_headers, head);
                verdict::publish(answer, &self.config, cx.proxy);
            }
            Verdict::Refused(reply) => return Decision::Respond(reply),
            Verdict::Failed(why) => {
                let service = self.config.service(answer.id);
                log::warn!("ext_auth: {service}: {why}");
                cx.report(Outcome::Error, "service_failure");
                if self.config.on_service_failure == InternalError::Deny {
                    let message = "The request could not be authorized.";
                    return Decision::Respond(LocalReply::new(503, "service_failure", message));
                }
            }
        }
        match pending.0 {
            0 => Decision::Continue,
            _ => Decision::Wait(Wait::Callouts(Vec::new())),
        }
    }
}

#[cfg(target_arch = "wasm32")]
sluicegate_host::plugin!(sluicegate_common::single::Single<crate::ExtAuth>);

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
mod tests;
