//! The table in the store: 256 buckets and the seed that says which token belongs in which.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::{SharedData, SharedStore as _, digest};
use sluicegate_common::time::Nanos;

use super::bucket::{self, Bucket, Fingerprint, Token};
use super::{RevocationError, TokenId};

type Seed = [u8; 16];

/// What a key starts with. What follows is as long in all buckets and at most three bytes of it differ: no two have one
/// CRC-32, by which Kong's engine knows them, since that tells all changes within 32 bits.
const PREFIX: &str = "sg:auth:revoked";

const SEED_KEY: &str = "sg:auth:revoked:seed";

/// Whether the token is revoked. Two reads; one where nothing was ever revoked.
pub(super) fn contains(data: &dyn SharedData, token: &Unnamed<'_>, now: Nanos) -> Result<bool, RevocationError> {
    let Some(seed) = read_seed(data)? else { return Ok(false) };
    let token = token.named(&seed);
    let state = data.read(&key_of(&token))?;
    Ok(bucket::refuses(state.get().unwrap_or_default(), &token, now)?)
}

/// Enters the token.
pub(super) fn insert(proxy: &dyn Proxy, token: &Unnamed<'_>, now: Nanos) -> Result<(), RevocationError> {
    let token = token.named(&seed(proxy)?);
    proxy.shared().update(&key_of(&token), |state| {
        let mut bucket = Bucket::read(state.get().unwrap_or_default())?;
        bucket.revoke(&token, now)?;
        state.set(&bucket.write());
        Ok(())
    })?
}

fn key_of(token: &Token) -> String {
    let [bucket, ..] = token.owner;
    format!("{PREFIX}:{bucket:02x}")
}

/// The seed, made when there is none. It is never kept in a VM: should a host lose it, all workers go on with the same
/// new one.
fn seed(proxy: &dyn Proxy) -> Result<Seed, RevocationError> {
    if let Some(seed) = read_seed(proxy.shared())? {
        return Ok(seed);
    }
    let mut new = Seed::default();
    proxy.random(&mut new).map_err(RevocationError::Random)?;
    proxy.shared().update(SEED_KEY, |state| match state.get() {
        Some(found) => parse_seed(found),
        None => {
            state.set(&new);
            Ok(new)
        }
    })?
}

fn read_seed(data: &dyn SharedData) -> Result<Option<Seed>, RevocationError> {
    data.read(SEED_KEY)?.get().map(parse_seed).transpose()
}

fn parse_seed(state: &[u8]) -> Result<Seed, RevocationError> {
    state.try_into().map_err(|_| RevocationError::Unreadable)
}

/// A token that has no fingerprint yet.
pub(super) struct Unnamed<'a> {
    pub(super) id: &'a TokenId<'a>,
    /// See [`Token::until`].
    pub(super) until: Nanos,
    /// See [`Token::lifetime`].
    pub(super) lifetime: Option<Duration>,
}

impl Unnamed<'_> {
    fn named(&self, seed: &Seed) -> Token {
        let Self { id: token, until, lifetime } = *self;
        let id = token_fingerprint(seed, token);
        let of = |label: &[u8], name: &str| digest(seed, &[label, token.issuer.as_bytes(), name.as_bytes()]);
        let owner = match (token.sub(), token.consumer) {
            (Some(sub), _) => of(b"sub", sub),
            (None, Some(consumer)) => of(b"consumer", consumer),
            (None, None) => id,
        };
        Token { owner, id, issued: token.iat.unwrap_or_default(), until, lifetime }
    }
}

/// RFC 7519 section 4.1.7: no two tokens of an issuer have one `jti`. Without it what was signed is the token; the
/// signature is left out, since whoever has an ECDSA signature can make another one of it.
fn token_fingerprint(seed: &Seed, token: &TokenId<'_>) -> Fingerprint {
    let issuer = token.issuer.as_bytes();
    match token.jti() {
        Some(jti) => digest(seed, &[b"jti", issuer, jti.as_bytes()]),
        None => digest(seed, &[b"signed", issuer, &Sha256::digest(token.signing_input)]),
    }
}

#[cfg(test)]
mod tests;
