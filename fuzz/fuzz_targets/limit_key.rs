//! Whose requests count together.
//!
//! Input: a line with the JSON of `{"key": [..], "on_missing_key": "..", "client_ip": {..}}`, then what the
//! request is, one a line: its fields, and behind an `@` the properties, percent-encoded (`@source.address=..`) that the host tells of it.
//!
//! 1. A key is a kind, a length and a value for each part, nothing before, between or behind: lists of other values, or of
//!    other kinds of value, have other bytes.
//! 2. A value is that of its part, the first [`MAX_VALUE`] bytes of it, and is missing only where the request has none:
//!    so says a plain reading of the request. What stands for missing values is of a kind of its own.
//! 3. `skip` and `deny` stand for a missing part, and for nothing else.
//! 4. The same request has the same key. A key is bounded, whatever the request.

#![no_main]

use std::collections::BTreeMap;

use deserr::Deserr;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sluicegate_common::config::{ConfigErrors, parse_json};
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{HeadState, RequestHead};
use sluicegate_common::matcher::MatchOptions;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::settings::Settings;
use sluicegate_common::time::Nanos;
use sluicegate_fuzz::process::Process;
use sluicegate_fuzz::request::{Request, decoded, split};
use sluicegate_rate_limit::key::{Extracted, Key, MAX_PARTS, MAX_VALUE, OnMissingKey, PartList};

/// The kind and the length before a value.
const PREFIX: usize = 3;
/// The kinds of what stands for missing values: one for all who lack the part, or the address.
const STAND_INS: [u8; 2] = [0, 1];

fuzz_target!(|data: &[u8]| {
    let (config, request) = split(data, b'\n');
    let config = parse_json(config).unwrap_or(Value::Null);
    let (Some(parts), Some(settings)) =
        (read::<PartList>(&config["key"]), read::<Settings>(&json!({"client_ip": config["client_ip"]})))
    else {
        return;
    };
    let on_missing = read::<OnMissingKey>(&config["on_missing_key"]).unwrap_or_default();
    let given: Vec<&str> = config["key"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let (request, process) = (Request::parse(request), Process::new(properties(request)));
    let key = Key::new(parts, on_missing);
    let extract = || {
        let (mut state, mut facts) = (HeadState::default(), Facts::default());
        let head = RequestHead::new(&request, &mut state);
        key.extract(
            &head,
            &Cx::new(Nanos(0), &process, &mut facts, &settings),
            MatchOptions::default(),
            None,
            Vec::new(),
        )
    };
    let extracted = extract();
    assert_eq!(extract(), extracted);
    let missing = |part: &&str| value(part, &request, &process).is_some_and(|value| value.is_empty());
    match &extracted {
        Extracted::Key(bytes) => check(bytes, &given, on_missing, &request, &process),
        Extracted::Skip => assert!(on_missing == OnMissingKey::Skip),
        Extracted::Deny => assert!(on_missing == OnMissingKey::Deny),
    }
    let is_settled = matches!(on_missing, OnMissingKey::Skip | OnMissingKey::Deny);
    assert!(!(is_settled && given.iter().any(|part| missing(&part)) && matches!(extracted, Extracted::Key(_))));
    if given.iter().all(|part| value(part, &request, &process).is_some_and(|value| !value.is_empty())) {
        assert!(matches!(extracted, Extracted::Key(_)), "nothing is missing");
    }
});

/// `None` where it is not valid. `null`: as if it were not there.
fn read<T: Deserr<ConfigErrors>>(value: &Value) -> Option<T> {
    deserr::deserialize::<T, _, ConfigErrors>(without_nulls(value)).ok()
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        other => other.clone(),
    }
}

fn properties(request: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let lines = request.split(|&byte| byte == b'\n').filter_map(|line| line.strip_prefix(b"@"));
    let property = |line: &[u8]| {
        let (path, value) = split(line, b'=');
        (String::from_utf8_lossy(path).into_owned(), decoded(value))
    };
    lines.map(property).collect()
}

fn check(bytes: &[u8], given: &[&str], on_missing: OnMissingKey, request: &Request, process: &Process) {
    assert!(given.len() <= MAX_PARTS && bytes.len() <= MAX_PARTS * (PREFIX + MAX_VALUE));
    let mut rest = bytes;
    for part in given {
        let ([kind, high, low], behind) = rest.split_first_chunk().unwrap();
        let (found, behind) = behind.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        rest = behind;
        assert!(found.len() <= MAX_VALUE);
        assert!(STAND_INS.contains(kind) || !found.is_empty(), "{part}: an empty value is a missing one");
        assert!(!STAND_INS.contains(kind) || !matches!(on_missing, OnMissingKey::Skip | OnMissingKey::Deny));
        match value(part, request, process) {
            Some(wanted) if wanted.is_empty() => assert!(STAND_INS.contains(kind), "{part}: {found:?}"),
            Some(wanted) => {
                assert!(!STAND_INS.contains(kind), "{part}: has {wanted:?}");
                assert_eq!(found, &wanted[..wanted.len().min(MAX_VALUE)], "{part}");
            }
            None => {}
        }
    }
    assert_eq!(rest, b"");
}

/// What the request has for a part, empty where that is nothing; `None` where this does not know.
fn value(part: &str, request: &Request, process: &Process) -> Option<Vec<u8>> {
    let value = match part.split_once(':') {
        Some(("const", text)) => Some(text.as_bytes().to_vec()),
        Some(("header", name)) => only(request.values(name)),
        Some(("query", name)) => only(parameters(request, name)),
        None if part == "method" => request.values(":method").into_iter().next(),
        None if part == "route" => process.property(&["xds", "route_name"]).unwrap(),
        _ => return None,
    };
    Some(value.unwrap_or_default())
}

fn only(mut values: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let value = values.pop()?;
    values.is_empty().then_some(value)
}

fn parameters(request: &Request, name: &str) -> Vec<Vec<u8>> {
    let target = request.values(":path").into_iter().next().unwrap_or_default();
    let parts = split(&target, b'?').1.split(|&byte| byte == b'&').filter(|part| !part.is_empty());
    let pairs = parts.map(|part| split(part, b'='));
    pairs.filter(|(found, _)| decoded(found) == name.as_bytes()).map(|(_, value)| decoded(value)).collect()
}
