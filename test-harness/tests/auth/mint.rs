//! Tokens and the keys that sign them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The secret of the issuer `own`.
pub const SECRET: &str = "a secret of thirty-two bytes !!!";

/// A key of the issuer `idp`.
pub struct Key {
    kid: String,
    key: SigningKey,
}

impl Key {
    /// The key of that name: always the same one.
    pub fn new(kid: &str) -> Self {
        let key = SigningKey::from_slice(&Sha256::digest(kid)).expect("a digest is below the order of the curve");
        Self { kid: kid.to_owned(), key }
    }

    /// What is published of it (RFC 7517).
    pub fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let encoded = |coordinate: &[u8]| URL_SAFE_NO_PAD.encode(coordinate);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "x": encoded(x), "y": encoded(y)})
    }

    /// A token of that subject that never expires.
    pub fn token(&self, subject: &str) -> String {
        let input = signing_input(&json!({"alg": "ES256", "kid": self.kid}), "idp", subject);
        let signature: Signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

/// A token of the issuer `own`.
pub fn own_token(subject: &str) -> String {
    let input = signing_input(&json!({"alg": "HS256"}), "own", subject);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn signing_input(header: &Value, issuer: &str, subject: &str) -> String {
    let claims = json!({"iss": issuer, "sub": subject, "exp": 4_102_444_800_u64});
    [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}
