//! Cross-origin resource sharing: which pages of other origins may call this API, and what they may read.
//!
//! 1. An OPTIONS request with `Origin` and `Access-Control-Request-Method` is a **preflight** and answered here. If
//!    origin, method and every header it asks for are allowed, the answer repeats exactly these; else it has the same
//!    status and no `Access-Control-*` header at all, which makes the browser refuse.
//! 2. Every other request is an **actual** one and goes upstream, whatever its origin: the browser decides what the
//!    page may read. `on_disallowed_origin: "reject"` answers 403 instead, but never to a same-origin request.
//! 3. Every answer, local replies included, loses the `Access-Control-*` headers of the upstream and gets those of the
//!    policy: the request's own origin, or `*` for a policy that allows all and no credentials.
//! 4. An origin is allowed by an exact entry, a pattern (`*.` = one or more whole labels, `:*` = any port or none) or a
//!    regular expression on the whole of it. The request's bytes are compared as they came and echoed as they came;
//!    several origins in one request are none.
//! 5. `Vary: Origin` stands wherever another origin would have got another answer, also where the request had none;
//!    headers by which rules chose the policy stand there too.
//!
//! ```
//! # use serde_json::json;
//! # use sluicegate_common::{config::Env, filter::{Filter, Setup}};
//! let config = json!({
//!     "allow_origins": ["https://app.example.com"],
//!     "allow_origin_patterns": ["https://*.preview.example.com", "http://localhost:*"],
//!     "allow_methods": ["GET", "POST", "PUT", "DELETE"],
//!     "allow_headers": ["authorization", "content-type"],
//!     "allow_credentials": true
//! });
//! # let serde_json::Value::Object(config) = config else { unreachable!() };
//! assert!(sluicegate_cors::Cors::configure(config, &Setup::new(&Env::default()), None).is_ok());
//! ```
//!
//! **Deployment**: put it before authentication, for preflights carry no credentials, and switch off every other CORS
//! filter of the route: Envoy's own would answer preflights first.
//!
//! **Not supported**: origins looked up in a service; an origin that may read but not write. CORS keeps pages from
//! *reading*; it is neither authentication nor a defence against forged requests.
//!
//! Specifications: Fetch standard section 3.3 (CORS protocol), HTML standard (ASCII serialisation of an origin),
//! RFC 9110 section 12.5.5 (Vary), Private Network Access (draft), Resource Timing (`Timing-Allow-Origin`).

mod actual;
mod allow_origin;
mod config;
mod exposed;
mod method;
mod origin;
mod pattern;
mod preflight;
mod same_origin;
mod vary;

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{Cx, Decision, Filter, Needs, Outcome, Setup};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::reply::LocalReply;

use crate::allow_origin::{Audience, RequestOrigin};
use crate::config::{Config, OnDisallowedOrigin};
#[cfg(not(target_family = "wasm"))]
pub use crate::config::{schema, tables};
use crate::preflight::{Granted, Refusal};

/// The filter.
#[derive(Debug)]
pub struct Cors {
    config: Config,
}

/// What the request said, for its answer: request headers are out of reach by then.
#[derive(Debug, Default)]
pub enum Stream {
    /// The filter did not see the request; another one answered it.
    #[default]
    Unseen,
    /// An actual request, and who may read the answer.
    Actual(Audience),
    /// A preflight and its answer.
    Preflight(Result<Granted, Refusal>),
}

impl Filter for Cors {
    const NAME: &'static str = "cors";
    const CODES: &'static [&'static str] = &["origin_not_allowed"];
    type Stream = Stream;

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        Config::parse(config).map(|config| Self { config })
    }

    fn needs(&self) -> Needs {
        Needs { decorate: true, ..Needs::default() }
    }

    fn on_request(&self, stream: &mut Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let origin = RequestOrigin::of(head);
        // The one that no other request has is asked for first: to find it missing is cheap.
        let may_ask = origin != RequestOrigin::Absent && head.has("access-control-request-method");
        let is_preflight = may_ask && head.is_preflight();
        // That has read the head.
        let origin = if is_preflight { RequestOrigin::of(head) } else { origin };
        let audience = self.config.origins.judge(&origin);
        let is_foreign = audience == Audience::Nobody && origin != RequestOrigin::Absent;
        if is_preflight {
            let answer = preflight::decide(&self.config, audience, head);
            let stay = (!self.config.preflight_continue).then(|| self.answer(&answer, cx));
            *stream = Stream::Preflight(answer);
            if let Some(reply) = stay {
                return Decision::Respond(reply);
            }
        } else {
            *stream = Stream::Actual(audience);
        }
        if is_foreign && !same_origin::is_same_origin(head, &origin) {
            return self.disallowed(cx);
        }
        Decision::Continue
    }

    fn on_response(&self, stream: &mut Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        let written = match stream {
            Stream::Preflight(answer) => preflight::write(&self.config, answer, head),
            Stream::Actual(audience) => actual::write(&self.config, audience, cx.facts, head),
            Stream::Unseen => actual::write(&self.config, &self.audience_of_unseen(cx), cx.facts, head),
        };
        if let Err(error) = written {
            log::warn!("cors: {error}");
        }
    }
}

impl Cors {
    /// The reply to a preflight. Its CORS headers are written with those of all answers, in `on_response`.
    fn answer(&self, answer: &Result<Granted, Refusal>, cx: &mut Cx<'_>) -> LocalReply {
        let code = match answer {
            Ok(_) => "preflight_allowed",
            Err(why) => {
                log::debug!("cors: preflight refused: {why}");
                "preflight_refused"
            }
        };
        cx.report(Outcome::Answered, code);
        LocalReply::new(self.config.preflight_status, code, "").no_body()
    }

    fn disallowed(&self, cx: &mut Cx<'_>) -> Decision {
        match self.config.on_disallowed_origin {
            OnDisallowedOrigin::Reject => {
                Decision::Respond(LocalReply::new(403, "origin_not_allowed", "The request's origin is not allowed."))
            }
            OnDisallowedOrigin::Forward => {
                cx.report(Outcome::Allowed, "origin_not_allowed");
                Decision::Continue
            }
        }
    }

    /// Who may read the answer to a request that was answered before it got here.
    fn audience_of_unseen(&self, cx: &Cx<'_>) -> Audience {
        let origin = cx.proxy.property(&["request", "headers", "origin"]).ok().flatten();
        self.config.origins.judge(&origin.as_deref().map_or(RequestOrigin::Absent, RequestOrigin::One))
    }
}
