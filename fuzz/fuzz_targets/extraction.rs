//! Where credentials stand, and that hiding them takes these and nothing else.
//!
//! Input: a line with the JSON of `from`, then the request's fields, one a line.
//!
//! 1. A credential has bytes, none of them a control byte, and is by cookie alone only where a cookie has it.
//! 2. After `hide` there is none to be found, and hiding again changes nothing.
//! 3. All other fields, parameters and cookies keep their bytes and their order: what is left is what a plain reading of
//!    the same rules leaves.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sluicegate_auth::source::Sources;
use sluicegate_common::config::{ConfigErrors, parse_json};
use sluicegate_fuzz::request::{Request, decoded, split};

const DEFAULT: &str = r#"[{"header": "authorization", "prefix": "Bearer "}, {"header": "x-api-key"},
    {"query": "api_key"}, {"cookie": "key"}]"#;

fuzz_target!(|data: &[u8]| {
    let (from, head) = split(data, b'\n');
    let from = parse_json(from).unwrap_or(Value::Null);
    let (from, sources) = match deserr::deserialize::<Sources, _, ConfigErrors>(from.clone()) {
        Ok(sources) => (from, sources),
        Err(errors) => {
            assert!(!errors.is_empty() && !errors.to_string().is_empty());
            let from: Value = serde_json::from_str(DEFAULT).unwrap();
            (from.clone(), deserr::deserialize::<Sources, _, ConfigErrors>(from).unwrap())
        }
    };
    check(&from, &sources, &Request::parse(head));
});

fn check(from: &Value, sources: &Sources, request: &Request) {
    if let Ok(Some((credential, by_cookie))) = request.find(sources) {
        assert!(!credential.is_empty());
        assert!(!credential.iter().any(u8::is_ascii_control));
        let has_cookie = from.as_array().unwrap().iter().any(|source| source.get("cookie").is_some());
        assert!(!by_cookie || has_cookie && !request.values("cookie").is_empty());
    }
    let Ok(hidden) = request.hidden(sources) else {
        let splits = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        let written = [request.values(":path"), request.values("cookie")].concat();
        assert!(written.concat().iter().any(splits), "only such bytes cannot be written back");
        return;
    };
    assert_eq!(hidden.find(sources), Ok(None), "what is hidden is found no more");
    assert_eq!(hidden.hidden(sources).as_ref(), Ok(&hidden), "what is hidden is hidden");
    let expected = expected(from, request);
    for name in request.0.iter().chain(&hidden.0).map(|(name, _)| name).collect::<BTreeSet<_>>() {
        assert_eq!(hidden.values(name), expected.values(name), "{name}");
    }
}

/// What hiding leaves.
fn expected(from: &Value, request: &Request) -> Request {
    let mut fields = request.0.clone();
    for source in from.as_array().unwrap() {
        let text = |name: &str| source.get(name).and_then(Value::as_str);
        let prefix = text("prefix").unwrap_or_default();
        if let Some(header) = text("header") {
            let of = |(name, _): &&(String, Vec<u8>)| name.eq_ignore_ascii_case(header);
            let shown = fields.iter().filter(of).any(|(_, value)| shows(value, prefix));
            fields.retain(|field| !(shown && of(&field)));
        } else if let Some(name) = text("query") {
            for (_, target) in fields.iter_mut().filter(|(name, _)| name == ":path") {
                *target = without_parameter(target, name);
            }
        } else if let Some(cookie) = text("cookie") {
            let is_line = |name: &str| name.eq_ignore_ascii_case("cookie");
            let left = fields.into_iter().filter_map(|(name, line)| match is_line(&name) {
                true => without_cookie(&line, cookie).map(|line| (name, line)),
                false => Some((name, line)),
            });
            fields = left.collect();
        }
    }
    Request(fields)
}

/// Whether some part of a header's line begins with the prefix.
fn shows(line: &[u8], prefix: &str) -> bool {
    line.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).any(|part| match prefix.strip_suffix(' ') {
        None => part.starts_with(prefix.as_bytes()),
        Some(scheme) => {
            let (start, rest) = part.split_at(scheme.len().min(part.len()));
            start.eq_ignore_ascii_case(scheme.as_bytes()) && (rest.is_empty() || rest[0] == b' ')
        }
    })
}

fn without_parameter(target: &[u8], name: &str) -> Vec<u8> {
    let Some(start) = target.iter().position(|&byte| byte == b'?') else { return target.to_vec() };
    let (path, query) = (&target[..start], &target[start + 1..]);
    let is_it = |part: &&[u8]| !part.is_empty() && decoded(split(part, b'=').0) == name.as_bytes();
    let parts: Vec<&[u8]> = query.split(|&byte| byte == b'&').collect();
    let left: Vec<&[u8]> = parts.iter().copied().filter(|part| !is_it(part)).collect();
    if left.len() < parts.len() && left.concat().is_empty() {
        return path.to_vec();
    }
    [path, b"?", &left.join(&b'&')].concat()
}

/// `None` where the line had such cookies and nothing else.
fn without_cookie(line: &[u8], name: &str) -> Option<Vec<u8>> {
    let is_it = |part: &&[u8]| part.contains(&b'=') && split(part, b'=').0.trim_ascii() == name.as_bytes();
    let parts: Vec<&[u8]> = line.split(|&byte| byte == b';').collect();
    let left: Vec<&[u8]> = parts.iter().copied().filter(|part| !is_it(part)).collect();
    if left.len() < parts.len() && left.concat().trim_ascii().is_empty() {
        return None;
    }
    let line = left.join(&b';');
    // What begins the line now needs no blank before it.
    Some(if is_it(&parts[0]) { line.trim_ascii_start().to_vec() } else { line })
}
