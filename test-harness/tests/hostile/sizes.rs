//! As many and as long fields as a proxy takes, and one more.

use libtest_mimic::Failed;
use test_harness::Request;

use crate::form::{MAX_BYTES, MAX_FIELDS};
use crate::message::{ORIGIN, get, preflight, under};
use crate::player::Player;

const POLICIES: &[&str] = &["", "mirror"];

/// Fields of which one is as long as it gets.
const NAMES: &[&str] = &[
    "x-plain",
    "origin",
    "cookie",
    "content-type",
    "x-correlation-id",
    "x-request-id",
    "x-forwarded-for",
    "access-control-request-method",
    "access-control-request-headers",
];

/// What long values are made of.
const FILLINGS: &[&[u8]] = &[b"a", b",", b"a,", b"\t,", b"watched", b"a=b; ", b"\xff"];

/// Just below the limit, and above.
const LENGTHS: [usize; 2] = [MAX_BYTES - (2 << 10), MAX_BYTES + 1];

/// All of it.
pub fn play(player: &mut Player<'_>) -> Result<(), Failed> {
    many_fields(player)?;
    long_values(player)?;
    long_targets(player)?;
    spread(player)
}

/// The host counts as a field.
fn many_fields(player: &mut Player<'_>) -> Result<(), Failed> {
    for policy in POLICIES {
        for count in [MAX_FIELDS - 1, MAX_FIELDS, MAX_FIELDS + 1, 500] {
            for base in [get(&[("origin", ORIGIN.as_bytes())]), preflight(&[])] {
                for name in ["x-plain", "cookie", "x-{}", "access-control-request-headers"] {
                    player.send(padded(under(policy, base.clone()), name, count))?;
                }
            }
        }
        player.control(&format!("many fields under the policy \"{policy}\""))?;
    }
    Ok(())
}

/// The request with fields up to this many; `{}` in the name is replaced by a number.
fn padded(mut request: Request, name: &str, count: usize) -> Request {
    for number in request.headers.len()..count {
        let name = name.replace("{}", &number.to_string());
        request.headers.push((name.into_bytes(), b"v\xff".to_vec()));
    }
    request
}

fn long_values(player: &mut Player<'_>) -> Result<(), Failed> {
    for name in NAMES {
        for filling in FILLINGS {
            for length in LENGTHS {
                let value = filled(filling, length);
                let base = if name.starts_with("access-control-") { preflight } else { get };
                player.send(under("mirror", base(&[(name, &value)])))?;
            }
        }
        player.control(&format!("long values of {name}"))?;
    }
    Ok(())
}

fn long_targets(player: &mut Player<'_>) -> Result<(), Failed> {
    let fillings: [&[u8]; 8] = [b"a", b"/", b"a/", b"/..", b"%41", b"%2e%2e/", b"q=watched&", b"%"];
    for filling in fillings {
        for length in LENGTHS {
            let rest = filled(filling, length);
            for head in [&b"/"[..], b"/watched/", b"/orders?", b"/orders?q="] {
                player.send(Request { path: [head, &rest].concat(), ..get(&[]) })?;
            }
            player.send(Request { authority: filled(b"watched.", length), ..get(&[]) })?;
            player.send(Request { method: filled(b"M", length), ..get(&[]) })?;
        }
    }
    player.control("long targets")
}

/// 60 KiB of fields, a tenth or a ninetieth in each.
fn spread(player: &mut Player<'_>) -> Result<(), Failed> {
    for policy in POLICIES {
        for fields in [10, 90] {
            for total in LENGTHS {
                let value = filled(b"\xe9t\xe9,", total / fields - 20);
                for name in ["x-plain", "cookie", "access-control-request-headers"] {
                    let headers: Vec<(&str, &[u8])> = (0..fields).map(|_| (name, value.as_slice())).collect();
                    player.send(under(policy, get(&headers)))?;
                    player.send(under(policy, preflight(&headers)))?;
                }
            }
        }
    }
    player.control("60 KiB of fields")
}

fn filled(filling: &[u8], length: usize) -> Vec<u8> {
    filling.iter().copied().cycle().take(length).collect()
}
