//! What must hold of every request, however hostile.
//!
//! 1. Nobody answers 5xx or not at all, unless the codec: to what cannot be delivered.
//! 2. What keeps to HTTP reaches the upstream, or a filter answers it.
//! 3. The upstream sees every field, the path and the query byte for byte, and the client what the upstream
//!    answers but for the fields that filters own.
//! 4. No response field holds a control byte, and an error document is JSON.

use bstr::ByteSlice;
use serde_json::Value;
use test_harness::backend::Sent;
use test_harness::scenario::RequestStep;
use test_harness::{Headers, Response, UpstreamAnswer, UpstreamRequest, UpstreamResponse};

use crate::form::{self, Form};

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The upstream.
    Upstream,
    /// A filter.
    Filter,
    /// The proxy, which refused the request or the upstream's answer.
    Proxy,
}

/// Request fields that the proxy writes (Envoy with `use_remote_address`), or removes where they are no URL, and the id
/// that the examples give every request.
const PROXYS: &[&str] = &["referer", "x-correlation-id", "x-forwarded-for", "x-forwarded-proto", "x-request-id"];

/// How a module's router refuses what a codec would have refused earlier.
const UNDELIVERABLE: &str = "filter_removed_required_request_headers{invalid_header";

/// Judges one request.
///
/// # Errors
/// What does not hold.
pub fn judge(step: &RequestStep, sent: &Sent) -> Result<Answered, String> {
    let UpstreamAnswer::Response(scripted) = &step.upstream else { return Err("the upstream is to answer".into()) };
    let (form, answer_form) = (form::of_request(&step.request), form::of_response(scripted));
    let response = &sent.response;
    response_is_sound(response, answer_form)?;
    let Some(seen) = &sent.upstream else { return answered_before(form, response) };
    if form != Form::Broken {
        passed_on(step, seen)?;
    }
    if response.status == scripted.status {
        if answer_form == Form::Sound {
            passed_back(scripted, response)?;
        }
        return Ok(Answered::Upstream);
    }
    match (response.status, answer_form) {
        (502 | 503, Form::Odd | Form::Broken) => Ok(Answered::Proxy),
        (status, _) => Err(format!("the upstream answered {}, the client got {status}", scripted.status)),
    }
}

fn answered_before(form: Form, response: &Response) -> Result<Answered, String> {
    let undeliverable = response.status == 0 || response.code_details.starts_with(UNDELIVERABLE);
    match response.status {
        200..=499 if is_a_filters(response) => Ok(Answered::Filter),
        200..=499 if form != Form::Sound => Ok(Answered::Proxy),
        _ if form == Form::Broken && undeliverable => Ok(Answered::Proxy),
        status => Err(format!("{form:?}, and answered {status} by the proxy ({})", response.code_details)),
    }
}

/// A filter answers with success, or says in JSON what is wrong.
fn is_a_filters(response: &Response) -> bool {
    response.status < 300 || error_document(response).is_some()
}

fn error_document(response: &Response) -> Option<Value> {
    response.header("content-type").filter(|kind| kind.contains_str("json"))?;
    serde_json::from_slice(&response.body).ok().filter(Value::is_object)
}

fn response_is_sound(response: &Response, answer_form: Form) -> Result<(), String> {
    let unsound =
        |(name, value): &&(Vec<u8>, Vec<u8>)| !form::is_token(name) || value.iter().any(|byte| form::is_control(*byte));
    if answer_form != Form::Broken
        && let Some((name, value)) = response.headers.iter().find(unsound)
    {
        return Err(format!("the response holds {}: {}", name.escape_bytes(), value.escape_bytes()));
    }
    if response.header("content-type").is_some_and(|kind| kind.starts_with(b"application/problem+json"))
        && error_document(response).is_none()
    {
        return Err(format!("no JSON document: {}", response.body.escape_bytes()));
    }
    Ok(())
}

fn passed_on(step: &RequestStep, seen: &UpstreamRequest) -> Result<(), String> {
    let request = &step.request;
    let (path, query) = split(&request.path);
    let (seen_path, seen_query) = split(seen.header(":path").unwrap_or_default());
    // Envoy brings other paths into a normal form.
    let normal =
        path.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(byte)) && !path.contains_str("//");
    same("query", query.unwrap_or_default(), seen_query.unwrap_or_default())?;
    if normal {
        same("path", path, seen_path)?;
    }
    same(":method", &request.method, seen.header(":method").unwrap_or_default())?;
    same_fields(&request.headers, &seen.headers, |name| {
        form::is_one_of(form::HOP_BY_HOP, name) || form::is_one_of(PROXYS, name)
    })
}

fn passed_back(scripted: &UpstreamResponse, response: &Response) -> Result<(), String> {
    let vary = line(&response.headers, b"vary").unwrap_or_default();
    for element in line(&scripted.headers, b"vary").unwrap_or_default().split_str(",").map(trimmed) {
        if !vary.contains_str(element) {
            return Err(format!("{} is not in vary: {}", element.escape_bytes(), vary.escape_bytes()));
        }
    }
    same_fields(&scripted.headers, &response.headers, |name| {
        let owned = ["server", "timing-allow-origin", "vary", "x-correlation-id", "x-gateway", "x-powered-by"];
        let families: [&[u8]; 3] = [b"access-control-", b"ratelimit", b"x-ratelimit-"];
        let is_familys = families.iter().any(|family| name.to_ascii_lowercase().starts_with(family));
        is_familys || form::is_one_of(&owned, name) || form::is_one_of(form::HOP_BY_HOP, name)
    })
}

fn same_fields(sent: &Headers, seen: &Headers, excused: impl Fn(&[u8]) -> bool) -> Result<(), String> {
    for (name, _) in sent.iter().filter(|(name, _)| !excused(name)) {
        let found = line(seen, name).ok_or_else(|| format!("{} got lost", name.escape_bytes()))?;
        same(&name.escape_bytes().to_string(), &line(sent, name).unwrap_or_default(), &found)?;
    }
    Ok(())
}

fn same(what: &str, sent: &[u8], found: &[u8]) -> Result<(), String> {
    if sent == found {
        return Ok(());
    }
    Err(format!("{what}: {} became {}", shown(sent), shown(found)))
}

/// All values of a field as one: a proxy may join lines by commas, and leaves out empty ones and the
/// blanks around.
fn line(headers: &Headers, name: &[u8]) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> =
        headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| trimmed(value)).collect();
    let filled: Vec<&[u8]> = lines.iter().copied().filter(|value| !value.is_empty()).collect();
    (!lines.is_empty()).then(|| filled.join(&b","[..]))
}

fn trimmed(value: &[u8]) -> &[u8] {
    value.trim_with(|byte| byte == ' ' || byte == '\t')
}

fn split(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    target.split_once_str("?").map_or((target, None), |(path, query)| (path, Some(query)))
}

/// Long values are cut in the middle.
pub fn shown(value: &[u8]) -> String {
    const ENDS: usize = 100;
    match value {
        [] => "nothing".to_owned(),
        value if value.len() <= 3 * ENDS => format!("\"{}\"", value.escape_bytes()),
        value => {
            let (head, tail) = (&value[..ENDS], &value[value.len() - ENDS..]);
            format!("\"{}\"..\"{}\" ({} bytes)", head.escape_bytes(), tail.escape_bytes(), value.len())
        }
    }
}
