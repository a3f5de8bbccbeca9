//! Preflights that ask for nothing, for everything, and for what is no name.

use libtest_mimic::Failed;

use crate::check::Answered;
use crate::message::{get, preflight, under};
use crate::player::Player;

const POLICIES: &[&str] = &["", "open", "mirror"];

const SEPARATORS: &[&str] = &[",", ", ", " ,\t", ",,", " , , ", "\t,\t", " ", ";", "\u{a0},"];

const METHODS: &[&[u8]] = &[
    b"GET",
    b"get",
    b"PUT",
    b"put",
    b"CONNECT",
    b"TRACE",
    b"track",
    b"*",
    b"GET,PUT",
    b"GET PUT",
    b"",
    b" ",
    b"\xff",
    b"OPTIONS",
    b"PRI",
    b"!#$%&'*+-.^_`|~",
];

/// All of it.
pub fn play(player: &mut Player<'_>) -> Result<(), Failed> {
    for policy in POLICIES {
        for count in [0, 1, 2, 99, 100, 101, 1000] {
            for separator in SEPARATORS {
                for name in ["authorization", "x-{}", "X-{}", "caf\u{e9}-{}", "*", "{}, *"] {
                    let asked = names(name, count, separator);
                    let requested = [("access-control-request-headers", asked.as_bytes())];
                    player.send(under(policy, preflight(&requested)))?;
                }
            }
        }
        player.control(&format!("names asked for under the policy \"{policy}\""))?;
        for method in METHODS {
            player.send(under(policy, preflight(&[("access-control-request-method", method)])))?;
            let twice = [("access-control-request-method", *method), ("access-control-request-method", &b"PUT"[..])];
            player.send(under(policy, preflight(&twice)))?;
            // No preflight: another method than OPTIONS.
            player.send(under(policy, get(&[("access-control-request-method", method)])))?;
        }
        player.control(&format!("methods asked for under the policy \"{policy}\""))?;
    }
    names_over_lines(player)
}

fn names(name: &str, count: usize, separator: &str) -> String {
    (0..count).map(|number| name.replace("{}", &number.to_string())).collect::<Vec<_>>().join(separator)
}

/// A hundred names, in one line or over many, are as good as each other.
fn names_over_lines(player: &mut Player<'_>) -> Result<(), Failed> {
    let mut answers: Vec<Answered> = Vec::new();
    for lines in [1, 2, 50] {
        let line = names("x-{}", 100 / lines, ", ");
        let headers = vec![("access-control-request-headers", line.as_bytes()); lines];
        answers.push(player.send(under("mirror", preflight(&headers)))?);
    }
    player.control("names over several lines")?;
    if answers.windows(2).all(|pair| pair[0] == pair[1]) { Ok(()) } else { Err(format!("{answers:?}").into()) }
}
