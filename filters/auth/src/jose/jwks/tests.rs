use proptest::prelude::*;
use serde_json::json;

use super::super::fixture::{SIGNING_INPUT, jwk, jwk_with, signature};
use super::*;

fn named(algorithm: Algorithm, kid: &str) -> Value {
    jwk_with(algorithm, json!({"kid": kid})).into()
}

fn fetched(jwks: &Value) -> Result<(KeySet, Vec<SkippedKey>), JwksError> {
    KeySet::fetched(jwks.to_string().as_bytes())
}

#[test]
fn a_set_of_the_config_is_right_in_every_key() {
    let jwks = json!({"keys": [
        named(Algorithm::Rs256, "a"),
        jwk_with(Algorithm::Rs256, json!({"n": "AQ", "e": null})),
        17,
    ]});
    let errors = KeySet::inline(&jwks).unwrap_err().to_string();
    let want = "keys[1].e: required field is missing\n\
                keys[2]: expected a JSON Web Key, found a number";
    assert_eq!(errors, want);
}

#[test]
fn keys_for_others_are_no_error_of_a_config() {
    let others = [
        ("another kind", json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AQ"})),
        ("another curve", json!({"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"})),
        ("another curve of Edwards", json!({"kty": "OKP", "crv": "Ed448", "x": "AQ"})),
        ("for encryption", jwk_with(Algorithm::Rs256, json!({"use": "enc"})).into()),
        ("another algorithm", jwk_with(Algorithm::Rs256, json!({"alg": "RSA-OAEP"})).into()),
    ];
    for (name, other) in others {
        let keys = KeySet::inline(&json!({"keys": [other, named(Algorithm::Es256, "a")]})).unwrap();
        assert_eq!(keys.iter().map(|key| key.kid()).collect::<Vec<_>>(), [Some("a")], "{name}");
        let alone = KeySet::inline(&json!({"keys": [other]})).unwrap_err().to_string();
        assert_eq!(alone, "keys: needs at least one key for verifying, of a kind that is offered", "{name}");
    }
}

#[test]
fn a_set_is_a_list_of_at_least_one_key() {
    let set = "expected a JSON Web Key Set such as {\"keys\": [..]}";
    let many: Vec<Value> = (0..=MAX_KEYS).map(|_| json!({})).collect();
    let cases = [
        (json!(null), format!("config: {set}, found null")),
        (json!([jwk(Algorithm::Rs256)]), format!("config: {set}, found an array")),
        (json!({}), format!("config: {set}, found an object without \"keys\"")),
        (jwk(Algorithm::Rs256).into(), format!("config: {set}, found an object without \"keys\"")),
        (json!({"keys": {"a": jwk(Algorithm::Rs256)}}), "keys: expected a list of keys, found an object".to_owned()),
        (json!({"keys": null}), "keys: expected a list of keys, found null".to_owned()),
        (json!({"keys": []}), "keys: needs at least one key for verifying, of a kind that is offered".to_owned()),
        (json!({"keys": many}), "keys: expected at most 256 keys, found 257".to_owned()),
    ];
    for (jwks, want) in cases {
        assert_eq!(KeySet::inline(&jwks).unwrap_err().to_string(), want);
        assert!(fetched(&jwks).is_err(), "{want}");
    }
}

#[test]
fn what_cannot_be_used_of_a_fetched_set_is_left_out_and_told() {
    let jwks = json!({"keys": [
        {"kty": "AKP", "kid": "pq\n"},
        named(Algorithm::Rs256, "a"),
        "text",
        jwk_with(Algorithm::EdDsa, json!({"kid": "k".repeat(100), "x": "AQ", "use": "enc"})),
        named(Algorithm::Es256, "b"),
    ], "more": 1});
    let (keys, skipped) = fetched(&jwks).unwrap();
    assert_eq!(keys.iter().map(Key::kid).collect::<Vec<_>>(), [Some("a"), Some("b")]);
    let told: Vec<_> = skipped.iter().map(ToString::to_string).collect();
    let cut = format!("\"{}\"...", "k".repeat(64));
    let want = [
        "keys[0] (kid \"pq\\n\"): kty: expected one of RSA, EC, OKP, oct, found \"AKP\"".to_owned(),
        "keys[2]: expected a JSON Web Key, found a string".to_owned(),
        format!(
            "keys[3] (kid {cut}): use: expected \"sig\", found \"enc\"; x: expected a point of 32 bytes, found 1 bytes"
        ),
    ];
    assert_eq!(told, want);
}

#[test]
fn a_document_without_a_usable_key_is_no_set() {
    let large = format!("{{\"keys\": []}}{}", " ".repeat(MAX_DOCUMENT));
    let cases: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<html>502 Bad Gateway</html>", "not JSON: expected value at line 1 column 1"),
        (b"{\"keys\": [", "not JSON: EOF while parsing a list at line 1 column 10"),
        (b"{\"keys\": [], \"keys\": []}", "at \"keys\": the name stands twice in its object"),
        (b"\xff", "not JSON: the byte at offset 0 is not UTF-8"),
        (b"{\"keys\": []}", "no key"),
        (b"{\"keys\": [1, 2]}", "none of 2 keys can be used: keys[0]: expected a JSON Web Key, found a number"),
        (large.as_bytes(), "more than 262144 bytes"),
    ];
    for (document, want) in cases {
        assert_eq!(KeySet::fetched(document).unwrap_err().to_string(), want);
    }
}

/// The kids of the candidates.
fn chosen(keys: &KeySet, algorithm: Algorithm, kid: Option<&str>) -> Result<Vec<String>, Reason> {
    let kids = |candidates: &mut dyn Iterator<Item = &Key>| {
        candidates.map(|key| key.kid().unwrap_or_default().to_owned()).collect()
    };
    keys.candidates(algorithm, kid).map(|mut candidates| kids(&mut candidates))
}

#[test]
fn a_kid_chooses_exactly() {
    let (keys, _) = fetched(&json!({"keys": [
        named(Algorithm::Es256, "a"),
        named(Algorithm::Rs256, "a"),
        jwk_with(Algorithm::Rs256, json!({"kid": "b", "alg": "RS512"})),
        jwk(Algorithm::Rs256),
        named(Algorithm::EdDsa, ""),
    ]}))
    .unwrap();
    let cases = [
        ("same kid, other type", Algorithm::Rs256, Some("a"), Ok(vec!["a"])),
        ("same kid, none fits", Algorithm::EdDsa, Some("a"), Err(Reason::AlgNotAllowed)),
        ("its alg is another", Algorithm::Rs256, Some("b"), Err(Reason::AlgNotAllowed)),
        ("its alg", Algorithm::Rs512, Some("b"), Ok(vec!["b"])),
        ("unknown", Algorithm::Rs256, Some("c"), Err(Reason::UnknownKid)),
        ("other case", Algorithm::Rs256, Some("A"), Err(Reason::UnknownKid)),
        ("an empty one is one", Algorithm::EdDsa, Some(""), Ok(vec![""])),
        ("none: all that fit", Algorithm::Rs256, None, Ok(vec!["a", ""])),
        ("none, and none fits", Algorithm::Hs256, None, Err(Reason::AlgNotAllowed)),
    ];
    for (name, algorithm, kid, want) in cases {
        let want = want.map(|kids| kids.into_iter().map(str::to_owned).collect());
        assert_eq!(chosen(&keys, algorithm, kid), want, "{name}");
    }
}

#[test]
fn no_more_than_four_keys_are_tried() {
    for kid in [None, Some("a")] {
        let keys: Vec<_> = (0..6).map(|_| named(Algorithm::Es256, "a")).collect();
        let keys = KeySet::inline(&json!({"keys": keys})).unwrap();
        assert_eq!(keys.candidates(Algorithm::Es256, kid).unwrap().count(), 4);
    }
}

#[test]
fn a_secret_serves_any_kid() {
    let keys = KeySet::from(Key::from_secret(&[7; 40]).unwrap());
    for kid in [None, Some(""), Some("any")] {
        assert_eq!(keys.candidates(Algorithm::Hs256, kid).unwrap().count(), 1);
        assert_eq!(chosen(&keys, Algorithm::Hs384, kid), Err(Reason::AlgNotAllowed));
    }
    assert!(keys.fits(Algorithm::Hs256));
    assert!(!keys.fits(Algorithm::Hs384));
}

proptest! {
    #[test]
    fn whatever_the_bytes_nothing_panics(document in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(KeySet::fetched(&document).is_err());
    }

    #[test]
    fn a_damaged_document_does_no_harm(
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
    ) {
        let jwks = json!({"keys": [jwk(Algorithm::Rs256), jwk(Algorithm::Es256), jwk(Algorithm::EdDsa)]});
        let mut document = jwks.to_string().into_bytes();
        let position = position.index(document.len());
        document[position] = byte;
        if let Ok((keys, _)) = KeySet::fetched(&document) {
            for key in &keys {
                let _verdict = key.verifies(algorithm, SIGNING_INPUT, &signature(algorithm));
            }
        }
    }
}
