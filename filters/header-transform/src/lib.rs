//! Edits of request and response: headers, query, cookies, path, method, host and status; request ids, trace context and
//! security headers; answers that need no upstream.
//!
//! 1. `reply`: the first entry that matches answers the request.
//! 2. `request` and `response` are lists of ops, carried out one after the other. Templates and matches read the request
//!    **as this filter found it**, also those of a response.
//! 3. Bytes that an op does not name stay as they are and where they are: parameters of a query, cookies, lines of a
//!    header.
//! 4. What a template puts in is data: a value with a control character, a cookie with a semicolon, a path that could be
//!    read in two ways drops the op (`sluicegate_header_transform_dropped_ops_total`), never a byte of it. An op that would
//!    write more than a request can hold refuses the request.
//! 5. Headers of the connection and the framing of messages are out of reach.
//! 6. What an op writes from the verified identity is never the client's: its header, in every spelling, its parameter or
//!    its cookie goes first, whether there is an identity or not.
//! 7. What the host does not let the filter read is not taken for absent: nothing is done then.
//!
//! ```
//! # use serde_json::json;
//! # use sluicegate_common::{config::Env, filter::{Filter, Setup}};
//! let config = json!({
//!     "security_headers": "api",
//!     "request": [
//!         {"op": "remove", "target": "header", "name_prefix": "x-internal-"},
//!         {"op": "set", "target": "header", "name": "x-tenant", "value": "${path.segment.1}"},
//!         {"op": "set", "target": "query", "name": "source", "value": "gw"}
//!     ],
//!     "response": [{"op": "set", "target": "header", "name": "x-gateway", "value": "API-Gateway-v1.0"}],
//!     "reply": [{"name": "health", "match": {"paths": [{"exact": "/health"}]}, "json": {"status": "healthy"}}]
//! });
//! # let serde_json::Value::Object(config) = config else { unreachable!() };
//! # let configured = sluicegate_header_transform::HeaderTransform::configure(config, &Setup::new(&Env::default()), None);
//! # assert!(configured.is_ok(), "{configured:?}");
//! ```
//!
//! **Deployment**: in Envoy a changed path, host or header selects the route anew. Prefixes are better removed by the
//! route's `prefix_rewrite`, and rules by `route_names` hold only while no filter behind changes what routes match on.
//!
//! **Not supported**: bodies of requests and of upstream responses; trailers.
//!
//! Specifications: RFC 9110 sections 5 and 7.6.1, RFC 6265 section 4, RFC 7239, W3C Trace Context level 1, URL standard
//! section 5.

mod config;
mod direct_reply;
mod dropped;
mod forwarded;
mod headers;
mod op;
mod request;
mod response;
mod security_headers;
mod substitution;
mod target;
mod traceparent;

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{Cx, Decision, Filter, Needs, Outcome, Setup};
use sluicegate_common::head::{EditError, RequestHead, ResponseHead};
use sluicegate_common::reply::LocalReply;
use sluicegate_common::template::Scope;

use crate::config::{Config, Forwarded, Traceparent};
#[cfg(not(target_family = "wasm"))]
pub use crate::config::{schema, tables};
use crate::dropped::DroppedOps;
use crate::op::{Dues, MissingValue, RequestOp};
use crate::security_headers::SecurityHeaders;

/// The filter.
#[derive(Debug)]
pub struct HeaderTransform {
    config: Config,
    dropped: DroppedOps,
}

/// What the ops on the response come to, once the request was seen.
pub type Stream = Option<Dues>;

/// What is to be done with a request.
enum Plan {
    Answer(LocalReply),
    Edit(Dues),
}

impl Filter for HeaderTransform {
    const NAME: &'static str = "header_transform";
    const CODES: &'static [&'static str] = &["missing_value", "too_large"];
    const MAKES_REQUEST_ID: bool = true;
    type Stream = Stream;

    fn configure(config: Object, setup: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        Config::parse(config, setup.paths).map(|config| Self { config, dropped: DroppedOps::default() })
    }

    fn needs(&self) -> Needs {
        let config = &self.config;
        Needs {
            headers: config.request.iter().any(RequestOp::reads)
                || config.traceparent != Traceparent::Off
                || config.forwarded != Forwarded::Off,
            paths: config.uses_paths(),
            decorate: !config.response.is_empty() || config.security_headers.is_some(),
            ..Needs::default()
        }
    }

    fn on_request(&self, stream: &mut Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let plan = self.plan(stream, head, cx);
        if head.failure().or(cx.facts.failure()).is_some() {
            // What was not read is not known to be absent. `on_internal_error` decides; nobody becomes somebody by it.
            request::remove_claimed_identity(&self.config.request, head, &self.dropped, cx);
            return Decision::Continue;
        }
        match plan {
            Ok(Plan::Edit(due)) => {
                self.dropped.note(self.trace(head, cx).map_err(Into::into), cx);
                self.dropped.note(self.forward(head, cx).map_err(Into::into), cx);
                match request::carry_out(&self.config.request, &due, head, &self.dropped, cx) {
                    Ok(()) => Decision::Continue,
                    Err(why) => {
                        let message = format!("An edit of the request would write {why}.");
                        Decision::Respond(LocalReply::new(431, "too_large", message))
                    }
                }
            }
            Ok(Plan::Answer(reply)) => {
                cx.report(Outcome::Answered, direct_reply::CODE);
                Decision::Respond(reply)
            }
            Err(MissingValue(source)) => {
                let message = format!("The request has no {}.", source.name());
                Decision::Respond(LocalReply::new(400, "missing_value", message))
            }
        }
    }

    fn on_response(&self, stream: &mut Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        let ops = &self.config.response;
        let before = head.mark();
        let due = stream.take().unwrap_or_else(|| response::without_request(ops));
        response::carry_out(ops, &due, head, &self.dropped, cx);
        if let Some(preset) = self.config.security_headers {
            self.dropped.note(secure(preset, head).map_err(Into::into), cx);
        }
        if head.failure().is_some() {
            head.undo(before); // What was not read is not known to be absent. The driver tells of it.
        }
    }
}

impl HeaderTransform {
    /// Works out all that depends on the request, before anything is changed.
    fn plan(&self, stream: &mut Stream, head: &RequestHead<'_>, cx: &Cx<'_>) -> Result<Plan, MissingValue<'_>> {
        let scope = Scope::new(head, cx);
        let for_response = response::work_out(&self.config.response, &scope, head, cx);
        if let Some(reply) = self.config.reply.iter().find(|reply| reply.is_for(head, cx)) {
            *stream = for_response.ok();
            return Ok(Plan::Answer(reply.answer(&scope, cx)));
        }
        *stream = Some(for_response?);
        request::work_out(&self.config.request, &scope, head, cx).map(Plan::Edit)
    }

    fn trace(&self, head: &mut RequestHead<'_>, cx: &Cx<'_>) -> Result<(), EditError> {
        if self.config.traceparent == Traceparent::Off {
            return Ok(());
        }
        let is_valid = {
            let mut lines = head.values("traceparent");
            lines.next().is_some_and(traceparent::is_valid) && lines.next().is_none()
        };
        if is_valid {
            return Ok(());
        }
        // Vendors' state belongs to the trace that this request is not part of (section 3.3.1).
        head.remove("traceparent")?;
        head.remove("tracestate")?;
        if self.config.traceparent == Traceparent::Pass {
            return Ok(());
        }
        let mut random = [0; 24];
        if let Err(status) = cx.proxy.random(&mut random) {
            log::error!("header_transform: no random bytes: {status}");
        }
        traceparent::create(random).map_or(Ok(()), |traceparent| head.set("traceparent", traceparent))
    }

    fn forward(&self, head: &mut RequestHead<'_>, cx: &Cx<'_>) -> Result<(), EditError> {
        if self.config.forwarded == Forwarded::Off {
            return Ok(());
        }
        let client = cx.facts.client_ip(head, cx.proxy, cx.settings);
        let element = forwarded::element(client, head.host(), head.get(":scheme"));
        let keeps = self.config.forwarded == Forwarded::Append && head.values("forwarded").all(forwarded::is_whole);
        if keeps { head.append("forwarded", element) } else { head.set("forwarded", element) }
    }
}

fn secure(preset: SecurityHeaders, head: &mut ResponseHead<'_>) -> Result<(), EditError> {
    for name in SecurityHeaders::REMOVED {
        head.remove(name)?;
    }
    for (name, value) in preset.set_if_absent() {
        if head.get(name.as_str()).is_none() {
            head.set(*name, *value)?;
        }
    }
    Ok(())
}
