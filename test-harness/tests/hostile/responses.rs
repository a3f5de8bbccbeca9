//! Upstreams that answer with hostile fields.

use libtest_mimic::Failed;
use test_harness::scenario::RequestStep;
use test_harness::{Headers, UpstreamResponse};

use crate::form::{MAX_BYTES, MAX_FIELDS};
use crate::message::{ORIGIN, get, owned, preflight, under};
use crate::player::Player;

const POLICIES: &[&str] = &["", "open", "mirror"];

/// Response fields that filters look at or write.
const NAMES: &[&str] = &[
    "vary",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "timing-allow-origin",
    "content-type",
    "x-correlation-id",
    "ratelimit",
    "ratelimit-limit",
    "x-ratelimit-reset",
    "x-plain",
    "cache-control",
    "set-cookie",
];

const VALUES: &[&[u8]] =
    &[b"", b" ", b",", b", ,", b"*", b"Origin", b"origin , *", b"\xff", b"a\xe9, Origin", b"\tOrigin\t", b"\"", b";;="];

/// All of it.
pub fn play(player: &mut Player<'_>) -> Result<(), Failed> {
    for policy in POLICIES {
        bytes(player, policy)?;
        lists(player, policy)?;
        sizes(player, policy)?;
    }
    Ok(())
}

/// In all fields at once: each is read by itself.
fn bytes(player: &mut Player<'_>, policy: &str) -> Result<(), Failed> {
    for byte in 0x01..=0xffu8 {
        // What ends the line ends the field, and leaves the proxy at odds about the rest.
        if !b"\r\n".contains(&byte) {
            for value in [vec![byte], [b"Origin", &[byte][..], b"x"].concat()] {
                let fields: Vec<(&str, &[u8])> = NAMES.iter().map(|name| (*name, value.as_slice())).collect();
                answer(player, policy, owned(&fields))?;
            }
        }
    }
    player.control(&format!("all bytes in the upstream's fields under the policy \"{policy}\""))
}

fn lists(player: &mut Player<'_>, policy: &str) -> Result<(), Failed> {
    for name in NAMES {
        for value in VALUES {
            answer(player, policy, owned(&[(name, value)]))?;
            answer(player, policy, owned(&[(name, value), (name, b"x-other")]))?;
            answer(player, policy, owned(&[(name, b"x-other"), ("x-between", b"1"), (name, value), (name, value)]))?;
        }
        let many: Headers = (0..50).map(|number| (name.as_bytes().to_vec(), format!("v{number}").into())).collect();
        answer(player, policy, many)?;
    }
    for name in ["X", "VARY", "Access-Control-Allow-Origin", "!#$%&'*+-.^_`|~", &"n".repeat(256)] {
        answer(player, policy, owned(&[(name, b"Origin")]))?;
    }
    player.control(&format!("lists of the upstream under the policy \"{policy}\""))
}

fn sizes(player: &mut Player<'_>, policy: &str) -> Result<(), Failed> {
    for name in NAMES {
        for filling in [&b"a"[..], b",", b"Origin, ", b"\xff"] {
            // Room for what the proxy and filters add.
            for length in [MAX_BYTES - (8 << 10), MAX_BYTES + 1] {
                let value: Vec<u8> = filling.iter().copied().cycle().take(length).collect();
                answer(player, policy, owned(&[(name, &value)]))?;
            }
        }
    }
    for count in [MAX_FIELDS - 10, MAX_FIELDS + 1] {
        let many: Headers = (0..count).map(|number| (format!("x-{number}").into(), b"v".to_vec())).collect();
        answer(player, policy, many)?;
    }
    player.control(&format!("sizes of the upstream's fields under the policy \"{policy}\""))
}

/// The upstream answers with these fields to an actual request, and to a preflight where it sees one.
fn answer(player: &mut Player<'_>, policy: &str, headers: Headers) -> Result<(), Failed> {
    let answer = UpstreamResponse { headers, ..RequestStep::answer() };
    player.exchange(under(policy, get(&[("origin", ORIGIN.as_bytes())])), answer.clone())?;
    if policy == "open" {
        player.exchange(under(policy, preflight(&[])), answer)?;
    }
    Ok(())
}
