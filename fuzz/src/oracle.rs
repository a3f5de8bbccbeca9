//! What signs what, found once more by a library that the filter does not use, and by plain readings of the RFCs.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::hmac;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// A token as RFC 7515 section 7.1 has it.
pub struct Parts {
    /// All before the last dot.
    pub signing_input: Vec<u8>,
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// The payload as it stands there.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Parts {
    /// The parts; `None` if it is none in its only spelling.
    #[must_use]
    pub fn of(token: &[u8]) -> Option<Self> {
        let parts: Vec<&[u8]> = token.split(|&byte| byte == b'.').collect();
        let [header, payload, signature] = parts[..] else { return None };
        let decoded = |part: &[u8]| {
            let decoded = BASE64URL.decode(part).ok()?;
            (BASE64URL.encode(&decoded).as_bytes() == part).then_some(decoded)
        };
        Some(Self {
            signing_input: [header, b".", payload].concat(),
            header: serde_json::from_slice(&decoded(header)?).ok()?,
            claims: serde_json::from_slice(&decoded(payload)?).ok()?,
            payload: payload.to_vec(),
            signature: decoded(signature)?,
        })
    }

    /// Whether one of the keys that the header's `alg` and `kid` leave signed it. `by_kid`: a `kid` chooses.
    #[must_use]
    pub fn is_signed_by(&self, keys: &[Value], by_kid: bool) -> bool {
        let kid = self.header.get("kid").filter(|_| by_kid);
        let asked = |key: &&Value| kid.is_none() || key.get("kid") == kid;
        let Some(alg) = self.header.get("alg").and_then(Value::as_str) else { return false };
        keys.iter().filter(asked).any(|key| verifies(key, alg, &self.signing_input, &self.signature) == Some(true))
    }
}

/// Whether the key is one for verifying (RFC 7517 sections 4.2 and 4.3).
fn may_verify(jwk: &Value) -> bool {
    let is_listed = |operations: &Value| operations.as_array().is_some_and(|list| list.iter().any(|op| op == "verify"));
    jwk.get("use").is_none_or(|for_what| for_what == "sig") && jwk.get("key_ops").is_none_or(is_listed)
}

/// Whether the key signed it with this `alg`; `None` if it is none for that.
fn verifies(jwk: &Value, alg: &str, input: &[u8], signature: &[u8]) -> Option<bool> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).and_then(|text| BASE64URL.decode(text).ok());
    let rsa = |parameters: &RsaParameters| {
        let key = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
        Some(key.verify(parameters, input, signature).is_ok())
    };
    let mac = |algorithm| {
        let key = hmac::Key::new(algorithm, &bytes("k")?);
        Some(hmac::verify(&key, input, signature).is_ok())
    };
    if text("alg").is_some_and(|only| only != alg && !(only.starts_with("Ed") && alg.starts_with("Ed"))) {
        return None;
    }
    if !may_verify(jwk) {
        return None;
    }
    match (text("kty")?, alg) {
        ("oct", "HS256") => mac(hmac::HMAC_SHA256),
        ("oct", "HS384") => mac(hmac::HMAC_SHA384),
        ("oct", "HS512") => mac(hmac::HMAC_SHA512),
        ("RSA", "RS256") => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        ("RSA", "RS384") => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        ("RSA", "RS512") => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        ("RSA", "PS256") => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        ("RSA", "PS384") => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        ("RSA", "PS512") => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        ("EC", "ES256") if text("crv") == Some("P-256") => {
            let point = [&[4], &*bytes("x")?, &*bytes("y")?].concat();
            Some(UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(input, signature).is_ok())
        }
        ("OKP", "EdDSA" | "Ed25519") if text("crv") == Some("Ed25519") => {
            Some(UnparsedPublicKey::new(&signature::ED25519, bytes("x")?).verify(input, signature).is_ok())
        }
        _ => None,
    }
}
