//! One module in one backend, under hostile requests and, between batches, honest ones.

use std::fmt;

use bstr::ByteSlice;
use libtest_mimic::Failed;
use test_harness::backend::{Backend, Sent, Session};
use test_harness::scenario::{Expect, Found, Pattern, Reached, RequestStep, Scenario, mismatches};
use test_harness::{Headers, Request, UpstreamResponse};

use crate::check::{Answered, judge, shown};
use crate::form::{self, Form};
use crate::message::{ORIGIN, get, preflight};

/// A running module.
pub struct Player<'a> {
    session: Box<dyn Session + 'a>,
    /// Whether a codec stands before the filters, and reads what is really sent.
    has_codec: bool,
    /// Honest requests, and what a fresh module made of them.
    controls: Vec<(RequestStep, String)>,
    counts: Counts,
    /// Diagnostics so far.
    diagnostics: usize,
    /// A request or answer of this batch held what no codec delivers.
    undeliverable: bool,
}

/// Requests by who answered them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    upstream: usize,
    filter: usize,
    proxy: usize,
    controls: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { upstream, filter, proxy, controls } = self;
        let all = upstream + filter + proxy;
        write!(f, "{all} requests: {upstream} reached the upstream, {filter} answered by filters, ")?;
        write!(f, "{proxy} refused by the proxy; {controls} controls")
    }
}

impl<'a> Player<'a> {
    /// Starts the module and notes what it answers to the controls.
    ///
    /// # Errors
    /// It does not start, or answers the controls wrongly.
    pub fn start(backend: &'a dyn Backend, scenario: &Scenario, speaks_cors: bool) -> Result<Self, Failed> {
        let session = backend.start(scenario).map_err(|why| format!("{why:?}"))?;
        let mut player = Player {
            session,
            has_codec: backend.name() == "envoy",
            controls: Vec::new(),
            counts: Counts::default(),
            diagnostics: 0,
            undeliverable: false,
        };
        for step in controls(speaks_cors) {
            let sent = player.session.send(&step).map_err(|trouble| format!("{trouble:?}"))?;
            let answer = comparable(&sent);
            let found = Found {
                response: sent.response,
                upstream: sent.upstream,
                scripted_status: Some(200),
                ..Found::default()
            };
            if let Some(mismatch) = mismatches(&step.expect, &found).first() {
                return Err(format!("a fresh module, {}: {mismatch}", described(&step.request)).into());
            }
            player.controls.push((step, answer));
        }
        player.control("the start")?;
        Ok(player)
    }

    /// Requests so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Plays a request that the upstream answers as usual.
    ///
    /// # Errors
    /// See [`judge`].
    pub fn send(&mut self, request: Request) -> Result<Answered, Failed> {
        self.exchange(request, RequestStep::answer())
    }

    /// Plays a request that the upstream answers with status 200 and more.
    ///
    /// # Errors
    /// See [`judge`].
    pub fn exchange(&mut self, request: Request, answer: UpstreamResponse) -> Result<Answered, Failed> {
        self.undeliverable |= form::of_request(&request).max(form::of_response(&answer)) == Form::Broken;
        let raw = self.has_codec && holds_line_break(&request);
        let step = RequestStep {
            raw: raw.then(|| serialized(&request)),
            upstream: answer.into(),
            ..RequestStep::new(request, Expect::default())
        };
        let sent = self.session.send(&step).map_err(|trouble| format!("{}: {trouble:?}", described(&step.request)))?;
        let answered = judge(&step, &sent).map_err(|wrong| {
            format!("{wrong}\n{}\n{:?}\n{}", described(&step.request), step.upstream, sent.timeline)
        })?;
        match answered {
            Answered::Upstream => self.counts.upstream += 1,
            Answered::Filter => self.counts.filter += 1,
            Answered::Proxy => self.counts.proxy += 1,
        }
        Ok(answered)
    }

    /// Ends a batch: the same worker answers honest requests as before, and nothing was held against it.
    ///
    /// # Errors
    /// Something has changed.
    pub fn control(&mut self, batch: &str) -> Result<(), Failed> {
        for (step, wanted) in &self.controls {
            let sent = self.session.send(step).map_err(|trouble| format!("after {batch}: {trouble:?}"))?;
            let found = comparable(&sent);
            if found != *wanted {
                let request = described(&step.request);
                return Err(format!("after {batch}, {request}\n  expected: {wanted}\n  found:    {found}").into());
            }
            self.counts.controls += 1;
        }
        let all = self.session.diagnostics();
        // The host in wasmtime has no codec: what one would have refused meets the filters, and is reported after them.
        let excused =
            |line: &&String| self.undeliverable && !self.has_codec && line.contains("has bytes no header may have");
        let held: Vec<&String> = all.iter().skip(self.diagnostics).filter(|line| !excused(line)).collect();
        if let Some(first) = held.first() {
            return Err(format!("after {batch}: {} diagnostics, the first {first}", held.len()).into());
        }
        self.diagnostics = all.len();
        self.undeliverable = false;
        Ok(())
    }
}

/// What must come of honest requests; of those to modules without CORS nothing is known but that no
/// proxy fails them.
fn controls(speaks_cors: bool) -> Vec<RequestStep> {
    let mut preflight = RequestStep::new(preflight(&[]), Expect::default());
    let mut actual = RequestStep::new(get(&[("origin", ORIGIN.as_bytes())]), Expect::default());
    let plain = RequestStep::new(get(&[("x-plain", b"caf\xe9")]), Expect::default());
    if speaks_cors {
        let header = |name: &str, value: &str| (name.to_owned(), vec![value.into()]);
        preflight.expect = Expect {
            status: Some(204),
            upstream: Some(Reached::Untouched),
            headers: vec![
                header("access-control-allow-origin", ORIGIN),
                header("access-control-allow-methods", "PUT"),
                header("access-control-allow-headers", "authorization"),
            ],
            ..Expect::default()
        };
        actual.expect = Expect {
            status: Some(200),
            upstream: Some(Reached::Reached),
            headers: vec![
                header("access-control-allow-origin", ORIGIN),
                ("vary".to_owned(), vec![Pattern::Contains(b"Origin".to_vec())]),
            ],
            ..Expect::default()
        };
    }
    vec![preflight, actual, plain]
}

/// All of an answer that is the same each time.
fn comparable(sent: &Sent) -> String {
    let constant = |headers: &Headers| -> Headers {
        let changing = ["date", "x-correlation-id", "x-envoy-upstream-service-time", "x-request-id", "ratelimit"];
        let counts = |name: &[u8]| name.ends_with(b"-remaining") || name.ends_with(b"-reset");
        headers.iter().filter(|(name, _)| !form::is_one_of(&changing, name) && !counts(name)).cloned().collect()
    };
    let response = &sent.response;
    let fields = |headers: &Headers| -> String {
        constant(headers).iter().map(|(name, value)| format!("{}: {}, ", name.as_bstr(), shown(value))).collect()
    };
    let seen = sent.upstream.as_ref().map(|request| fields(&request.headers));
    format!("{}, {}{}; upstream saw {seen:?}", response.status, fields(&response.headers), shown(&response.body))
}

fn holds_line_break(request: &Request) -> bool {
    let fields = request.headers.iter().flat_map(|(name, value)| [name, value]);
    let mut parts = [&request.method, &request.path, &request.authority].into_iter().chain(fields);
    parts.any(|part| part.contains(&b'\n') || part.contains(&b'\r'))
}

/// Bytes for a connection of their own: after a line break in the wrong place nobody knows where the next
/// request begins.
fn serialized(request: &Request) -> Vec<u8> {
    let mut bytes = [&request.method[..], b" ", &request.path, b" HTTP/1.1\r\nhost: ", &request.authority].concat();
    for (name, value) in &request.headers {
        bytes.extend([b"\r\n", &name[..], b": ", value].concat());
    }
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes
}

fn described(request: &Request) -> String {
    let Request { method, path, authority, headers, .. } = request;
    let fields: String =
        headers.iter().take(20).map(|(name, value)| format!("\n  {}: {}", shown(name), shown(value))).collect();
    let count = headers.len();
    format!("{} {} at {}, {count} fields{fields}", shown(method), shown(path), shown(authority))
}
