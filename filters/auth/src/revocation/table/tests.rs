use std::collections::BTreeSet;

use sluicegate_common::store::crc32;

use super::*;

fn token_of(sub: &str) -> TokenId<'_> {
    TokenId {
        issuer: "own",
        jti: None,
        sub: Some(sub),
        consumer: None,
        iat: None,
        exp: None,
        max_lifetime: None,
        signing_input: b"",
    }
}

fn named(id: &TokenId<'_>, seed: &Seed) -> Token {
    Unnamed { id, until: Nanos(0), lifetime: None }.named(seed)
}

#[test]
fn no_two_keys_are_one_to_kong() {
    let id = TokenId {
        issuer: "own",
        jti: None,
        sub: None,
        consumer: None,
        iat: None,
        exp: None,
        max_lifetime: None,
        signing_input: b"",
    };
    let token = named(&id, &Seed::default());
    let buckets = (0..=255).map(|bucket| key_of(&Token { owner: [bucket; 16], ..token }));
    let keys: Vec<String> = buckets.chain([SEED_KEY.to_owned()]).collect();
    let apart: BTreeSet<u32> = keys.iter().map(|key| crc32(key)).collect();
    assert_eq!(apart.len(), 257);
    assert!(keys.iter().all(|key| !key.contains('/')));
}

#[test]
fn the_seed_decides_who_shares_a_bucket() {
    let shares = |seed: &Seed| {
        let key = |sub: &str| key_of(&named(&token_of(sub), seed));
        let keys: Vec<String> = (0..100).map(|number| key(&number.to_string())).collect();
        let first = keys.first().cloned();
        keys.into_iter().map(|key| Some(key) == first).collect::<Vec<_>>()
    };
    assert_eq!(shares(&[1; 16]), shares(&[1; 16]));
    let patterns: BTreeSet<Vec<bool>> = (1..=20).map(|seed| shares(&[seed; 16])).collect();
    assert!(patterns.len() > 1, "the same neighbours under 20 seeds");
}

#[test]
fn without_sub_the_consumer_stands_for_the_subject() {
    let seed = Seed::default();
    let of = |sub, consumer, signing_input| {
        let id = TokenId {
            issuer: "own",
            jti: None,
            sub,
            consumer,
            iat: None,
            exp: None,
            max_lifetime: None,
            signing_input,
        };
        named(&id, &seed).owner
    };
    let mallory = of(None, Some("own:mallory"), b"a");
    assert_eq!(mallory, of(None, Some("own:mallory"), b"b"));
    assert_ne!(mallory, of(None, Some("own:alice"), b"a"));
    assert_ne!(mallory, of(Some("own:mallory"), None, b"a"), "a subject of that name");
    assert_eq!(of(Some("s"), Some("own:mallory"), b"a"), of(Some("s"), None, b"b"));
    assert_ne!(of(None, None, b"a"), of(None, None, b"b"));
}
