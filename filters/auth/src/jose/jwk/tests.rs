use proptest::prelude::*;
use serde_json::json;

use super::super::fixture::{jwk, jwk_with, object};
use super::*;

struct Case {
    name: &'static str,
    of: Algorithm,
    members: Value,
    want: &'static str,
}

fn check(cases: impl IntoIterator<Item = Case>) {
    for Case { name, of, members, want } in cases {
        let made = Key::from_jwk(&jwk_with(of, members));
        let got = made.map_or_else(|errors| errors.to_string(), |key| format!("{key:?}"));
        assert_eq!(got, want, "{name}");
    }
}

fn case(name: &'static str, of: Algorithm, members: Value, want: &'static str) -> Case {
    Case { name, of, members, want }
}

#[test]
fn a_key_says_what_it_is_for() {
    use Algorithm::{EdDsa, Es256, Hs256, Rs256};
    let oct = r#"Key { kty: "oct", kid: None, alg: None, .. }"#;
    check([
        case("nothing said", Hs256, json!({}), oct),
        case("to sign", Hs256, json!({"use": "sig"}), oct),
        case("to verify", Hs256, json!({"key_ops": ["sign", "verify"]}), oct),
        case("a name", Hs256, json!({"kid": ""}), r#"Key { kty: "oct", kid: Some(""), alg: None, .. }"#),
        case("others ignored", Hs256, json!({"x5c": [1], "iat": 1, "d": 1}), oct),
        case("alg", Rs256, json!({"alg": "PS512"}), r#"Key { kty: "RSA", kid: None, alg: Some(Ps512), .. }"#),
        case("RFC 9864", EdDsa, json!({"alg": "Ed25519"}), r#"Key { kty: "OKP", kid: None, alg: Some(EdDsa), .. }"#),
        case("to encrypt", Rs256, json!({"use": "enc"}), "use: expected \"sig\", found \"enc\""),
        case("no text", Rs256, json!({"use": 1}), "use: expected a string, found a number"),
        case(
            "ops",
            Hs256,
            json!({"key_ops": ["sign"]}),
            "key_ops: expected a list with \"verify\", found others alone",
        ),
        case("no op", Hs256, json!({"key_ops": []}), "key_ops: expected a list with \"verify\", found others alone"),
        case("a text", Hs256, json!({"key_ops": "verify"}), "key_ops: expected a list with \"verify\", found a string"),
        case("kid", Hs256, json!({"kid": 7}), "kid: expected a string, found a number"),
        case(
            "of another type",
            Rs256,
            json!({"alg": "HS256"}),
            "alg: expected an algorithm of this key (RS256, RS384, RS512, PS256, PS384, PS512), found \"HS256\"",
        ),
        case(
            "a secret too short for it",
            Hs256,
            json!({"alg": "HS512", "k": "A".repeat(43)}),
            "alg: expected an algorithm of this key (HS256), found \"HS512\"",
        ),
        case(
            "not offered",
            Es256,
            json!({"alg": "ES384"}),
            "alg: expected one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, EdDSA, \
             found \"ES384\", which is not offered",
        ),
    ]);
}

#[test]
fn a_key_is_of_a_type_and_curve_that_are_offered() {
    use Algorithm::{EdDsa, Es256, Rs256};
    check([
        case("no type", Rs256, json!({"kty": null}), "kty: required field is missing"),
        case("another", Rs256, json!({"kty": "AKP"}), "kty: expected one of RSA, EC, OKP, oct, found \"AKP\""),
        case("case", Rs256, json!({"kty": "rsa"}), "kty: expected one of RSA, EC, OKP, oct, found \"rsa\""),
        case("no text", Rs256, json!({"kty": ["RSA"]}), "kty: expected a string, found an array"),
        case("no curve", Es256, json!({"crv": null}), "crv: required field is missing"),
        case("another curve", Es256, json!({"crv": "P-384"}), "crv: expected \"P-256\", found \"P-384\""),
        case("Ed25519 as EC", EdDsa, json!({"kty": "EC"}), "crv: expected \"P-256\", found \"Ed25519\""),
        case("X25519", EdDsa, json!({"crv": "X25519"}), "crv: expected \"Ed25519\", found \"X25519\""),
        case("Ed448", EdDsa, json!({"crv": "Ed448"}), "crv: expected \"Ed25519\", found \"Ed448\""),
    ]);
}

#[test]
fn numbers_are_base64url_in_its_only_form() {
    use Algorithm::{EdDsa, Es256, Hs256, Rs256};
    check([
        case(
            "none",
            Rs256,
            json!({"n": null, "e": null}),
            "n: required field is missing\ne: required field is missing",
        ),
        case("padded", Rs256, json!({"e": "AQAB="}), "e: expected base64url without padding, found \"AQAB=\""),
        case("bits after", Rs256, json!({"e": "AR"}), "e: expected base64url without padding, found \"AR\""),
        case("white space", Es256, json!({"x": "AQ\n"}), "x: expected base64url without padding, found \"AQ\\n\""),
        case("base64", Es256, json!({"y": "+/+/"}), "y: expected base64url without padding, found \"+/+/\""),
        case("no text", EdDsa, json!({"x": 0}), "x: expected a string, found a number"),
        case("31 bytes", EdDsa, json!({"x": "A".repeat(42)}), "x: expected a point of 32 bytes, found 31 bytes"),
        case("no secret", Hs256, json!({"k": ""}), "k: expected a secret of at least 32 bytes, found 0 bytes"),
        case(
            "a secret is not shown",
            Hs256,
            json!({"k": "hunter2="}),
            "k: expected base64url without padding, found other characters",
        ),
    ]);
}

#[test]
fn a_private_key_is_refused() {
    for of in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let errors = Key::from_jwk(&jwk_with(of, json!({"d": "c2VjcmV0"}))).unwrap_err();
        assert_eq!(errors.to_string(), "d: belongs to a private key: give the public one, and replace both");
    }
}

#[test]
fn all_that_is_wrong_is_told() {
    let jwk = object(json!({"kty": "RSA", "kid": 1, "use": "enc", "key_ops": [], "alg": "none", "n": "?", "e": 3}));
    let paths: Vec<_> = Key::from_jwk(&jwk).unwrap_err().into_iter().map(|error| error.path().to_owned()).collect();
    assert_eq!(paths, ["kid", "use", "key_ops", "alg", "n", "e"]);
}

/// Members as they are, of another type, or of random text.
fn member() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z0-9_-]{0,50}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!(["verify"])),
    ]
}

proptest! {
    #[test]
    fn whatever_the_members_nothing_panics(
        of in prop::sample::select(Algorithm::ALL.to_vec()),
        name in "kty|kid|use|key_ops|alg|k|n|e|crv|x|y|d",
        value in member(),
        signature in prop::collection::vec(any::<u8>(), 0..70),
    ) {
        let mut jwk = jwk(of);
        jwk.insert(name, value);
        if let Ok(key) = Key::from_jwk(&jwk) {
            prop_assert!(!key.verifies(of, b"message", &signature));
        }
    }
}
