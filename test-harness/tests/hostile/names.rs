//! Fields that come twice, without a value, or under odd names.

use libtest_mimic::Failed;
use test_harness::Request;

use crate::message::{ORIGIN, get, preflight, under};
use crate::player::Player;

const POLICIES: &[&str] = &["strict", "mirror"];

/// Every name that a filter or the proxy knows.
const KNOWN: &[&str] = &[
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "authorization",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "origin",
    "referer",
    "sec-fetch-site",
    "traceparent",
    "user-agent",
    "via",
    "x-api-key",
    "x-correlation-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-plain",
    "x-request-id",
];

/// Pairs of values: equal, different, empty before and after, already joined, beyond text.
const TWICE: &[[&[u8]; 2]] = &[
    [b"watched", b"watched"],
    [b"https://app.example.com", b"https://evil.example"],
    [b"PUT", b"GET"],
    [b"", b"watched"],
    [b"watched", b""],
    [b"", b""],
    [b"a, b", b"c,,d"],
    [b"\xff", b"\xc3\xa9"],
];

/// All of it.
pub fn play(player: &mut Player<'_>) -> Result<(), Failed> {
    duplicates(player)?;
    empty(player)?;
    odd(player)
}

fn duplicates(player: &mut Player<'_>) -> Result<(), Failed> {
    for policy in POLICIES {
        for name in KNOWN {
            for [one, other] in TWICE {
                player.send(under(policy, get(&[(name, one), (name, other)])))?;
                player.send(under(policy, preflight(&[(name, one), ("x-plain", b"1"), (name, other), (name, one)])))?;
            }
        }
        player.control(&format!("duplicates under the policy \"{policy}\""))?;
    }
    Ok(())
}

fn empty(player: &mut Player<'_>) -> Result<(), Failed> {
    for policy in POLICIES {
        for name in KNOWN {
            for value in [&b""[..], b" ", b"\t", b" \t ", b",", b", ,", b";", b"=", b"\"", b"\"\""] {
                player.send(under(policy, get(&[(name, value)])))?;
                player.send(under(policy, preflight(&[(name, value)])))?;
            }
        }
        let all: Vec<(&str, &[u8])> =
            KNOWN.iter().filter(|name| **name != "host").map(|name| (*name, &b""[..])).collect();
        player.send(under(policy, get(&all)))?;
        player.send(under(policy, preflight(&all)))?;
        player.control(&format!("empty values under the policy \"{policy}\""))?;
    }
    Ok(())
}

fn odd(player: &mut Player<'_>) -> Result<(), Failed> {
    const TOKEN: &str = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let long = "n".repeat(256);
    let capitals: Vec<String> = KNOWN.iter().filter(|name| **name != "host").map(|name| name.to_uppercase()).collect();
    let mut names = vec!["x", "_", "-", "0", "x_plain", "x.plain", "X-Plain", "constructor", TOKEN, &long];
    names.extend(capitals.iter().map(String::as_str));
    for policy in POLICIES {
        for name in &names {
            player.send(under(policy, get(&[("origin", ORIGIN.as_bytes()), (name, b"caf\xe9")])))?;
            player.send(under(policy, preflight(&[(name, b"caf\xe9")])))?;
        }
        for name in unspeakable() {
            let mut request = get(&[("origin", ORIGIN.as_bytes())]);
            request.headers.push((name, b"v".to_vec()));
            player.send(under(policy, request))?;
        }
        player.control(&format!("odd names under the policy \"{policy}\""))?;
    }
    for (authority, path) in
        [("", "/"), ("example.com", ""), ("example.com", "*"), ("[", "/"), (":", "/"), ("a:b:c", "/")]
    {
        let request = Request { authority: authority.into(), path: path.into(), ..get(&[]) };
        player.send(request.clone())?;
        player.send(Request { method: b"OPTIONS".to_vec(), ..request })?;
    }
    player.control("odd targets")
}

/// Names that are no tokens.
fn unspeakable() -> impl Iterator<Item = Vec<u8>> {
    let bytes = (0x01..=0xffu8).filter(|byte| !crate::form::is_token(&[*byte]));
    // A colon ends the name, a line break the field; a pseudo header is the proxy's own affair.
    bytes.filter(|byte| !b":\r\n".contains(byte)).map(|byte| [b"x-", &[byte][..], b"n"].concat())
}
