use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Value, json};
use sluicegate_common::config::{ConfigErrors, Env, read};
use sluicegate_common::proxy::Status;

use super::shown::MAX_CREDENTIALS;
use super::*;

mod configs;
mod hashes;

/// A host with a random generator, or without one.
#[derive(Default)]
struct Host {
    silent: bool,
    asked: Cell<u32>,
}

impl Proxy for Host {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Ok(())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.asked.set(self.asked.get() + 1);
        bytes.fill(7);
        if self.silent { Err(Status::Unimplemented) } else { Ok(()) }
    }

    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Ok(0)
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        Ok(())
    }
}

/// A hash of `open sesame` as libxcrypt makes it, and one as hashlib makes it.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
const PBKDF2: &str = "$pbkdf2-sha256$i=10000$MDEyMzQ1Njc4OWFiY2RlZg$I1fRzPdik5F+m1JYkXkqwnEmFt/dm1VokeoVyG9DVvs";

fn compile(config: Value) -> Result<Basic, ConfigErrors> {
    let env: Env = [("PASSWORD", "from the environment")].into_iter().collect();
    let Value::Object(object) = config else { panic!("{config} is no object") };
    read::<RawBasic>(object)?.compile(&env)
}

/// A user of that name for each password.
fn basic(passwords: &[(&str, Value)]) -> Basic {
    let user = |(name, password): &(&str, Value)| json!({"username": name, "consumer": "c", "password": password});
    compile(json!({"users": passwords.iter().map(user).collect::<Value>()})).unwrap()
}

/// The name of the user who shows `pair` at that many milliseconds.
fn at<'b>(basic: &'b Basic, millis: u64, pair: &str, host: &Host) -> Result<&'b str, Reason> {
    let user = basic.verify(STANDARD.encode(pair).as_bytes(), Nanos(millis * 1_000_000), host);
    user.map(|user| user.username.as_str())
}

#[test]
fn fast_kinds() {
    let basic = basic(&[
        ("value", json!({"value": "open: sesame"})),
        ("env", json!({"env": "PASSWORD"})),
        // printf k | sha256sum
        ("digest", json!({"sha256": "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a"})),
        ("gr\u{fc}\u{df}e", json!({"value": "\u{e9}"})),
    ]);
    let cases = [
        ("value:open: sesame", Ok("value")),
        ("env:from the environment", Ok("env")),
        ("digest:k", Ok("digest")),
        ("gr\u{fc}\u{df}e:\u{e9}", Ok("gr\u{fc}\u{df}e")),
        ("value:k", Err(Reason::UnknownKey)),
        ("value:open: sesame ", Err(Reason::UnknownKey)),
        ("digest:8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a", Err(Reason::UnknownKey)),
        ("Value:open: sesame", Err(Reason::UnknownKey)),
        ("nobody:k", Err(Reason::UnknownKey)),
    ];
    let host = Host::default();
    for _ in 0..10 {
        for (pair, want) in cases {
            assert_eq!(at(&basic, 0, pair, &host), want, "{pair}");
        }
    }
    assert_eq!(host.asked.get(), 0, "nothing is to be remembered");
}

#[test]
fn what_is_no_user_name_and_password() {
    let basic = basic(&[("u", json!({"value": "p"}))]);
    let verify = |credentials: &[u8]| basic.verify(credentials, Nanos(0), &Host::default()).map(|_| ());
    assert_eq!(verify(b"dTpw"), Ok(()));
    let pairs = ["", "u", ":", "u:", ":p", "u:p\n", "u\0:p", "u:\u{7f}"];
    let encoded = pairs.iter().map(|pair| STANDARD.encode(pair));
    let unpadded = STANDARD_NO_PAD.encode("u:pp");
    let others =
        [&unpadded, "dTpw====", " dTpw", "dTpw ", "dTpw,dTpw", "dTp_", "u:p", "dTo=cA==", "dTpxx"].map(str::to_owned);
    for credentials in encoded.chain(others).chain(["A".repeat(MAX_CREDENTIALS + 4)]) {
        assert_eq!(verify(credentials.as_bytes()), Err(Reason::Malformed), "{credentials:.80}");
    }
    assert_eq!(verify(b"dTpx\xff"), Err(Reason::Malformed));
    let longest = STANDARD.encode(format!("u:{}", "p".repeat(MAX_CREDENTIALS / 4 * 3 - 2)));
    assert_eq!((longest.len(), verify(longest.as_bytes())), (MAX_CREDENTIALS, Err(Reason::UnknownKey)));
}

#[test]
fn a_right_password_is_remembered_for_a_minute() {
    let basic = basic(&[("u", json!({"bcrypt": BCRYPT})), ("v", json!({"bcrypt": BCRYPT}))]);
    let host = Host::default();
    let exhaust = |now| while at(&basic, now, "nobody:p", &host) != Err(Reason::TooManyAttempts) {};
    assert_eq!(at(&basic, 5_000, "u:open sesame", &host), Ok("u"));
    let (known, not_looked) = (Ok("u"), Err(Reason::TooManyAttempts));
    let cases = [
        (5_000, "u:open sesame", known),
        (64_999, "u:open sesame", known),
        (64_999, "u:open sesame!", not_looked),
        (64_999, "v:open sesame", not_looked), // the same password, but nobody has shown it as v's
        (65_000, "u:open sesame", not_looked),
        (4_999, "u:open sesame", not_looked), // the clock was put back
    ];
    for (now, pair, want) in cases {
        exhaust(now);
        assert_eq!(at(&basic, now, pair, &host), want, "{pair} at {now}");
    }
    assert_eq!(host.asked.get(), 1, "one key for all");
}

#[test]
fn a_wrong_password_is_not_remembered_and_forgets_nothing() {
    let basic = basic(&[("u", json!({"bcrypt": BCRYPT}))]);
    let host = Host::default();
    let steps = [
        (0, "u:wrong", Err(Reason::UnknownKey)),
        (0, "u:open sesame", Ok("u")),
        (1_000, "u:wrong", Err(Reason::UnknownKey)),
        (1_000, "u:wrong", Err(Reason::UnknownKey)),
        (1_000, "u:wrong", Err(Reason::TooManyAttempts)),
        (1_000, "u:open sesame", Ok("u")),
    ];
    for (now, pair, want) in steps {
        assert_eq!(at(&basic, now, pair, &host), want, "{pair} at {now}");
    }
}

#[test]
fn two_hashes_a_second_whoever_is_named() {
    let basic = basic(&[
        ("slow", json!({"bcrypt": BCRYPT})),
        ("other", json!({"pbkdf2": PBKDF2})),
        ("fast", json!({"value": "p"})),
    ]);
    let host = Host::default();
    let steps = [
        (0, "nobody:open sesame", Err(Reason::UnknownKey)),
        (0, "fast:wrong", Err(Reason::UnknownKey)),
        (999, "slow:open sesame", Err(Reason::TooManyAttempts)),
        (999, "fast:wrong", Err(Reason::TooManyAttempts)),
        (999, "fast:p", Ok("fast")),
        (1_000, "slow:open sesame", Ok("slow")),
        (1_000, "other:open sesame", Ok("other")),
        (1_999, "nobody:p", Err(Reason::TooManyAttempts)),
        (1_999, "slow:open sesame", Ok("slow")),
    ];
    for (now, pair, want) in steps {
        assert_eq!(at(&basic, now, pair, &host), want, "{pair} at {now}");
    }
}

/// The dearest hash is computed for who has none: its password must not let anybody in.
#[test]
fn nobody_enters_with_the_password_of_another() {
    let basic = basic(&[("slow", json!({"bcrypt": BCRYPT})), ("fast", json!({"value": "p"}))]);
    for pair in ["nobody:open sesame", "fast:open sesame"] {
        assert_eq!(at(&basic, 0, pair, &Host::default()), Err(Reason::UnknownKey), "{pair}");
        assert_eq!(at(&basic, 1_000, pair, &Host::default()), Err(Reason::UnknownKey), "{pair}");
    }
}

#[test]
fn without_random_bytes_nothing_is_remembered() {
    let basic = basic(&[("u", json!({"bcrypt": BCRYPT}))]);
    let host = Host { silent: true, ..Host::default() };
    for want in [Ok("u"), Ok("u"), Err(Reason::TooManyAttempts)] {
        assert_eq!(at(&basic, 0, "u:open sesame", &host), want);
    }
}

#[test]
fn no_password_in_debug_output() {
    let users = ["value", "bcrypt"].map(|kind| {
        json!({"username": kind, "consumer": "c", "password": {kind: if kind == "value" { "hidden" } else { BCRYPT }}})
    });
    let raw: RawBasic = deserr::deserialize::<_, _, ConfigErrors>(json!({"users": users})).unwrap();
    let raw_shown = format!("{raw:?}");
    let basic = raw.compile(&Env::default()).unwrap();
    at(&basic, 0, "bcrypt:open sesame", &Host::default()).unwrap();
    let shown = format!("{raw_shown} {basic:?}");
    for secret in ["hidden", "LVz6MZ", "7, 7"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
