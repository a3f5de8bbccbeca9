//! Keys made for these targets alone, and what they sign.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64URL};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

/// As long as SHA-512 needs it.
pub const SECRET: &[u8; 64] = b"a secret of sixty-four bytes, which is enough for each of HS256+";

/// One key of each kind, named by the letter that [`Signer::sign`] takes.
pub struct Signer {
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    eddsa: Ed25519KeyPair,
    random: SystemRandom,
}

impl Signer {
    /// Reads the keys.
    ///
    /// # Panics
    /// They are broken.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "costs a millisecond")]
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let ecdsa = EcdsaKeyPair::from_pkcs8(algorithm, &der(include_str!("../keys/p256.pem")), &random);
        Self {
            rsa: RsaKeyPair::from_pkcs8(&der(include_str!("../keys/rsa.pem"))).unwrap(),
            ecdsa: ecdsa.unwrap(),
            eddsa: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
            random,
        }
    }

    /// The public keys, and the secret.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let text = |bytes: &[u8]| BASE64URL.encode(bytes);
        let rsa: RsaPublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        let (x, y) = self.ecdsa.public_key().as_ref()[1..].split_at(32);
        json!({"keys": [
            {"kty": "oct", "kid": "h", "k": text(SECRET)},
            {
                "kty": "RSA",
                "kid": "r",
                "n": text(&rsa.n),
                "e": text(&rsa.e),
            },
            {"kty": "EC", "crv": "P-256", "kid": "e", "x": text(x), "y": text(y)},
            {"kty": "OKP", "crv": "Ed25519", "kid": "d", "x": text(self.eddsa.public_key().as_ref())},
        ]})
    }

    /// The RSA key as a PEM has it (RFC 8017 appendix A.1.1).
    #[must_use]
    pub fn rsa_pem(&self) -> String {
        let text = BASE64_STANDARD.encode(self.rsa.public_key().as_ref());
        let lines: Vec<&[u8]> = text.as_bytes().chunks(64).collect();
        let lines = String::from_utf8_lossy(&lines.join(&b'\n')).into_owned();
        format!("-----BEGIN RSA PUBLIC KEY-----\n{lines}\n-----END RSA PUBLIC KEY-----\n")
    }

    /// A token of this header and payload, signed with HS256, HS512, RS256, PS256, ES256 or EdDSA, whatever the header
    /// says.
    ///
    /// # Panics
    /// There is no such letter, or no randomness.
    #[must_use]
    pub fn sign(&self, key: u8, header: &[u8], payload: &[u8]) -> Vec<u8> {
        let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload)).into_bytes();
        let mac = |algorithm| hmac::sign(&hmac::Key::new(algorithm, SECRET), &input).as_ref().to_vec();
        let signature = match key {
            b'h' => mac(hmac::HMAC_SHA256),
            b'H' => mac(hmac::HMAC_SHA512),
            b'r' => self.rsa(&signature::RSA_PKCS1_SHA256, &input),
            b'p' => self.rsa(&signature::RSA_PSS_SHA256, &input),
            b'e' => self.ecdsa.sign(&self.random, &input).unwrap().as_ref().to_vec(),
            b'd' => self.eddsa.sign(&input).as_ref().to_vec(),
            other => panic!("no key {other}"),
        };
        [&*input, b".", BASE64URL.encode(signature).as_bytes()].concat()
    }

    fn rsa(&self, padding: &'static dyn RsaEncoding, input: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa.sign(padding, &self.random, input, &mut signature).unwrap();
        signature
    }
}

fn der(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    BASE64_STANDARD.decode(lines).unwrap()
}
