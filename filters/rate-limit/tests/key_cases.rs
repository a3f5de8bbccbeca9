//! The conformance cases on whose requests count together: `ratelimit/key_derivation.json` and `ip_key_table.json` under
//! `SLUICEGATE_CASES`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../src/key/tests/host.rs"]
mod host;

use std::collections::BTreeMap;
use std::path::Path;

use deserr::deserialize;
use host::FakeHost;
use serde_json::{Value, json};
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::matcher::MatchOptions;
use sluicegate_common::settings::Settings;
use sluicegate_rate_limit::key::{Extracted, Key, OnMissingKey, PartList};

fn cases(file: &str) -> Option<Vec<Value>> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("SKIPPED {file}: SLUICEGATE_CASES is not set");
        return None;
    };
    Some(serde_json::from_slice(&std::fs::read(Path::new(&folder).join(file)).unwrap()).unwrap())
}

fn settings(client_ip: Value) -> Settings {
    deserialize::<Settings, _, ConfigErrors>(json!({ "client_ip": client_ip })).unwrap()
}

/// What a request counts under, by default paths and `on_missing_key: ip`; never nothing.
fn keyed(part: &str, settings: &Settings, request: &FakeHost) -> Vec<u8> {
    let parts = deserialize::<PartList, _, ConfigErrors>(json!([part])).unwrap();
    let key = Key::new(parts, OnMissingKey::default());
    match request.ask(settings, |head, cx| key.extract(head, cx, MatchOptions::default(), None, Vec::new())) {
        Extracted::Key(bytes) => bytes,
        none => panic!("{part}: {none:?} would not be limited"),
    }
}

/// What the host's address counts under by itself, the whole of it.
fn address(ip: &str) -> Vec<u8> {
    keyed("ip", &settings(json!({"ipv6_prefix": 128})), &FakeHost::default().from(ip))
}

/// A text of a case with something else for what it leaves to the client: behind a colon, the half of an IPv6 address.
fn filled(text: &str, random: &str) -> String {
    let half = format!(":a:b:c:{random}");
    text.replace(":RANDOM", &half).replace("RANDOM each request", random).replace("RANDOM", random)
}

#[test]
fn addresses_by_prefix() {
    let Some(cases) = cases("ratelimit/ip_key_table.json") else { return };
    for case in &cases {
        let (ip, want) = (case["ip"].as_str().unwrap(), case["key"].as_str().unwrap());
        // 0 stands for the whole address in this table.
        let prefix = case["ipv6_subnet"].as_u64().filter(|prefix| *prefix > 0).unwrap_or(128);
        let (want, length) = want.split_once('/').map_or((want, None), |(want, length)| (want, Some(length)));
        assert!(length.is_none_or(|length| length == prefix.to_string()), "{case}");
        // The table writes a leading zero, which is no more than a spelling.
        let want: std::net::IpAddr = want.parse().unwrap();
        let found = keyed("ip", &settings(json!({"ipv6_prefix": prefix})), &FakeHost::default().from(ip));
        assert_eq!(found, address(&want.to_string()), "{case}");
    }
    println!("ip_key_table.json: {} of {} as expected", cases.len(), cases.len());
}

#[test]
fn keys() {
    let Some(cases) = cases("ratelimit/key_derivation.json") else { return };
    let mut passed: BTreeMap<String, u32> = BTreeMap::new();
    for case in &cases {
        let strength = case["strength"].as_str().unwrap();
        let holds = if case.get("effective_client_ip").is_some() { forwarded(case) } else { part(case) };
        assert!(holds || strength == "policy", "{case}");
        *passed.entry(format!("{strength} {}", if holds { "passed" } else { "otherwise" })).or_default() += 1;
    }
    println!("key_derivation.json: {} cases, {passed:?}", cases.len());
}

/// Requests that differ in what a client may write count under the address of the case.
fn forwarded(case: &Value) -> bool {
    let mut client_ip = case["config"].clone();
    client_ip["from"] = "x_forwarded_for".into();
    let settings = settings(client_ip);
    let want = case["effective_client_ip"].as_str().unwrap();
    let want = address(want.split_once('/').map_or(want, |(prefix, _)| prefix));
    ["1", "2"].into_iter().all(|random| {
        let mut request = FakeHost::default().from(case["peer"].as_str().unwrap());
        for (name, value) in case["headers"].as_object().unwrap() {
            request = request.field(name, filled(value.as_str().unwrap(), random));
        }
        keyed("ip", &settings, &request) == want
    })
}

/// The rule that a case states of a part.
fn part(case: &Value) -> bool {
    let (settings, given) = (Settings::default(), case["config"]["key"].as_str().unwrap());
    let sent = |random: &str| {
        let mut request = FakeHost::default().from("192.0.2.1");
        for (name, value) in case["request"]["headers"].as_object().into_iter().flatten() {
            request = request.field(name, value.as_str().unwrap());
        }
        match case["request"]["path"].as_str() {
            Some(path) => request.field(":path", filled(path, random)),
            None => request,
        }
    };
    let same = case["expect_same_key_as"].as_str().unwrap();
    let plain = || FakeHost::default().from("192.0.2.1");
    match given.split_once(':') {
        // A missing header counts under the address: not under nothing, and not under what others have.
        Some(("header", name)) if sent("").ask(&settings, |head, _| head.get(name).is_none()) => {
            keyed(given, &settings, &sent("")) == keyed("header:other", &settings, &plain())
                && keyed(given, &settings, &sent("")) != keyed(given, &settings, &FakeHost::default().from("192.0.2.2"))
        }
        Some(("header", name)) => {
            let value = same.split(' ').next().unwrap();
            let of = |value: String| keyed(given, &settings, &plain().field(name, value));
            keyed(given, &settings, &sent("")) == of(value.to_owned())
                && keyed(given, &settings, &sent("")) != of(value.to_ascii_lowercase())
        }
        // The token of a request says nothing, verified claims do.
        Some(("claim", claim)) => {
            let given = format!("claim:/{claim}");
            let verified = |request: FakeHost| request.property("sluicegate.claims", json!({claim: same}).to_string());
            keyed(&given, &settings, &sent("")) == keyed(&given, &settings, &plain())
                && keyed(&given, &settings, &verified(sent(""))) == keyed(&given, &settings, &verified(plain()))
                && keyed(&given, &settings, &sent("")) != keyed(&given, &settings, &verified(plain()))
        }
        // `..` may mean different things to servers: refused by default, and no key of its own until then.
        None if same == "documented" => {
            keyed(given, &settings, &sent("")) == keyed("header:absent", &settings, &plain())
        }
        None => {
            let path = keyed(given, &settings, &plain().field(":path", same));
            ["1", "2"].into_iter().all(|random| keyed(given, &settings, &sent(random)) == path)
        }
        Some(_) => false,
    }
}
