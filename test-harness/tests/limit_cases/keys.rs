//! Whose requests count together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::player::{Asked, Player};
use crate::{cases, read};

const QUOTA: i64 = 9;

fn player(key: &str, client_ip: Value) -> Player {
    let limit = json!({"name": "cases", "algorithm": "fixed_window", "requests": QUOTA, "per": "1h", "key": [key]});
    Player::start(&json!({"client_ip": client_ip, "limits": [limit]}), 0)
}

/// Whether all of them, and they alone, count together: what is left falls by one with each, and somebody else has all.
fn together(player: &mut Player, same: &[Asked], other: &Asked) -> bool {
    let mut left = |asked: &Asked| read(player, asked).map(|answer| answer.remaining);
    let falls = same.iter().zip(1..).all(|(asked, count)| left(asked) == Ok(QUOTA - count));
    falls && left(other) == Ok(QUOTA - 1)
}

fn load(file: &str) -> Option<Vec<Value>> {
    cases(file).map(|text| serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}")))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn addresses_by_prefix() {
    let Some(cases) = load("ip_key_table.json") else { return };
    for case in &cases {
        // 0 stands for the whole address in this table.
        let prefix = case["ipv6_subnet"].as_u64().filter(|prefix| *prefix > 0).unwrap_or(128);
        let key = text(&case["key"]).split('/').next().unwrap_or_default();
        // Written with a leading zero, which is no more than a spelling.
        let same = [text(&case["ip"]), key].map(|ip| Asked::default().from(ip));
        let mut player = player("ip", json!({"ipv6_prefix": prefix}));
        assert!(together(&mut player, &same, &Asked::default().from("198.51.100.1")), "{case}");
    }
    println!("ratelimit/ip_key_table.json in wasmtime: {} agree", cases.len());
}

#[test]
fn keys() {
    let Some(cases) = load("key_derivation.json") else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for case in &cases {
        let strength = text(&case["strength"]);
        let holds = if case.get("effective_client_ip").is_some() { forwarded(case) } else { part(case) };
        assert!(holds || strength == "policy", "{case}");
        *counts.entry(format!("{strength}: {}", if holds { "agree" } else { "differ" })).or_default() += 1;
    }
    println!("ratelimit/key_derivation.json in wasmtime: {counts:?}");
}

/// Requests that differ in what a client may write count under the address of the case.
fn forwarded(case: &Value) -> bool {
    let mut client_ip = case["config"].clone();
    client_ip["from"] = "x_forwarded_for".into();
    // As Envoy does.
    client_ip["peer_appended"] = true.into();
    let sent = |random: &str| {
        let headers = case["headers"].as_object().into_iter().flatten();
        let request = Asked::default().from(text(&case["peer"]));
        headers.fold(request, |request, (name, value)| request.with(name, filled(text(value), random)))
    };
    let want = text(&case["effective_client_ip"]).split('/').next().unwrap_or_default();
    let same = [sent("1"), sent("2"), Asked::default().from(want)];
    together(&mut player("ip", client_ip), &same, &Asked::default().from("198.51.100.1"))
}

/// A text of a case with something else for what it leaves to the client: behind a colon, the half of an IPv6 address.
fn filled(text: &str, random: &str) -> String {
    let half = format!(":a:b:c:{random}");
    text.replace(":RANDOM", &half).replace("RANDOM each request", random).replace("RANDOM", random)
}

/// The rule that a case states of a part.
fn part(case: &Value) -> bool {
    let key = text(&case["config"]["key"]);
    let (plain, elsewhere) = (Asked::default(), Asked::default().from("198.51.100.1"));
    let headers = case["request"]["headers"].as_object().into_iter().flatten();
    let sent = headers.fold(plain.clone(), |request, (name, value)| request.with(name, text(value)));
    let path = |path: &str| Asked { path: path.to_owned(), ..plain.clone() };
    match (key.split_once(':'), sent.headers.first()) {
        // Without the header the address counts.
        (Some(("header", _)), None) => together(&mut player(key, json!({})), &[sent.clone(), sent], &elsewhere),
        (Some(("header", _)), Some((name, value))) => {
            let other = plain.clone().with(name, value.to_ascii_lowercase());
            together(&mut player(key, json!({})), &[sent.clone(), sent.clone()], &other)
        }
        // Nobody has verified the token: the address counts, whatever it says.
        (Some(("claim", claim)), _) => {
            let forged = plain.clone().with("authorization", "Bearer e30.eyJzdWIiOiJib2IifQ.");
            together(&mut player(&format!("claim:/{claim}"), json!({})), &[sent, forged, plain], &elsewhere)
        }
        _ => {
            let (given, same) = (text(&case["request"]["path"]), text(&case["expect_same_key_as"]));
            let mut player = player(key, json!({}));
            match same {
                // A path that servers read differently is refused, and counts nowhere.
                "documented" => player.ask(&path(given)).status == 400,
                same => {
                    let spellings = ["1", "2"].map(|random| path(&filled(given, random)));
                    together(&mut player, &[&spellings[..], &[path(same)]].concat(), &path("/other"))
                }
            }
        }
    }
}
