#![allow(clippy::arithmetic_side_effects)]

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{Algorithm as _, AlgorithmSignature};
use proptest::prelude::*;
use serde_json::json;
use sluicegate_common::config::{Env, merge_patch, read};

use super::remote::Remotes;
use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const NOW: Nanos = Nanos(1_700_000_000_000_000_000);

/// An authenticator with one issuer that takes every `iss`, changed by `patch`.
fn jwt(patch: Value) -> Jwt {
    let issuers = json!([{"name": "own", "algorithms": ["HS256"], "keys": {"secret": {"value": SECRET}}}]);
    let Value::Object(config) = merge_patch(json!({"issuers": issuers}), patch) else { panic!() };
    let mut remotes = Remotes::default();
    read::<RawJwt>(config)
        .unwrap()
        .compile("authenticators.users", &Env::default(), &mut |raw, issuer| remotes.add(raw, issuer))
        .unwrap()
}

fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let input = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let signature = Hs256.sign(&Hs256Key::new(secret), input.as_bytes());
    format!("{input}.{}", BASE64URL.encode(signature.as_bytes()))
}

/// A token of these claims that has not expired, but for what they say.
fn token(claims: Value) -> String {
    sign(&json!({"alg": "HS256"}), &merge_patch(json!({"exp": 1_700_000_100}), claims), SECRET)
}

fn nothing_fetched(_: usize) -> Option<Rc<KeySet>> {
    None
}

fn verify(jwt: &Jwt, token: &str) -> Result<Verified, Unverified> {
    jwt.verify(token.as_bytes(), NOW, &nothing_fetched)
}

fn refused(jwt: &Jwt, token: &str) -> Option<Reason> {
    match verify(jwt, token) {
        Ok(_) => None,
        Err(Unverified::Refused(reason)) => Some(reason),
        Err(other) => panic!("{other:?}"),
    }
}

fn issuer(name: &str, more: Value) -> Value {
    let keys = json!({"secret": {"value": SECRET}});
    merge_patch(json!({"name": name, "algorithms": ["HS256"], "keys": keys}), more)
}

#[test]
fn says_whose_token_it_is() {
    let issuer =
        issuer("idp", json!({"issuer": "https://idp.example", "audiences": ["gw"], "groups_claim": "/groups"}));
    let jwt = jwt(json!({
        "issuers": [issuer], "forward_payload_header": "x-payload",
        "claims_to_headers": [{"claim": "/name", "header": "x-name"}, {"claim": "/no", "header": "x-no"}],
    }));
    let text = token(json!({
        "iss": "https://idp.example", "aud": ["gw"], "sub": "alice", "groups": ["gold"], "name": "Alice",
        "nbf": 1_699_999_999, "iat": 1_699_999_998
    }));
    let verified = verify(&jwt, &text).unwrap();
    assert_eq!((&*verified.issuer, verified.remote), ("idp", None));
    assert_eq!(verified.consumer, Named { id: "idp:alice".to_owned(), must_be_listed: false, by_claim: false });
    assert_eq!(verified.groups, ["gold"]);
    let seconds = |seconds: u64| Some(Nanos(seconds * 1_000_000_000));
    let times =
        Times { expires: seconds(1_700_000_100), not_before: seconds(1_699_999_999), issued: seconds(1_699_999_998) };
    assert_eq!(verified.times, times);
    assert_eq!(verified.claims.get("name"), Some(&json!("Alice")));
    let payload = text.split('.').nth(1).unwrap();
    let headers: Vec<(&str, Option<&str>)> =
        verified.headers.iter().map(|header| (&*header.name, header.value.as_deref())).collect();
    assert_eq!(headers, [("x-name", Some("Alice")), ("x-no", None), ("x-payload", Some(payload))]);
    assert_eq!(format!("{verified:?}"), r#"Verified { issuer: "idp", .. }"#);
}

#[test]
fn the_order() {
    let issuer = json!([issuer("idp", json!({"issuer": "a", "audiences": ["gw"], "consumer": {"claim": "/id"}}))]);
    let jwt = jwt(json!({"issuers": issuer, "max_token_size": "400B", "typ": "JWT", "max_lifetime": "1h"}));
    // All of it is wrong; what is repaired, one by one, is no reason any more.
    let mut header = json!({"alg": "RS256", "typ": 1});
    let mut claims = json!({"iss": "x", "aud": "x", "exp": 1, "nbf": 1_800_000_000, "iat": "x", "sub": 1});
    let mut secret = OTHER;
    claims.as_object_mut().unwrap().insert("long".to_owned(), "a".repeat(400).into());
    type Repair = fn(&mut Value, &mut Value, &mut &str);
    let steps: [(&str, Reason, Repair); 13] = [
        ("size", Reason::Malformed, |_, claims, _| claims["long"] = Value::Null),
        ("header", Reason::Malformed, |header, _, _| header["typ"] = json!("at+jwt")),
        ("typ", Reason::Malformed, |header, _, _| header["typ"] = json!("application/jwt")),
        ("iss", Reason::WrongIssuer, |_, claims, _| claims["iss"] = json!("a")),
        ("aud", Reason::WrongAudience, |_, claims, _| claims["aud"] = json!("gw")),
        ("iat is no number", Reason::Malformed, |_, claims, _| claims["iat"] = json!(1_700_000_300)),
        ("exp", Reason::Expired, |_, claims, _| claims["exp"] = json!(1_700_003_700)),
        ("nbf", Reason::NotYetValid, |_, claims, _| claims["nbf"] = json!(1)),
        ("iat", Reason::NotYetValid, |_, claims, _| claims["iat"] = json!(1_700_000_060)),
        ("lifetime", Reason::Malformed, |_, claims, _| claims["exp"] = json!(1_700_003_660)),
        ("sub", Reason::Malformed, |_, claims, _| claims["sub"] = json!("alice")),
        ("alg", Reason::AlgNotAllowed, |header, _, _| header["alg"] = json!("HS256")),
        ("signature", Reason::InvalidSignature, |_, _, secret| *secret = SECRET),
    ];
    for (name, reason, repair) in steps {
        assert_eq!(refused(&jwt, &sign(&header, &claims, secret)), Some(reason), "{name}");
        repair(&mut header, &mut claims, &mut secret);
    }
    assert_eq!(refused(&jwt, &sign(&header, &claims, secret)), Some(Reason::Malformed), "id");
    claims["id"] = json!(7);
    assert_eq!(verify(&jwt, &sign(&header, &claims, secret)).unwrap().consumer.id, "idp:7");
}

#[test]
fn iss_chooses_the_issuer() {
    let other = json!({"secret": {"value": OTHER}});
    let named = json!([
        issuer("any", json!({})),
        issuer("a", json!({"issuer": "https://a.example"})),
        issuer("b", json!({"issuer": "https://b.example", "keys": other})),
    ]);
    let jwt = jwt(json!({"issuers": named}));
    let cases = [
        (json!({"iss": "https://a.example"}), SECRET, Ok("a")),
        (json!({"iss": "https://b.example"}), OTHER, Ok("b")),
        (json!({"iss": "https://b.example"}), SECRET, Err(Reason::InvalidSignature)),
        (json!({"iss": "https://c.example"}), SECRET, Ok("any")),
        (json!({"iss": "https://a.example/"}), SECRET, Ok("any")),
        (json!({"iss": ""}), SECRET, Ok("any")),
        (json!({}), SECRET, Ok("any")),
        (json!({}), OTHER, Err(Reason::InvalidSignature)),
        (json!({"iss": ["https://a.example"]}), SECRET, Err(Reason::Malformed)),
    ];
    for (claims, secret, want) in cases {
        let claims = merge_patch(json!({"exp": 1_700_000_100}), claims);
        let verdict = verify(&jwt, &sign(&json!({"alg": "HS256"}), &claims, secret));
        let want = want.map(str::to_owned).map_err(Unverified::Refused);
        assert_eq!(verdict.map(|verified| verified.issuer.to_string()), want, "{claims}");
    }
}

#[test]
fn without_an_entry_for_it_an_issuer_is_wrong() {
    let jwt = jwt(json!({"issuers": [issuer("a", json!({"issuer": "https://a.example"}))]}));
    for claims in [json!({}), json!({"iss": ""}), json!({"iss": "a"}), json!({"iss": "https://a.example "})] {
        assert_eq!(refused(&jwt, &token(claims.clone())), Some(Reason::WrongIssuer), "{claims}");
    }
}

#[test]
fn key_claim_chooses_the_issuer_by_name() {
    let other = json!({"secret": {"value": OTHER}});
    let named = json!([
        issuer("a", json!({})),
        issuer("b", json!({"keys": other})),
        issuer("c", json!({"issuer": "https://c.example"})),
    ]);
    let jwt = jwt(json!({"issuers": named, "key_claim": "/key"}));
    let cases = [
        (json!({"key": "a"}), SECRET, None),
        (json!({"key": "a", "iss": "https://c.example"}), SECRET, None),
        (json!({"key": "b"}), OTHER, None),
        (json!({"key": "b"}), SECRET, Some(Reason::InvalidSignature)),
        (json!({"key": "c", "iss": "https://c.example"}), SECRET, None),
        (json!({"key": "c", "iss": "https://a.example"}), SECRET, Some(Reason::WrongIssuer)),
        (json!({"key": "c"}), SECRET, Some(Reason::WrongIssuer)),
        (json!({"key": "d"}), SECRET, Some(Reason::WrongIssuer)),
        (json!({"key": ["a"]}), SECRET, Some(Reason::WrongIssuer)),
        (json!({"iss": "https://c.example"}), SECRET, Some(Reason::WrongIssuer)),
    ];
    for (claims, secret, want) in cases {
        let claims = merge_patch(json!({"exp": 1_700_000_100}), claims);
        assert_eq!(refused(&jwt, &sign(&json!({"alg": "HS256"}), &claims, secret)), want, "{claims}");
    }
}

#[test]
fn required_claims() {
    let jwt = jwt(json!({"require_claims": ["sub", "tenant"], "clock_skew": "0s"}));
    let cases = [
        (json!({"sub": "a", "tenant": "t"}), None),
        (json!({"sub": "a", "tenant": false}), None),
        (json!({"sub": "a", "tenant": "t", "exp": null}), None),
        (json!({"sub": "a"}), Some(Reason::Malformed)),
        (json!({"tenant": "t"}), Some(Reason::Malformed)),
    ];
    for (claims, want) in cases {
        assert_eq!(refused(&jwt, &token(claims.clone())), want, "{claims}");
    }
    let null = sign(&json!({"alg": "HS256"}), &json!({"sub": "a", "tenant": null}), SECRET);
    assert_eq!(refused(&jwt, &null), Some(Reason::Malformed));
    let eternal = sign(&json!({"alg": "HS256"}), &json!({}), SECRET);
    assert_eq!(refused(&self::jwt(json!({})), &eternal), Some(Reason::Malformed));
    assert_eq!(refused(&self::jwt(json!({"require_claims": []})), &eternal), None);
}

#[test]
fn media_types() {
    let cases = [
        ("at+jwt", json!("at+jwt"), true),
        ("at+jwt", json!("AT+JWT"), true),
        ("at+jwt", json!("application/at+jwt"), true),
        ("application/at+jwt", json!("at+jwt"), true),
        ("at+jwt", json!("Application/At+Jwt"), true),
        ("at+jwt", json!("JWT"), false),
        ("at+jwt", json!("text/at+jwt"), false),
        ("at+jwt", json!("application/x/at+jwt"), false),
        ("at+jwt", json!("at+jwt "), false),
        ("at+jwt", json!(""), false),
        ("at+jwt", Value::Null, false),
    ];
    for (typ, found, want) in cases {
        let header = merge_patch(json!({"alg": "HS256"}), json!({"typ": found}));
        let token = sign(&header, &json!({"exp": 1_700_000_100}), SECRET);
        let reason = refused(&jwt(json!({"typ": typ})), &token);
        assert_eq!(reason, if want { None } else { Some(Reason::Malformed) }, "{typ} {found}");
    }
}

/// A published set of one secret with this name.
fn set(kid: &str) -> Option<Rc<KeySet>> {
    let key = json!({"kty": "oct", "kid": kid, "k": BASE64URL.encode(SECRET)});
    Some(Rc::new(KeySet::inline(&json!({"keys": [key]})).unwrap()))
}

#[test]
fn published_keys() {
    let remote = json!({"secret": null, "remote": {"uri": "https://a.example/jwks.json", "cluster": "a"}});
    let issuers = json!([
        issuer("a", json!({"issuer": "a", "keys": remote})),
        issuer("b", json!({"issuer": "b", "keys": remote})),
        issuer("c", json!({"issuer": "c"})),
    ]);
    let jwt = jwt(json!({"issuers": issuers}));
    let token = |iss: &str, kid: Option<&str>, exp: u64| {
        let header = merge_patch(json!({"alg": "HS256"}), json!({"kid": kid}));
        sign(&header, &json!({"iss": iss, "exp": exp}), SECRET)
    };
    let later = 1_700_000_100;
    let unknown = |kid: &str| Err(Unverified::UnknownKid { source: 1, kid: kid.to_owned() });
    type Fetched = fn(usize) -> Option<Rc<KeySet>>;
    type Case = (&'static str, String, Fetched, Result<Option<usize>, Unverified>);
    let b_alone: Fetched = |source| if source == 1 { set("1") } else { None };
    let cases: [Case; 8] = [
        ("not fetched", token("b", Some("1"), later), nothing_fetched, Err(Unverified::NoKeys { source: 1 })),
        ("another's were fetched", token("a", Some("1"), later), b_alone, Err(Unverified::NoKeys { source: 0 })),
        ("fetched", token("b", Some("1"), later), b_alone, Ok(Some(1))),
        ("no kid", token("b", None, later), b_alone, Ok(Some(1))),
        ("unknown kid", token("b", Some("2"), later), b_alone, unknown("2")),
        ("expired, not fetched", token("b", Some("2"), 1), nothing_fetched, Err(Reason::Expired.into())),
        ("keys in config", token("c", Some("2"), later), nothing_fetched, Ok(None)),
        ("wrong issuer", token("d", Some("2"), later), nothing_fetched, Err(Reason::WrongIssuer.into())),
    ];
    for (name, token, fetched, want) in cases {
        assert_eq!(jwt.verify(token.as_bytes(), NOW, &fetched).map(|verified| verified.remote), want, "{name}");
    }
    let broken = token("b", Some("1"), later).replace('.', ".A");
    assert_eq!(jwt.verify(broken.as_bytes(), NOW, &b_alone).err(), Some(Reason::Malformed.into()));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        let jwt = jwt(json!({}));
        prop_assert!(jwt.verify(&bytes, NOW, &nothing_fetched).is_err());
    }

    /// Whatever is changed in a good token, it is good no more.
    #[test]
    fn a_changed_token_is_refused(at: prop::sample::Index, byte: u8, cut: bool) {
        let good = token(json!({"sub": "alice", "groups": ["gold"]})).into_bytes();
        let mut changed = good.clone();
        let at = at.index(changed.len());
        if cut { changed.truncate(at) } else { changed[at] = byte }
        prop_assert_eq!(jwt(json!({})).verify(&changed, NOW, &nothing_fetched).is_ok(), changed == good);
    }

    /// What the claims hold never traps and never leaves an identity that has not got its form.
    #[test]
    fn any_claims(sub: String, groups: Vec<String>, exp: u64) {
        let issuers = json!([issuer("own", json!({"groups_claim": "/groups"}))]);
        let text = token(json!({"sub": sub, "groups": groups, "exp": exp}));
        if let Ok(verified) = verify(&jwt(json!({"issuers": issuers})), &text) {
            let groups: Vec<&str> = verified.groups.iter().map(String::as_str).collect();
            prop_assert!(sluicegate_common::identity::Identity::new(&verified.consumer.id, "", &groups, false).is_ok());
            prop_assert!(exp > 1_700_000_000 - 60);
        }
    }
}
