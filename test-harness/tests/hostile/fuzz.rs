//! Whatever else: requests and answers at random, from a seed.
//!
//! `SLUICEGATE_FUZZ_SEED` and `SLUICEGATE_FUZZ_REQUESTS` replace the seed and the number of requests.

use fastrand::Rng;
use libtest_mimic::Failed;
use test_harness::scenario::RequestStep;
use test_harness::{Headers, Request, UpstreamResponse};

use crate::message::{ORIGIN, get, under};
use crate::player::Player;

const SEED: u64 = 0x51_75_1c_e9;
const REQUESTS: u64 = 1000;
/// Requests between two controls.
const BATCH: u64 = 50;

const POLICIES: &[&str] = &["", "strict", "open", "mirror"];

const NAMES: &[&str] = &[
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "authorization",
    "content-type",
    "cookie",
    "origin",
    "sec-fetch-site",
    "vary",
    "x-api-key",
    "x-correlation-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-plain",
    "x-request-id",
];

/// What mutations start from.
const TEXTS: &[&str] = &[
    "",
    ORIGIN,
    "https://a.preview.example.com",
    "null",
    "PUT",
    "authorization, content-type",
    "true",
    "same-origin",
    "application/grpc+proto",
    "session=watched; theme=\"dark\"",
    "192.0.2.1, 2001:db8::1",
    "order-4711",
    "Origin, *",
    "watched",
    "Bearer a.b.c",
];

const PATHS: &[&str] = &["/", "/watched/below/7", "/a%2fb", "/../a", "/a;b", "/orders?q=watched&q=%41%zz", "//", "*"];

/// All of it.
pub fn play(player: &mut Player<'_>) -> Result<(), Failed> {
    let seed = setting("SLUICEGATE_FUZZ_SEED", SEED)?;
    let requests = setting("SLUICEGATE_FUZZ_REQUESTS", REQUESTS)?;
    for number in 0..requests {
        let at = |wrong: Failed| {
            let message = wrong.message().unwrap_or_default();
            Failed::from(format!("request {number} from SLUICEGATE_FUZZ_SEED={seed}: {message}"))
        };
        // Each request has a seed of its own, so that one can be played without the others.
        let mut random = Rng::with_seed(seed.wrapping_add(number));
        let (request, answer) = (request(&mut random), answer(&mut random));
        player.exchange(request, answer).map_err(at)?;
        if number % BATCH == BATCH - 1 || number + 1 == requests {
            player.control("random requests").map_err(at)?;
        }
    }
    Ok(())
}

fn setting(name: &str, default: u64) -> Result<u64, Failed> {
    match std::env::var(name) {
        Ok(text) => Ok(text.parse().map_err(|error| format!("{name}={text}: {error}"))?),
        Err(_) => Ok(default),
    }
}

fn request(random: &mut Rng) -> Request {
    let methods = ["GET", "OPTIONS", "OPTIONS", "POST", "DELETE"];
    let method = random.choice(methods).unwrap_or("GET");
    let path = random.choice(PATHS).copied().unwrap_or("/");
    let authority = random.choice(["example.com", "watched.example:80", "[::1]:8080"]).unwrap_or("example.com");
    let request = Request {
        method: if random.u8(..) < 16 { mutated(random, method) } else { method.into() },
        path: if random.u8(..) < 64 { mutated(random, path) } else { path.into() },
        authority: if random.u8(..) < 16 { mutated(random, authority) } else { authority.into() },
        headers: fields(random),
        ..get(&[])
    };
    under(random.choice(POLICIES).copied().unwrap_or_default(), request)
}

fn answer(random: &mut Rng) -> UpstreamResponse {
    UpstreamResponse { headers: fields(random), ..RequestStep::answer() }
}

fn fields(random: &mut Rng) -> Headers {
    let count = if random.u8(..) < 8 { random.usize(90..110) } else { random.usize(0..12) };
    (0..count).map(|_| (name(random), value(random))).collect()
}

fn name(random: &mut Rng) -> Vec<u8> {
    let name = random.choice(NAMES).copied().unwrap_or("x-plain");
    match random.u8(..) {
        0..32 => name.to_uppercase().into_bytes(),
        32..64 => [b"x-", &[random.alphanumeric() as u8][..]].concat(),
        _ => name.into(),
    }
}

fn value(random: &mut Rng) -> Vec<u8> {
    let text = random.choice(TEXTS).copied().unwrap_or_default();
    match random.u8(..) {
        0..96 => text.into(),
        96..224 => mutated(random, text),
        224..252 => (0..random.usize(0..64)).map(|_| byte(random)).collect(),
        _ => (0..random.usize(0..8192)).map(|_| byte(random)).collect(),
    }
}

/// A few bytes replaced, inserted, removed or doubled.
fn mutated(random: &mut Rng, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=bytes.len());
        match random.u8(..4) {
            0 if at < bytes.len() => bytes[at] = byte(random),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.extend_from_within(at..),
            _ => bytes.insert(at, byte(random)),
        }
    }
    bytes
}

/// Mostly what a codec delivers; no line break, which ends the field.
fn byte(random: &mut Rng) -> u8 {
    match random.u8(..) {
        0 if random.u8(..) < 32 => random.choice([0x01, 0x0b, 0x1b, 0x7f]).unwrap_or(0x7f),
        0..16 => b'\t',
        16..96 => random.u8(0x80..),
        96..160 => random.choice(*b",;= \"/:.*%&?").unwrap_or(b','),
        _ => random.u8(0x20..0x7f),
    }
}
