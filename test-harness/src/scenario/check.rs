//! Expected against found.

use std::collections::BTreeMap;
use std::time::Duration;

use bstr::ByteSlice;
use serde_json::Value;

use super::expect::{Expect, Pattern, Reached, Saw, contains};
use super::report::Mismatch;
use crate::{Headers, Response, UpstreamRequest};

/// What came of a request.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What the client received.
    pub response: Response,
    /// What the upstream received; None: nothing.
    pub upstream: Option<UpstreamRequest>,
    /// Traps, and whatever else the backend holds against the plugin.
    pub diagnostics: Vec<String>,
    /// Whether `diagnostics` has traps alone; then none can be demanded.
    pub sees_only_traps: bool,
    /// Lines logged during the step.
    pub logs: Vec<String>,
    /// Lines logged since the start, the step's included.
    pub all_logs: Vec<String>,
    /// The metrics that are asked for and exist.
    pub metrics: BTreeMap<String, u64>,
    /// The status the upstream was told to answer with.
    pub scripted_status: Option<u16>,
}

/// Everything in which `found` is not what `expect` demands.
pub fn mismatches(expect: &Expect, found: &Found) -> Vec<Mismatch> {
    let mut list = Vec::new();
    response(expect, found, &mut list);
    match expect.upstream {
        Some(Reached::Reached) if found.upstream.is_none() => {
            list.push(Mismatch::new("upstream", "reached", "untouched"));
        }
        Some(Reached::Untouched) if found.upstream.is_some() => {
            list.push(Mismatch::new("upstream", "untouched", "reached"));
        }
        _ => {}
    }
    if let Some(wanted) = &expect.saw {
        match &found.upstream {
            Some(request) => saw(wanted, request, &mut list),
            None => list.push(Mismatch::new("saw", "a request at the upstream", "untouched")),
        }
    }
    for (name, wanted) in &expect.metrics {
        let value = found.metrics.get(name);
        if value != Some(wanted) {
            let value = value.map_or("no such metric".to_owned(), u64::to_string);
            list.push(Mismatch::new(format!("metrics.{name}"), wanted, value));
        }
    }
    logged(expect, found, &mut list);
    list
}

fn response(expect: &Expect, found: &Found, list: &mut Vec<Mismatch>) {
    let response = &found.response;
    match expect.status {
        Some(status) if response.status != status => {
            list.push(Mismatch::new("status", status, describe(response)));
        }
        None if unasked_failure(found) => {
            list.push(Mismatch::new("status", "below 500, as nothing asks for more", describe(response)));
        }
        _ => {}
    }
    if expect.cut && (response.complete || response.status == 0) {
        list.push(Mismatch::new("cut", "a response that breaks off", describe(response)));
    }
    fields("headers", &expect.headers, &response.headers, list);
    absent("absent", &expect.absent, &response.headers, list);
    fields("trailers", &expect.trailers, &response.trailers, list);
    content("body", expect.body.as_ref(), &response.body, list);
    document("json", expect.json.as_ref(), &response.body, list);
}

/// A status nobody wrote into the scenario: 0 (reset) or 5xx.
fn unasked_failure(found: &Found) -> bool {
    let status = found.response.status;
    let scripted = found.upstream.is_some() && found.scripted_status == Some(status);
    (status == 0 || status >= 500) && !scripted
}

fn describe(response: &Response) -> String {
    let details = &response.code_details;
    match (response.status, details.is_empty()) {
        (0, _) => format!("no response {details}"),
        (status, true) => format!("{status}, body {}", quote(&response.body)),
        (status, false) => format!("{status} ({details}), body {}", quote(&response.body)),
    }
}

/// What of a request at an upstream is not as wanted.
pub(super) fn saw(wanted: &Saw, request: &UpstreamRequest, list: &mut Vec<Mismatch>) {
    let pseudo = [(":method", &wanted.method), (":path", &wanted.path), (":authority", &wanted.authority)];
    for (field, pattern) in pseudo {
        content(&format!("saw.{}", &field[1..]), pattern.as_ref(), request.header(field).unwrap_or_default(), list);
    }
    fields("saw.headers", &wanted.headers, &request.headers, list);
    absent("saw.absent", &wanted.absent, &request.headers, list);
    fields("saw.trailers", &wanted.trailers, &request.trailers, list);
    content("saw.body", wanted.body.as_ref(), &request.body, list);
    document("saw.json", wanted.json.as_ref(), &request.body, list);
    if let Some(wanted) = wanted.timeout.filter(|wanted| timeout(request) != Some(*wanted)) {
        let found = timeout(request).map_or("none".to_owned(), |timeout| format!("{timeout:?}"));
        list.push(Mismatch::new("saw.timeout", format!("{wanted:?}"), found));
    }
}

/// How long the proxy says that it waits.
fn timeout(request: &UpstreamRequest) -> Option<Duration> {
    let grpc = request.header("grpc-timeout").and_then(|value| value.strip_suffix(b"m"));
    let milliseconds = grpc.or(request.header("x-envoy-expected-rq-timeout-ms"))?;
    std::str::from_utf8(milliseconds).ok()?.parse().ok().map(Duration::from_millis)
}

fn fields(section: &str, wanted: &[(String, Vec<Pattern>)], headers: &Headers, list: &mut Vec<Mismatch>) {
    for (name, patterns) in wanted {
        let lines = lines(headers, name);
        let fits = lines.len() == patterns.len() && patterns.iter().zip(&lines).all(|(p, line)| p.fits(line));
        if !fits {
            let patterns: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
            list.push(Mismatch::new(format!("{section}.{name}"), patterns.join(" then "), quote_all(&lines)));
        }
    }
}

fn absent(section: &str, names: &[String], headers: &Headers, list: &mut Vec<Mismatch>) {
    for name in names {
        let lines = lines(headers, name);
        if !lines.is_empty() {
            list.push(Mismatch::new(format!("{section}.{name}"), "absent", quote_all(&lines)));
        }
    }
}

fn content(section: &str, wanted: Option<&Pattern>, bytes: &[u8], list: &mut Vec<Mismatch>) {
    if let Some(pattern) = wanted.filter(|pattern| !pattern.fits(bytes)) {
        list.push(Mismatch::new(section, pattern, quote(bytes)));
    }
}

fn document(section: &str, wanted: Option<&Value>, body: &[u8], list: &mut Vec<Mismatch>) {
    let Some(wanted) = wanted else { return };
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if contains(&value, wanted) => {}
        Ok(value) => list.push(Mismatch::new(section, wanted, value)),
        Err(error) => list.push(Mismatch::new(section, wanted, format!("{} ({error})", quote(body)))),
    }
}

fn logged(expect: &Expect, found: &Found, list: &mut Vec<Mismatch>) {
    for wanted in &expect.logs {
        if !found.logs.iter().any(|line| line.contains(wanted)) {
            let lines = if found.logs.is_empty() { "nothing logged".to_owned() } else { found.logs.join("\n") };
            list.push(Mismatch::new("logs", format!("a line with \"{wanted}\""), lines));
        }
    }
    for unwanted in &expect.unlogged {
        if let Some(line) = found.all_logs.iter().find(|line| line.contains(unwanted)) {
            list.push(Mismatch::new("unlogged", format!("no line with \"{unwanted}\""), line));
        }
    }
    for wanted in &expect.diagnostics {
        if !found.sees_only_traps && !found.diagnostics.iter().any(|diagnostic| diagnostic.contains(wanted)) {
            let found = if found.diagnostics.is_empty() { "none".to_owned() } else { found.diagnostics.join("\n") };
            list.push(Mismatch::new("diagnostics", format!("one with \"{wanted}\""), found));
        }
    }
    for diagnostic in &found.diagnostics {
        if !expect.diagnostics.iter().any(|wanted| diagnostic.contains(wanted)) {
            list.push(Mismatch::new("diagnostics", "none", diagnostic));
        }
    }
}

fn lines<'a>(headers: &'a Headers, name: &str) -> Vec<&'a [u8]> {
    let same = |field: &[u8]| field.eq_ignore_ascii_case(name.as_bytes());
    headers.iter().filter(|(field, _)| same(field)).map(|(_, value)| value.as_slice()).collect()
}

fn quote_all(lines: &[&[u8]]) -> String {
    match lines {
        [] => "absent".to_owned(),
        lines => lines.iter().map(|line| quote(line)).collect::<Vec<_>>().join(" then "),
    }
}

fn quote(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_bytes())
}
