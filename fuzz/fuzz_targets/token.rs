//! Tokens against keys.
//!
//! Input: a letter, and behind it
//! - `t`: a token;
//! - one of `hHrped`: a header, NUL and a payload, which that key signs ([`Signer`]): so mutations come past the signature;
//! - `k`: a set of keys, NUL and a token: cases of others, with their keys.
//!
//! 1. What is accepted was signed, says another library, by a key of the issuer that `alg` and `kid` name. What is
//!    refused as `invalid_signature` was not.
//! 2. The issuer takes its `alg`, `iss` and `aud`; the times hold; the claims are the payload's.
//! 3. No other spelling of an accepted token is accepted: not one character may be another.
//! 4. No header for the upstream holds a control byte.

#![no_main]

use std::rc::Rc;
use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::{Value, json};
use sluicegate_auth::jose::{Algorithm, KeySet};
use sluicegate_auth::jwt::remote::Remotes;
use sluicegate_auth::jwt::{Jwt, RawJwt, Unverified, Verified};
use sluicegate_auth::reason::Reason;
use sluicegate_common::config::{Env, read};
use sluicegate_common::time::Nanos;
use sluicegate_fuzz::mutate;
use sluicegate_fuzz::oracle::Parts;
use sluicegate_fuzz::signer::{SECRET, Signer};

/// Seconds, as the public cases have it.
const NOW: u64 = 1_700_000_000;
const SKEW: u64 = 60;
const MAX_CANDIDATES: usize = 4;

static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::new);
static OWN_KEYS: LazyLock<Value> = LazyLock::new(|| SIGNER.jwks());
static ISSUERS: LazyLock<Value> = LazyLock::new(issuers);

thread_local! {
    static OWN_SET: Option<Rc<KeySet>> = fetched(OWN_KEYS.to_string().as_bytes());
    static OPEN: Jwt = compile(json!({
        "issuers": *ISSUERS,
        "clock_skew": format!("{SKEW}s"),
        "require_claims": [],
        "claims_to_headers": [
            {"claim": "/id", "header": "x-user-id"},
            {"claim": "/roles", "header": "x-user-roles", "encoding": "csv"},
            {"claim": "/deep/0/er", "header": "x-deep", "encoding": "json"},
        ],
        "forward_payload_header": "x-payload",
    }));
    static STRICT: Jwt = compile(json!({
        "issuers": *ISSUERS,
        "clock_skew": format!("{SKEW}s"),
        "key_claim": "/entry",
        "typ": "at+jwt",
        "max_lifetime": "1h",
        "require_claims": ["exp", "sub", "jti"],
    }));
}

fn issuers() -> Value {
    let all = Algorithm::ALL.map(Algorithm::name);
    json!([
        {
            "name": "all",
            "issuer": "https://idp.example/",
            "audiences": ["gw", "api"],
            "algorithms": all,
            "keys": {"jwks": *OWN_KEYS},
            "groups_claim": "/groups",
        },
        {
            "name": "secret",
            "issuer": "secret",
            "algorithms": ["HS256", "HS512"],
            "keys": {"secret": {"value": String::from_utf8_lossy(SECRET)}},
            "consumer": {"claim": "/id", "map": "registered"},
        },
        // It would take a MAC made with the public key for a secret, if keys did not decide.
        {"name": "pem", "issuer": "pem", "algorithms": ["HS256", "RS256", "PS256"], "keys": {"pem": SIGNER.rsa_pem()}},
        {
            "name": "remote",
            "algorithms": all,
            "keys": {"remote": {"uri": "https://idp.example/jwks.json", "cluster": "idp"}},
            "consumer": {"fixed": "guest"},
        },
    ])
}

fn compile(config: Value) -> Jwt {
    let Value::Object(config) = config else { panic!("no object") };
    let mut remotes = Remotes::default();
    let raw = read::<RawJwt>(config).unwrap();
    raw.compile("authenticators.fuzz", &Env::default(), &mut |raw, issuer| remotes.add(raw, issuer)).unwrap()
}

fn fetched(document: &[u8]) -> Option<Rc<KeySet>> {
    KeySet::fetched(document).ok().map(|(set, _)| Rc::new(set))
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let nul = data[..size].iter().position(|&byte| byte == 0);
    let json = match nul {
        Some(nul) if seed.is_multiple_of(3) => mutate::json(data, size, max_size, 1..nul, seed),
        Some(nul) if seed % 3 == 1 && data[0] != b'k' => mutate::json(data, size, max_size, nul + 1..size, seed),
        _ => None,
    };
    json.unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});

fuzz_target!(|data: &[u8]| {
    let Some((letter, rest)) = data.split_first() else { return };
    let nul = rest.iter().position(|&byte| byte == 0);
    let (before, behind) = nul.map_or((rest, &[][..]), |nul| (&rest[..nul], &rest[nul + 1..]));
    let own = OWN_SET.with(Clone::clone);
    match letter {
        b't' => check(rest, &OWN_KEYS, own),
        b'h' | b'H' | b'r' | b'p' | b'e' | b'd' => check(&SIGNER.sign(*letter, before, behind), &OWN_KEYS, own),
        b'k' => check(behind, &serde_json::from_slice(before).unwrap_or_default(), fetched(before)),
        _ => {}
    }
});

/// `jwks` and `set` are the same, the keys of the issuer who publishes them.
fn check(token: &[u8], jwks: &Value, set: Option<Rc<KeySet>>) {
    OPEN.with(|jwt| check_with(jwt, token, jwks, set.clone()));
    STRICT.with(|jwt| check_with(jwt, token, jwks, set));
}

fn check_with(jwt: &Jwt, token: &[u8], jwks: &Value, set: Option<Rc<KeySet>>) {
    let now = Nanos(NOW * 1_000_000_000);
    let verify = |token: &[u8]| jwt.verify(token, now, &|_| set.clone());
    match verify(token) {
        Ok(verified) => {
            let parts = Parts::of(token).expect("what is no token is not accepted");
            check_verified(&verified, &parts, jwks);
            let mut other = token.to_vec();
            let at = token.iter().fold(5381_usize, |hash, &byte| hash.wrapping_mul(33) ^ usize::from(byte));
            let byte = &mut other[at % token.len()];
            *byte = if *byte == b'A' { b'B' } else { b'A' };
            assert!(verify(&other).is_err(), "another spelling is accepted");
        }
        Err(Unverified::Refused(Reason::InvalidSignature)) => {
            let parts = Parts::of(token).expect("what is no token has no signature");
            let issuer = issuer_of(&parts);
            let (keys, by_kid) = keys_of(issuer.as_deref().unwrap_or("remote"), jwks);
            // More keys than are tried may have this name, and some may have been left out.
            let taken = set.as_ref().map_or(0, |set| set.iter().len());
            let all = keys.len() <= MAX_CANDIDATES && (!by_kid || taken == keys.len());
            if all && jwt.max_lifetime().is_none() {
                assert!(!parts.is_signed_by(&keys, by_kid), "a genuine signature is refused");
            }
        }
        Err(_) => {}
    }
}

fn check_verified(verified: &Verified, parts: &Parts, jwks: &Value) {
    let (keys, by_kid) = keys_of(&verified.issuer, jwks);
    assert!(parts.is_signed_by(&keys, by_kid), "accepted, and no key signed it");
    assert_eq!(Value::Object(verified.claims.clone()), parts.claims);
    let entry = ISSUERS.as_array().unwrap().iter().find(|entry| entry["name"] == *verified.issuer).unwrap();
    let alg = if parts.header["alg"] == "Ed25519" { "EdDSA" } else { parts.header["alg"].as_str().unwrap() };
    assert!(entry["algorithms"].as_array().unwrap().iter().any(|allowed| allowed == alg));
    assert!(parts.header.get("crit").is_none() && parts.header.get("b64").is_none());
    let claims = &parts.claims;
    assert!(entry.get("issuer").is_none_or(|issuer| claims["iss"] == *issuer));
    let audiences = entry.get("audiences").and_then(Value::as_array);
    let meant = |known: &Value| claims["aud"] == *known || claims["aud"].as_array().is_some_and(|a| a.contains(known));
    assert!(audiences.is_none_or(|audiences| audiences.iter().any(meant)));
    let date = |name: &str| claims.get(name).map(|date| date.as_f64().expect("a date is a number"));
    assert!(date("exp").is_none_or(|exp| exp + SKEW as f64 > NOW as f64 - 1.0));
    for name in ["nbf", "iat"] {
        assert!(date(name).is_none_or(|time| time - SKEW as f64 <= NOW as f64 + 1.0), "{name}");
    }
    for header in &verified.headers {
        let value = header.value.as_deref().unwrap_or_default();
        assert!(!value.contains(|c: char| c.is_ascii_control()), "{}", header.name);
        if *header.name == *"x-payload" {
            assert_eq!(value.as_bytes(), parts.payload);
        }
    }
}

/// The name of the entry whose `issuer` is the token's.
fn issuer_of(parts: &Parts) -> Option<String> {
    let entry = ISSUERS.as_array()?.iter().find(|entry| entry.get("issuer") == parts.claims.get("iss"))?;
    entry["name"].as_str().map(str::to_owned)
}

/// The keys of an entry, and whether a `kid` chooses among them.
fn keys_of(issuer: &str, jwks: &Value) -> (Vec<Value>, bool) {
    let own = OWN_KEYS["keys"].as_array().unwrap();
    match issuer {
        "all" => (own.clone(), true),
        "secret" => (own[..1].to_vec(), false),
        "pem" => (own[1..2].to_vec(), false),
        _ => (jwks["keys"].as_array().cloned().unwrap_or_default(), true),
    }
}
