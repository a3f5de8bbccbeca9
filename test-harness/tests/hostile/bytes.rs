//! Every byte from 0x01 to 0xFF, alone and inside of what a filter understands.

use libtest_mimic::Failed;
use test_harness::Request;

use crate::message::{ORIGIN, get, preflight, under};
use crate::player::Player;

/// A place for hostile bytes: a value that a filter understands, and the request around it.
struct Place {
    name: &'static str,
    value: &'static str,
    request: fn(&[u8]) -> Request,
    /// The policy of the top, or another.
    policy: &'static str,
}

const fn place(name: &'static str, value: &'static str, request: fn(&[u8]) -> Request) -> Place {
    Place { name, value, request, policy: "" }
}

const HEADERS: &[Place] = &[
    // No rule fits, so all of them look at their fields.
    place("fields that rules look at", "192.0.2.1, session=watche; a", |value| {
        get(&["x-plain", "content-type", "authorization", "cookie", "cookie", "x-forwarded-for"]
            .map(|name| (name, value)))
    }),
    place("ids that an error document repeats", "order-4711", |value| Request {
        path: b"/a%2fb".to_vec(),
        ..get(&[("x-correlation-id", value), ("x-request-id", value)])
    }),
    Place {
        policy: "strict",
        ..place("what tells the same origin", "https", |value| {
            get(&[("origin", b"https://example.com"), ("x-forwarded-proto", value), ("sec-fetch-site", value)])
        })
    },
    place("origin", "https://a.preview.example.com", |value| get(&[("origin", value)])),
    place("a preflight's origin", ORIGIN, |value| preflight(&[("origin", value)])),
    place("access-control-request-method", "PUT", |value| preflight(&[("access-control-request-method", value)])),
    place("access-control-request-headers", "authorization, x-a", |value| {
        preflight(&[("access-control-request-headers", value), ("access-control-request-private-network", value)])
    }),
];

/// Under other policies the byte stands in one place, and in all fields of CORS at once.
const POLICIES: &[&str] = &["strict", "open", "mirror"];

const PATHS: &[Place] = &[
    place(":path", "/watched/below/7", |path| Request { path: path.to_vec(), ..get(&[]) }),
    place("the query", "q=watche&q=%41", |query| Request { path: [b"/orders?", query].concat(), ..get(&[]) }),
];

const TARGETS: &[Place] = &[
    place(":method", "GET", |method| Request { method: method.to_vec(), ..get(&[]) }),
    Place {
        policy: "strict",
        ..place(":authority", "watche.example:80", |authority| Request {
            authority: authority.to_vec(),
            ..get(&[("origin", b"http://watche.example")])
        })
    },
];

/// In header values.
pub fn headers(player: &mut Player<'_>) -> Result<(), Failed> {
    play(player, HEADERS)?;
    for policy in POLICIES {
        for byte in 0x01..=0xff {
            let with = |value: &str| around(byte, value.as_bytes())[2].clone();
            let (origin, method, names) = (with(ORIGIN), with("PUT"), with("authorization"));
            player.send(under(policy, get(&[("origin", &origin)])))?;
            for (name, value) in [
                ("origin", &origin),
                ("access-control-request-method", &method),
                ("access-control-request-headers", &names),
            ] {
                player.send(under(policy, preflight(&[(name, value)])))?;
            }
        }
        player.control(&format!("all bytes under the policy \"{policy}\""))?;
    }
    Ok(())
}

/// In methods, hosts, paths and queries.
pub fn targets(player: &mut Player<'_>) -> Result<(), Failed> {
    play(player, TARGETS)?;
    play(player, PATHS)
}

/// In paths and queries.
pub fn paths(player: &mut Player<'_>) -> Result<(), Failed> {
    play(player, PATHS)
}

fn play(player: &mut Player<'_>, places: &[Place]) -> Result<(), Failed> {
    for place in places {
        for byte in 0x01..=0xff {
            for value in around(byte, place.value.as_bytes()) {
                player.send(under(place.policy, (place.request)(&value)))?;
            }
        }
        player.control(&format!("all bytes in {}", place.name))?;
    }
    Ok(())
}

/// The byte alone, at the start, in the middle and at the end.
fn around(byte: u8, value: &[u8]) -> [Vec<u8>; 4] {
    let (head, tail) = value.split_at(value.len() / 2);
    [vec![byte], [&[byte], value].concat(), [head, &[byte], tail].concat(), [value, &[byte]].concat()]
}
