use std::collections::BTreeSet;

use sluicegate_common::store::crc32;

use super::*;

#[test]
fn no_two_keys_are_one_to_kong() {
    let id =
        TokenId { issuer: "own", jti: None, sub: None, iat: None, exp: None, max_lifetime: None, signing_input: b"" };
    let token = Unnamed { id: &id, until: Nanos(0), lifetime: None }.named(&Seed::default());
    let buckets = (0..=255).map(|bucket| key_of(&Token { owner: [bucket; 16], ..token }));
    let keys: Vec<String> = buckets.chain([SEED_KEY.to_owned()]).collect();
    let apart: BTreeSet<u32> = keys.iter().map(|key| crc32(key)).collect();
    assert_eq!(apart.len(), 257);
    assert!(keys.iter().all(|key| !key.contains('/')));
}
