//! Teapot: refuses requests for coffee, and says of every answer what it came from.

use sluicegate_common::config::{ConfigErrors, FromConfig, Object, read};
use sluicegate_common::filter::{Cx, Decision, Filter, Setup};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::reply::LocalReply;

/// The filter, and its config.
#[derive(Debug, FromConfig)]
pub struct Teapot {
    /// What a target that it refuses begins with.
    refuses: String,
}

impl Filter for Teapot {
    const NAME: &'static str = "teapot";
    const CODES: &'static [&'static str] = &["no_coffee"];
    type Stream = ();

    fn configure(config: Object, _: &Setup<'_>, _top: Option<&Self>) -> Result<Self, ConfigErrors> {
        read(config)
    }

    fn on_request(&self, (): &mut (), head: &mut RequestHead<'_>, _cx: &mut Cx<'_>) -> Decision {
        match head.target().starts_with(self.refuses.as_bytes()) {
            true => Decision::Respond(LocalReply::new(418, "no_coffee", "This is a teapot.")),
            false => Decision::Continue,
        }
    }

    fn on_response(&self, (): &mut (), head: &mut ResponseHead<'_>, _cx: &mut Cx<'_>) {
        // Name and value are fixed, and fit to be sent.
        drop(head.set("x-brewed-in", b"a teapot"));
    }
}

#[cfg(target_arch = "wasm32")]
sluicegate_host::plugin!(sluicegate_common::single::Single<crate::Teapot>);
