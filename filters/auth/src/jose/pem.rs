//! Public keys in PEM (RFC 7468).

use der::Decode;
use der::asn1::ObjectIdentifier;
use pkcs1::RsaPublicKeyRef;
use sluicegate_common::config::ConfigError;
use spki::SubjectPublicKeyInfoRef;

use super::Key;
use super::key::Material;
use super::signature::{EcdsaKey, EddsaKey, RsaKey};

const EXPECTED: &str = "a public key in PEM (\"BEGIN PUBLIC KEY\" or \"BEGIN RSA PUBLIC KEY\"): RSA, P-256 or Ed25519";

/// RFC 8017 appendix A.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 section 2.1.1.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// RFC 8410 section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

impl Key {
    /// One public key: a SubjectPublicKeyInfo (`PUBLIC KEY`, RFC 7468 section 13) or, for RSA, an RSAPublicKey
    /// (`RSA PUBLIC KEY`, RFC 8017 appendix A.1.1).
    ///
    /// # Errors
    /// Something else, a certificate or a private key among it, or a key that is weak.
    pub fn from_pem(pem: &str) -> Result<Self, ConfigError> {
        let pem = pem.trim_ascii();
        let label = der::pem::decode_label(pem.as_bytes()).map_err(|_| not("other text"))?;
        let read = match label {
            "PUBLIC KEY" => subject_public_key,
            "RSA PUBLIC KEY" => rsa,
            "CERTIFICATE" => return Err(not("a certificate: take its key (openssl x509 -pubkey -noout)")),
            _ if label.ends_with("PRIVATE KEY") => return Err(not("a private key")),
            _ => return Err(not("something else")),
        };
        if pem.matches("-----BEGIN ").count() > 1 {
            return Err(not("more than one"));
        }
        let (_, der) = der::pem::decode_vec(pem.as_bytes()).map_err(|_| not("broken PEM"))?;
        let material = read(&der)?;
        Ok(Self::new(None, None, material))
    }
}

fn subject_public_key(der: &[u8]) -> Result<Material, ConfigError> {
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| not("broken DER"))?;
    let key = info.subject_public_key.as_bytes().ok_or_else(|| not("broken DER"))?;
    match info.algorithm.oids() {
        Ok((RSA, None)) => rsa(key),
        Ok((EC, Some(P_256))) => match EcdsaKey::from_sec1(key) {
            Some(key) => Ok(Material::Ecdsa(Box::new(key))),
            None => Err(not("no point on P-256")),
        },
        Ok((ED25519, None)) if info.algorithm.parameters.is_none() => {
            EddsaKey::new(key).map(|key| Material::Eddsa(Box::new(key))).map_err(whole)
        }
        _ => Err(not("a key of another kind")),
    }
}

fn rsa(der: &[u8]) -> Result<Material, ConfigError> {
    let key = RsaPublicKeyRef::from_der(der).map_err(|_| not("broken DER"))?;
    let key = RsaKey::new(key.modulus.as_bytes(), key.public_exponent.as_bytes()).map_err(whole)?;
    Ok(Material::Rsa(Box::new(key)))
}

fn not(found: &'static str) -> ConfigError {
    ConfigError::expected("", EXPECTED, found)
}

/// A PEM has no members that an error could name.
fn whole(error: ConfigError) -> ConfigError {
    ConfigError::new("", error.kind().clone())
}

#[cfg(test)]
mod tests;
