use sluicegate_common::config::{Env, RawSecret};

use super::*;
use crate::jose::{Key, Token};

fn secret(text: &str) -> Secret {
    let raw: Result<RawSecret, sluicegate_common::config::ConfigErrors> = deserr::deserialize(json!({"value": text}));
    raw.unwrap().resolve(&Env::default()).unwrap()
}

const LONG: &str = "a secret of sixty-four bytes, which is as long as a SHA-512 hash is";

#[test]
fn what_is_signed_verifies() {
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| Signer::offers(*algorithm)) {
        let claims = json!({"id": "\u{e9}\0\"", "n": 1}).as_object().cloned().unwrap();
        let text = Signer::new(&secret(LONG), algorithm).unwrap().sign(claims.clone());
        let token = Token::parse(text.as_bytes(), 4096).unwrap();
        assert_eq!((token.algorithm(), token.media_type(), token.key_id()), (algorithm.name(), Some("JWT"), None));
        let key = Key::from_secret(LONG.as_bytes()).unwrap();
        assert!(key.verifies(algorithm, token.signing_input(), token.signature()), "{algorithm}");
        assert_eq!(token.into_claims(), claims);
    }
}

/// RFC 7515 appendix A.1: the signing input is another library's, the signature is ours.
#[test]
fn the_signature_is_that_of_the_standard() {
    let key =
        base64url::decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    let key = HmacKey::new(&key.unwrap()).unwrap();
    let input = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = base64url::encode(key.sign(Algorithm::Hs256, input).unwrap());
    assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(key.sign(Algorithm::Rs256, input), None);
}

#[test]
fn a_secret_is_as_long_as_the_hash_and_never_shown() {
    let wrong = |text: &str, algorithm| Signer::new(&secret(text), algorithm).unwrap_err().to_string();
    assert!(wrong("short", Algorithm::Hs256).contains("at least 32 bytes"));
    assert!(wrong("a secret of thirty-two bytes, say", Algorithm::Hs384).contains("as long as the hash of HS384"));
    let shown = format!("{:?}", Signer::new(&secret(LONG), Algorithm::Hs512));
    assert!(shown.contains("Hs512") && !shown.contains("secret of"), "{shown}");
}
