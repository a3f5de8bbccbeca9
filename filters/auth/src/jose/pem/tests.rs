use proptest::prelude::*;

use super::super::Algorithm;
use super::super::fixture::{
    PEM_ED448, PEM_ED25519, PEM_P256, PEM_P384, PEM_PRIVATE, PEM_RSA, PEM_RSA_1024, PEM_RSA_PKCS1, SIGNING_INPUT,
    signature,
};
use super::*;

#[test]
fn a_public_key_verifies() {
    let cases = [
        ("RSA", PEM_RSA.to_owned(), Algorithm::Ps256),
        ("RSA of PKCS #1", PEM_RSA_PKCS1.to_owned(), Algorithm::Rs512),
        ("P-256", PEM_P256.to_owned(), Algorithm::Es256),
        ("Ed25519", PEM_ED25519.to_owned(), Algorithm::EdDsa),
        ("white space around", format!("\n  {PEM_P256}  \n\n"), Algorithm::Es256),
        ("no line break at the end", PEM_P256.trim_end().to_owned(), Algorithm::Es256),
        ("text before (RFC 7468 section 2)", format!("our key\n{PEM_P256}"), Algorithm::Es256),
        ("CR LF", PEM_P256.replace('\n', "\r\n"), Algorithm::Es256),
    ];
    for (name, pem, algorithm) in cases {
        let key = Key::from_pem(&pem).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(key.verifies(algorithm, SIGNING_INPUT, &signature(algorithm)), "{name}");
        assert!(!key.fits(Algorithm::Hs256), "{name}");
        assert_eq!(key.kid(), None);
    }
}

#[test]
fn anything_else_is_refused() {
    let cut = PEM_P256.replace("MFkw", "");
    let line = PEM_P256.replacen('\n', "#", 1).replacen('\n', "", 1).replacen('#', "\n", 1);
    let long = PEM_RSA.replace("MIIB", "MII=");
    let cases = [
        ("empty", "", "other text"),
        ("a secret", "hunter2hunter2hunter2hunter2hunter2", "other text"),
        ("no PEM label", "-----BEGIN PUBLIC KEY-----", "other text"),
        ("a private key", PEM_PRIVATE, "a private key"),
        ("its text is cut", &cut, "broken PEM"),
        ("padded in the middle", &long, "broken PEM"),
        ("all in one line", &line, "broken PEM"),
        ("no DER", "-----BEGIN PUBLIC KEY-----\nAQ==\n-----END PUBLIC KEY-----", "broken DER"),
        ("under the other label", &PEM_RSA.replace("PUBLIC", "RSA PUBLIC"), "broken DER"),
        ("two", &format!("{PEM_P256}{PEM_P256}"), "more than one"),
        ("another curve", PEM_P384, "a key of another kind"),
        ("another Edwards curve", PEM_ED448, "a key of another kind"),
        ("a request", "-----BEGIN CERTIFICATE REQUEST-----\nAQ==\n-----END CERTIFICATE REQUEST-----", "something else"),
        (
            "a certificate",
            "-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----",
            "a certificate: take its key (openssl x509 -pubkey -noout)",
        ),
    ];
    for (name, pem, found) in cases {
        let error = Key::from_pem(pem).map_or_else(|error| error.to_string(), |key| format!("{key:?}"));
        assert_eq!(error, format!("config: expected {EXPECTED}, found {found}"), "{name}");
    }
    let weak = Key::from_pem(PEM_RSA_1024).unwrap_err().to_string();
    assert_eq!(weak, "config: expected an odd RSA modulus of 2048 to 8192 bits, found one of 1024 bits");
}

proptest! {
    #[test]
    fn a_damaged_pem_does_no_harm(
        pem in prop::sample::select(vec![PEM_RSA, PEM_RSA_PKCS1, PEM_P256, PEM_ED25519]),
        position in any::<prop::sample::Index>(),
        character in any::<char>(),
    ) {
        let mut characters: Vec<char> = pem.chars().collect();
        let position = position.index(characters.len());
        characters[position] = character;
        let damaged: String = characters.into_iter().collect();
        if let Ok(key) = Key::from_pem(&damaged) {
            prop_assert!(!key.verifies(Algorithm::Hs256, SIGNING_INPUT, &signature(Algorithm::Hs256)));
        }
    }
}
