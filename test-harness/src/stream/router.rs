//! The router: the last step of a request, the first of a response.

use std::time::Duration;

use crate::clock::{Instant, after};
use crate::diagnostic::Problem;
use crate::header_map::HeaderMap;
use crate::kong;
use crate::message::{Headers, Upstream, UpstreamAnswer, UpstreamFailure, UpstreamRequest};
use crate::profile::Profile;
use crate::spec::RouteAction;
use crate::stream::outcome::{failure_reply, refusal};
use crate::stream::{Direction, Stream, StreamId, UpstreamRest, response_headers};
use crate::thread::Thread;

/// How far the router is.
#[derive(Debug, Default)]
pub enum Router {
    /// It has not seen the request.
    #[default]
    Idle,
    /// It has sent the request headers.
    Sending,
    /// It has sent the whole request.
    Sent,
    /// The answer is known and arrives at an instant.
    Waiting(UpstreamAnswer, Instant),
    /// The answer is on its way through the filters.
    Answered,
    /// It refused the request or answered itself.
    Refused,
}

/// How long the router says that it waits, and how long it does where a route says nothing.
const EXPECTED_TIMEOUT: &[u8] = b"x-envoy-expected-rq-timeout-ms";
const ROUTE_TIMEOUT_MILLIS: &[u8] = b"15000";

impl Thread {
    pub(super) fn router_headers(&mut self, id: StreamId, end_stream: bool) {
        let route = self.world.borrow().route.clone();
        let Some(map) = self.stream(id).and_then(|stream| stream.request.headers.clone()) else { return };
        let refusal = match self.profile {
            Profile::Envoy => refusal(&route.action, &map),
            Profile::Kong => kong::upstream::refusal(&route.action).map(|reply| (reply, 0)),
        };
        if let Some((reply, flag)) = refusal {
            if let Some(mut stream) = self.stream_mut(id) {
                stream.router = Router::Refused;
                stream.response_flags |= flag;
                if let Some(headers) = &mut stream.request.headers
                    && route.action == RouteAction::NoHealthyHost
                {
                    headers.set(EXPECTED_TIMEOUT, ROUTE_TIMEOUT_MILLIS);
                }
            }
            self.diagnose_invalid_field(id, &map);
            return self.send_local_reply(id, reply);
        }
        if let Some(mut stream) = self.stream_mut(id) {
            let headers = match stream.profile {
                Profile::Envoy => sent_upstream(&mut stream, map, end_stream),
                Profile::Kong => kong::headers::sent_upstream(&map, &stream.client_target),
            };
            stream.upstream = Some(UpstreamRequest { headers, cluster: route.cluster, ..Default::default() });
            stream.router = Router::Sending;
        }
        self.world.borrow_mut().note("request headers sent upstream");
        if end_stream {
            self.router_end(id);
        }
    }

    fn diagnose_invalid_field(&mut self, id: StreamId, map: &HeaderMap) {
        if let Some(invalid) = map.invalid_field().filter(|_| self.profile == Profile::Envoy) {
            let site = self.stream(id).and_then(|stream| stream.request.headers_spoilt.clone());
            self.diagnose_at(site, Problem::InvalidHeader { name: invalid.name.to_vec() });
        }
    }

    pub(super) fn router_data(&mut self, id: StreamId, end_stream: bool) {
        if let Some(mut stream) = self.stream_mut(id) {
            let data = std::mem::take(&mut stream.request.in_flight);
            if let Some(upstream) = &mut stream.upstream {
                upstream.body.extend(data);
            }
        }
        if end_stream {
            self.router_end(id);
        }
    }

    pub(super) fn router_trailers(&mut self, id: StreamId) {
        if let Some(mut stream) = self.stream_mut(id) {
            let trailers = stream.request.trailers.as_ref().map(|map| map.pairs().clone()).unwrap_or_default();
            if let Some(upstream) = &mut stream.upstream {
                upstream.trailers = trailers;
            }
        }
        self.router_end(id);
    }

    fn router_end(&mut self, id: StreamId) {
        let Some(mut stream) = self.stream_mut(id) else { return };
        if !matches!(stream.router, Router::Sending) {
            return;
        }
        stream.router = Router::Sent;
        let profile = stream.profile;
        let Some(upstream) = &mut stream.upstream else { return };
        if profile == Profile::Kong {
            kong::headers::fix_length(upstream);
        }
        let mismatch = wrong_length("request", upstream.header("content-length"), upstream.body.len());
        let size = upstream.body.len();
        let site = stream.request.body_changed.clone();
        drop(stream);
        self.world.borrow_mut().note(format!("request complete upstream, {size} bytes of body"));
        if let Some(problem) = mismatch {
            self.diagnose_at(site, problem);
        }
    }

    /// Asks the upstream once the request is complete; true: something happened.
    pub(crate) fn ask_upstream(&mut self, id: StreamId, upstream: &mut dyn Upstream) -> bool {
        let hostless = self.world.borrow().route.action == RouteAction::NoHealthyHost;
        let Some(mut stream) = self.stream_mut(id) else { return false };
        if !matches!(stream.router, Router::Sent) {
            return false;
        }
        let answer = match hostless {
            true => stream.upstream.take().map(|_| UpstreamFailure::Refused.into()),
            false => stream.upstream.as_ref().map(|request| upstream.answer(request)),
        };
        let wait = match &answer {
            Some(UpstreamAnswer::Response(response) | UpstreamAnswer::ResetAfterHeaders(response)) => response.after,
            Some(UpstreamAnswer::Failure(_, wait)) => *wait,
            None => Duration::ZERO,
        };
        drop(stream);
        let arrives = after(self.world.borrow().clock.now(), wait);
        if let (Some(mut stream), Some(answer)) = (self.stream_mut(id), answer) {
            stream.router = Router::Waiting(answer, arrives);
        }
        true
    }

    /// When the upstream's answer arrives.
    pub(super) fn answer_due(&self, id: StreamId) -> Option<Instant> {
        match self.stream(id)?.router {
            Router::Waiting(_, instant) => Some(instant),
            _ => None,
        }
    }

    /// Takes the answer in once it is due; true: something happened.
    pub(super) fn receive_answer(&mut self, id: StreamId) -> bool {
        let now = self.world.borrow().clock.now();
        if self.answer_due(id).is_none_or(|due| due > now) {
            return false;
        }
        let Some(mut stream) = self.stream_mut(id) else { return false };
        let Router::Waiting(answer, _) = std::mem::replace(&mut stream.router, Router::Answered) else { return false };
        if stream.response.headers.is_some() {
            return true;
        }
        let (response, reset) = match answer {
            UpstreamAnswer::Failure(failure, _) => {
                let (reply, flag) = match stream.profile {
                    Profile::Envoy => failure_reply(failure),
                    Profile::Kong => (kong::upstream::failure_page(failure), 0),
                };
                stream.response_flags |= flag;
                stream.upstream_header_time = Some(kong::upstream::NO_HEADER_TIME.to_owned());
                drop(stream);
                self.send_local_reply(id, reply);
                return true;
            }
            UpstreamAnswer::Response(response) => (response, false),
            UpstreamAnswer::ResetAfterHeaders(response) => (response, true),
        };
        stream.upstream_header_time = Some(kong::upstream::header_time(response.after));
        let mut headers = match stream.profile {
            Profile::Envoy => response_headers(&response),
            Profile::Kong => kong::headers::response_headers(&response),
        };
        headers.frame(response.body.iter().map(Vec::len).sum(), !response.trailers.is_empty());
        if stream.profile == Profile::Envoy {
            headers.set(b"x-envoy-upstream-service-time", response.after.as_millis().to_string().as_bytes());
        }
        let mut chunks = if stream.is_head { Vec::new() } else { response.body };
        chunks.reverse();
        let trailers = if stream.profile.shows_trailers() { response.trailers } else { Vec::new() };
        let header_only = stream.is_head || matches!(response.status, 204 | 304);
        let bodiless = match stream.profile {
            Profile::Envoy => chunks.is_empty() && trailers.is_empty() && !reset,
            // nginx ends every other response with a last buffer, be it the only one.
            Profile::Kong => header_only && !reset,
        };
        stream.code_details = Some("via_upstream".to_owned());
        stream.response.headers = Some(headers);
        stream.response.complete = bodiless;
        stream.upstream_rest = (!bodiless).then_some(UpstreamRest { chunks, trailers, reset });
        drop(stream);
        self.walk_headers(id, Direction::Response, 0, bodiless);
        true
    }
}

/// The request as Envoy's router sends it.
fn sent_upstream(stream: &mut Stream, mut headers: HeaderMap, end_stream: bool) -> Headers {
    headers.set(EXPECTED_TIMEOUT, ROUTE_TIMEOUT_MILLIS);
    stream.request.headers = Some(headers.clone());
    if !end_stream && headers.get(b"content-length").is_none() {
        headers.add(b"transfer-encoding", b"chunked");
    }
    headers.pairs().clone()
}

/// A content-length that does not say what is sent.
pub(super) fn wrong_length(message: &'static str, declared: Option<&[u8]>, sent: usize) -> Option<Problem> {
    let declared: u64 = std::str::from_utf8(declared?).ok()?.parse().ok()?;
    let sent = u64::try_from(sent).unwrap_or(u64::MAX);
    (declared != sent).then_some(Problem::ContentLength { message, declared, sent })
}
