use proptest::prelude::*;
use serde_json::json;

use super::super::fixture::{SIGNING_INPUT, jwk, jwk_with, signature, signature_with_short_salt};
use super::*;

fn key(algorithm: Algorithm) -> Key {
    Key::from_jwk(&jwk(algorithm)).unwrap()
}

/// Every key against every signature under every name: only what belongs together verifies.
#[test]
fn a_key_verifies_its_own_signatures_alone() {
    for of in Algorithm::ALL {
        let key = key(of);
        for algorithm in Algorithm::ALL {
            for signed in Algorithm::ALL {
                let want = key.fits(algorithm) && algorithm == signed;
                let verified = key.verifies(algorithm, SIGNING_INPUT, &signature(signed));
                assert_eq!(verified, want, "{key:?} given {signed} as {algorithm}");
            }
        }
        assert!(key.verifies(of, SIGNING_INPUT, &signature(of)), "{of}");
        assert!(!key.verifies(of, b"header.payloae", &signature(of)), "{of}");
    }
}

#[test]
fn a_key_fits_the_algorithms_of_its_type() {
    use Algorithm::{EdDsa, Es256, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let cases: [(Algorithm, &[Algorithm]); 4] = [
        (Hs256, &[Hs256, Hs384, Hs512]),
        (Rs256, &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]),
        (Es256, &[Es256]),
        (EdDsa, &[EdDsa]),
    ];
    for (of, want) in cases {
        let fitting: Vec<_> = Algorithm::ALL.into_iter().filter(|algorithm| key(of).fits(*algorithm)).collect();
        assert_eq!(fitting, want);
    }
}

#[test]
fn a_key_with_an_algorithm_takes_no_other() {
    let key = Key::from_jwk(&jwk_with(Algorithm::Ps256, json!({"alg": "PS256"}))).unwrap();
    let fitting: Vec<_> = Algorithm::ALL.into_iter().filter(|algorithm| key.fits(*algorithm)).collect();
    assert_eq!(fitting, [Algorithm::Ps256]);
    assert!(key.verifies(Algorithm::Ps256, SIGNING_INPUT, &signature(Algorithm::Ps256)));
    assert!(!key.verifies(Algorithm::Rs256, SIGNING_INPUT, &signature(Algorithm::Rs256)));
}

#[test]
fn the_salt_of_pss_is_as_long_as_the_hash() {
    assert!(!key(Algorithm::Ps256).verifies(Algorithm::Ps256, SIGNING_INPUT, &signature_with_short_salt()));
}

/// CVE-2015-9235 and its kin: the text of a public key as a secret.
#[test]
fn a_public_key_is_no_secret() {
    for of in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = key(of);
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            assert!(!key.fits(algorithm));
            assert!(!key.verifies(algorithm, SIGNING_INPUT, &signature(algorithm)));
        }
    }
}

#[test]
fn a_secret_has_a_least_length() {
    assert!(Key::from_secret(&[b'x'; 32]).unwrap().fits(Algorithm::Hs256));
    for secret in [&b""[..], b"secret", &[b'x'; 31]] {
        let error = Key::from_secret(secret).unwrap_err().to_string();
        let found = format!("config: expected a secret of at least 32 bytes, found {} bytes", secret.len());
        assert_eq!(error, found);
    }
}

#[test]
fn the_text_of_a_key_is_no_secret() {
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "PRIVATE KEY"] {
        let pem = format!("\n-----BEGIN {label}-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END {label}-----\n");
        let error = Key::from_secret(pem.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("found a PEM") && !error.contains("MIIB"), "{error}");
        let k = base64url_of(pem.as_bytes());
        assert!(Key::from_jwk(&jwk_with(Algorithm::Hs256, json!({"k": k}))).is_err(), "{label}");
    }
}

fn base64url_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn debug_output_shows_no_key() {
    let key = Key::from_jwk(&jwk_with(Algorithm::Hs256, json!({"kid": "a\nb", "alg": "HS512"}))).unwrap();
    assert_eq!(format!("{key:?}"), r#"Key { kty: "oct", kid: Some("a\nb"), alg: Some(Hs512), .. }"#);
}

proptest! {
    #[test]
    fn no_signature_is_made_by_chance(
        of in prop::sample::select(Algorithm::ALL.to_vec()),
        algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
        message in prop::collection::vec(any::<u8>(), 0..64),
        signature in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        prop_assert!(!key(of).verifies(algorithm, &message, &signature));
    }

    #[test]
    fn a_signature_with_a_bit_changed_is_none(
        of in prop::sample::select(Algorithm::ALL.to_vec()),
        byte in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let mut signature = signature(of);
        let byte = byte.index(signature.len());
        signature[byte] ^= 1_u8 << bit;
        prop_assert!(!key(of).verifies(of, SIGNING_INPUT, &signature));
    }
}
