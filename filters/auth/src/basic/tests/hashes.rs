use sluicegate_common::config::Text;

use super::super::password::{Bcrypt, Pbkdf2};
use super::*;

fn bcrypt(hash: &str) -> SlowHash {
    SlowHash::Bcrypt(Bcrypt::parse(hash).unwrap())
}

fn pbkdf2(hash: &str) -> SlowHash {
    SlowHash::Pbkdf2(Box::new(Pbkdf2::parse(hash).unwrap()))
}

/// Made with crypt(3) of libxcrypt 4.
#[test]
fn hashes_of_bcrypt() {
    let cases = [
        ("open sesame", "/LVz6MZlItEy42I2juLihZ66HnQx/cy"),
        ("p", "dMegMbPN37MbpdEfAtP66w1z0RBCtLG"),
        ("open:sesame", "2GbQLdjwBFdH8CcOE866nGziodmvO8K"),
        ("gr\u{fc}\u{df}e", "ukcFUuF1uD2.SsVXl2Kxf7oTFxL3IEq"),
        (&"a".repeat(71), "MCu.k1vM/ywQwiONaEn3oEMlZoCVBd6"),
    ];
    for (password, hash) in cases {
        let hash = bcrypt(&format!("$2b$04$abcdefghijklmnopqrstuu{hash}"));
        assert!(hash.verify(password.as_bytes()), "{password}");
        assert!(!hash.verify(&password.as_bytes()[1..]), "{password}");
    }
    for version in ["2a", "2b", "2y"] {
        assert!(bcrypt(&BCRYPT.replace("2b", version)).verify(b"open sesame"), "{version}");
    }
    let cost_5 = bcrypt("$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW");
    assert!(cost_5.verify(b"open sesame"));
    assert!(bcrypt(&BCRYPT.replace("uu/", "uv/")).verify(b"open sesame"), "bits that do not count");
}

/// A password above 72 bytes is cut, as by every other implementation.
#[test]
fn bcrypt_reads_72_bytes() {
    let hash = bcrypt("$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe");
    for (length, want) in [(71, false), (72, true), (73, true), (200, true)] {
        assert_eq!(hash.verify("a".repeat(length).as_bytes()), want, "{length}");
    }
}

/// Made with `hashlib.pbkdf2_hmac` of Python.
#[test]
fn hashes_of_pbkdf2() {
    let cases = [
        PBKDF2,
        "$pbkdf2-sha256$i=10000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$I1fRzPdik5F+m1JYkXkqwnEmFt/dm1VokeoVyG9DVvs",
        "$pbkdf2-sha256$i=20000$MDEyMzQ1Njc4OWFiY2RlZg$VjSZNeKzE2ZxVnTzJY1ubg",
        "$pbkdf2-sha512$i=10000$MDEyMzQ1Njc4OWFiY2RlZg$S8jgv4tnc2uarvE3/FKKPn688BjtAffgeRLNNFJO4rK/tP0iTIrQoNTj+RVpiDBB2THoc2OWWac1unKabWbnWw",
    ];
    for hash in cases {
        assert!(pbkdf2(hash).verify(b"open sesame"), "{hash}");
        assert!(!pbkdf2(hash).verify(b"open sesam"), "{hash}");
    }
}

#[test]
fn the_dearest() {
    let sha256 = |iterations: u32| pbkdf2(&PBKDF2.replace("10000", &iterations.to_string()));
    let sha512 = |iterations: u32| {
        let hash = PBKDF2.replace("10000", &iterations.to_string()).replace("sha256", "sha512");
        pbkdf2(&hash)
    };
    let bcrypt = |cost: u32| bcrypt(&BCRYPT.replace("$04$", &format!("${cost:02}$")));
    let rising =
        [bcrypt(4), sha256(10_000), sha512(10_000), sha256(20_000), bcrypt(10), sha256(100_000), sha512(100_000)];
    let work: Vec<u32> = rising.iter().map(SlowHash::work).collect();
    assert!(work.is_sorted(), "{work:?}");

    let cheap =
        basic(&[("a", json!({"bcrypt": BCRYPT})), ("b", json!({"pbkdf2": PBKDF2})), ("c", json!({"value": "p"}))]);
    assert_eq!(cheap.dearest.map(|hash| hash.work()), Some(10_000));
    assert!(basic(&[("c", json!({"value": "p"}))]).dearest.is_none());
}
