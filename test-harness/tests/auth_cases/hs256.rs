//! Tokens of our own.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &[u8] = b"a secret of the conformance test";

/// The key, as a JWK.
pub fn jwk() -> Value {
    json!({"kty": "oct", "alg": "HS256", "kid": "conformance", "k": BASE64URL.encode(SECRET)})
}

/// A set with this key alone.
pub fn jwks() -> Value {
    json!({"keys": [jwk()]})
}

/// A token of these claims, which does not expire.
pub fn token(mut claims: Value) -> String {
    claims["exp"] = json!(4_102_444_800_u64);
    let header = json!({"alg": "HS256", "kid": "conformance"});
    let input = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("HMAC takes keys of every length");
    mac.update(input.as_bytes());
    format!("{input}.{}", BASE64URL.encode(mac.finalize().into_bytes()))
}
