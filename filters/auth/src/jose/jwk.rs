//! JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use serde_json::Value;
use sluicegate_common::config::{ConfigError, ConfigErrorKind, ConfigErrors, Object, Text, quoted};

use super::key::Material;
use super::signature::{EcdsaKey, EddsaKey, HmacKey, RsaKey};
use super::{Algorithm, Key, base64url};

impl Key {
    /// A key out of its members. Those that say nothing about the key or its use (`x5c`, `x5t`, ...) are ignored.
    ///
    /// # Errors
    /// A member that is missing or broken; a key type or curve that is not offered; a key that verifies nothing: weak,
    /// private, for another `use` or `alg`, or whose `key_ops` lack `verify`.
    pub fn from_jwk(jwk: &Object) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let kid = errors.take(string(jwk, "kid")).flatten();
        errors.take(check_use(jwk));
        errors.take(check_key_ops(jwk));
        let alg = errors.take(algorithm(jwk)).flatten();
        let material = errors.take(material(jwk));
        if let (Some(alg), Some(material)) = (alg, &material) {
            errors.take(check_fit(alg, material));
        }
        match material {
            Some(material) => errors.into_result(Self::new(kid.map(str::to_owned), alg, material)),
            None => Err(errors),
        }
    }
}

/// RFC 7517 section 4.2.
fn check_use(jwk: &Object) -> Result<(), ConfigError> {
    match string(jwk, "use")? {
        None | Some("sig") => Ok(()),
        Some(other) => Err(ConfigError::expected("use", "\"sig\"", quoted(other))),
    }
}

/// RFC 7517 section 4.3.
fn check_key_ops(jwk: &Object) -> Result<(), ConfigError> {
    let found = match jwk.get("key_ops") {
        None => return Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => return Ok(()),
        Some(Value::Array(_)) => "others alone",
        Some(other) => json_type(other),
    };
    Err(ConfigError::expected("key_ops", "a list with \"verify\"", found))
}

/// RFC 7517 section 4.4.
fn algorithm(jwk: &Object) -> Result<Option<Algorithm>, ConfigError> {
    let Some(name) = string(jwk, "alg")? else { return Ok(None) };
    let expected = || ConfigError::expected("alg", Algorithm::EXPECTED, Algorithm::found(name));
    Algorithm::parse(name).map(Some).ok_or_else(expected)
}

fn check_fit(alg: Algorithm, material: &Material) -> Result<(), ConfigError> {
    if material.fits(alg) {
        return Ok(());
    }
    let fitting = Algorithm::ALL.into_iter().filter(|algorithm| material.fits(*algorithm)).map(Algorithm::name);
    let expected = format!("an algorithm of this key ({})", fitting.collect::<Vec<_>>().join(", "));
    Err(ConfigError::expected("alg", expected, quoted(alg.name())))
}

fn material(jwk: &Object) -> Result<Material, ConfigErrors> {
    match required(jwk, "kty")? {
        "oct" => symmetric(jwk),
        "RSA" => rsa(jwk),
        "EC" => elliptic_curve(jwk),
        "OKP" => octet_key_pair(jwk),
        other => Err(ConfigError::expected("kty", "one of RSA, EC, OKP, oct", quoted(other)).into()),
    }
}

/// RFC 7518 section 6.4.
fn symmetric(jwk: &Object) -> Result<Material, ConfigErrors> {
    // The text is a secret, so errors do not show it.
    let secret = required(jwk, "k")?;
    let secret = base64url::decode(secret).ok_or_else(|| ConfigError::expected("k", BASE64URL, "other characters"))?;
    Ok(Material::Hmac(Box::new(HmacKey::new(&secret)?)))
}

/// RFC 7518 section 6.3.
fn rsa(jwk: &Object) -> Result<Material, ConfigErrors> {
    check_public(jwk)?;
    let (n, e) = both(bytes(jwk, "n"), bytes(jwk, "e"))?;
    Ok(Material::Rsa(Box::new(RsaKey::new(&n, &e)?)))
}

/// RFC 7518 section 6.2.
fn elliptic_curve(jwk: &Object) -> Result<Material, ConfigErrors> {
    check_public(jwk)?;
    check_curve(jwk, "P-256")?;
    let (x, y) = both(bytes(jwk, "x"), bytes(jwk, "y"))?;
    Ok(Material::Ecdsa(Box::new(EcdsaKey::new(&x, &y)?)))
}

/// RFC 8037 section 2.
fn octet_key_pair(jwk: &Object) -> Result<Material, ConfigErrors> {
    check_public(jwk)?;
    check_curve(jwk, "Ed25519")?;
    Ok(Material::Eddsa(Box::new(EddsaKey::new(&bytes(jwk, "x")?)?)))
}

fn check_curve(jwk: &Object, offered: &'static str) -> Result<(), ConfigError> {
    match required(jwk, "crv")? {
        curve if curve == offered => Ok(()),
        other => Err(ConfigError::expected("crv", format!("{offered:?}"), quoted(other))),
    }
}

/// A private key that lies where public keys are read is known to more than its owner: whoever has it makes tokens.
fn check_public(jwk: &Object) -> Result<(), ConfigError> {
    const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
    match PRIVATE.into_iter().find(|name| jwk.contains_key(*name)) {
        Some(name) => {
            Err(ConfigError::invalid(name, "belongs to a private key: give the public one, and replace both"))
        }
        None => Ok(()),
    }
}

const BASE64URL: &str = "base64url without padding";

/// What `name` encodes.
fn bytes(jwk: &Object, name: &str) -> Result<Vec<u8>, ConfigError> {
    let text = required(jwk, name)?;
    base64url::decode(text).ok_or_else(|| ConfigError::expected(name, BASE64URL, quoted(text)))
}

fn required<'a>(jwk: &'a Object, name: &str) -> Result<&'a str, ConfigError> {
    string(jwk, name)?.ok_or_else(|| ConfigError::new(name, ConfigErrorKind::MissingField))
}

fn string<'a>(jwk: &'a Object, name: &str) -> Result<Option<&'a str>, ConfigError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(ConfigError::expected(name, "a string", json_type(other))),
    }
}

/// Both, or what is wrong with either.
fn both<A, B>(a: Result<A, ConfigError>, b: Result<B, ConfigError>) -> Result<(A, B), ConfigErrors> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).collect()),
    }
}

/// How an error names a value.
pub(super) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
