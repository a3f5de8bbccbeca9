//! Which real host is played.

use std::fmt;
use std::str::FromStr;

use crate::kong;
use crate::message::Request;
use crate::stream::LocalReply;

/// A real host whose behaviour the engine follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Envoy 1.40, hence Istio.
    #[default]
    Envoy,
    /// Kong's engine, `ngx_wasm_module` at its last commit: Kong 3.4 to 3.9 with `wasm = on`.
    Kong,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 2] = [Profile::Envoy, Profile::Kong];

    /// Its name in scenario files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Envoy => "envoy",
            Profile::Kong => "kong",
        }
    }

    /// A request as the proxy reads it: nginx has read the whole body before a filter sees any of it,
    /// and drops trailers.
    pub(crate) fn as_read(self, mut request: Request) -> Request {
        if self == Profile::Kong {
            request.trailers.clear();
            request.body = Some(request.body.concat()).filter(|body| !body.is_empty()).into_iter().collect();
        }
        request
    }

    /// A frame of its own ends a body.
    pub(crate) fn ends_bodies_apart(self) -> bool {
        self == Profile::Envoy
    }

    /// Header callbacks say whether a body follows; Kong's engine always says that one does.
    pub(crate) fn tells_end_of_stream(self) -> bool {
        self == Profile::Envoy
    }

    /// There are callbacks for trailers.
    pub(crate) fn shows_trailers(self) -> bool {
        self == Profile::Envoy
    }

    /// Every filter has its context from the beginning of a stream, and takes part in every reply.
    pub(crate) fn creates_contexts_at_once(self) -> bool {
        self == Profile::Kong
    }

    /// Headers are open in the phase of their callback alone.
    pub(crate) fn closes_headers(self) -> bool {
        self == Profile::Envoy
    }

    /// A configuration is tried in a canary, and there is a main thread with VMs.
    pub(crate) fn has_main_thread(self) -> bool {
        self == Profile::Envoy
    }

    /// What the client gets for a request whose plugin trapped.
    pub(crate) fn trap_reply(self) -> LocalReply {
        match self {
            Profile::Envoy => LocalReply { grpc_status: Some(14), ..LocalReply::plain(503, "", "wasm_fail_stream") },
            Profile::Kong => kong::headers::error_page(500),
        }
    }

    /// After a trap no filter of the chain is called again in that stream.
    pub(crate) fn ends_filters_with_a_trap(self) -> bool {
        self == Profile::Kong
    }

    /// Response callbacks run from the last filter to the first.
    pub(crate) fn reverses_responses(self) -> bool {
        self == Profile::Envoy
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Profile::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| format!("expected a profile, `envoy` or `kong`, found `{text}`"))
    }
}
