//! What config says of logging in.

use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, Env, FromConfig, Pointer, RawSecret, Size, Text, quoted};
use sluicegate_common::matcher::HostPattern;

use super::{Login, Ttl};
use crate::jose::{Algorithm, Signer};
use crate::own_path::OwnPath;

/// The names that are the gateway's to say (RFC 7519 section 4.1). `sub` is not one: whose token it is the credential
/// service knows.
const RESERVED: [&str; 6] = ["iat", "exp", "nbf", "jti", "iss", "aud"];

const MAX_BODY: Size = Size::from_bytes(64 << 10);

/// What the VM keeps of one answer at most.
const MOST: Size = Size::from_bytes(1 << 20);

/// `login` as written.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawLogin {
    /// A POST there is a login. A route leads to the credential service, as to any other: to nobody else, on any of
    /// `hosts`.
    path: OwnPath,
    /// The hosts that one logs in on: exact, or `*.example.com` for all below; without port. Absent: any. On another
    /// host the path is one like any other, and must not lead to the credential service.
    #[config(default)]
    hosts: Option<Vec<HostPattern>>,
    /// What the token says of the user, out of the service's answer, by the last names of the pointers. The first names
    /// the user. `iat`, `exp`, `nbf`, `jti`, `iss` and `aud` are the gateway's own.
    claims: Vec<Claim>,
    /// How long the token is good: `exp`, and `expiresIn` as written.
    #[config(default = Ttl::day())]
    ttl: Ttl,
    /// The `iss` of the token.
    #[config(default)]
    issuer: Option<String>,
    /// The `aud` of the token.
    #[config(default)]
    audience: Option<String>,
    /// The secret that signs; at least as long as the hash.
    key: RawSecret,
    /// How it signs.
    #[config(default = Algorithm::Hs256, described = Signing, shown = "\"HS256\"")]
    algorithm: Algorithm,
    /// The longest answer of the service, at most 1 MiB.
    #[config(default = MAX_BODY)]
    max_body: Size,
    /// Keeps the head of the answer until its body was read, so that every failure is a 502. Only for Envoy, and only
    /// with `allow_on_headers_stop_iteration: true` in the plugin's configuration, see below.
    #[config(default)]
    hold_head: bool,
}

/// An [`Algorithm`] that signs.
#[cfg(not(target_family = "wasm"))]
enum Signing {}

#[cfg(not(target_family = "wasm"))]
impl Signing {
    fn names() -> Vec<&'static str> {
        let signing = Algorithm::ALL.into_iter().filter(|algorithm| Signer::offers(*algorithm));
        signing.map(Algorithm::name).collect()
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Signing {
    fn schema() -> serde_json::Value {
        sluicegate_common::describe::words(&Self::names())
    }

    fn kind() -> String {
        sluicegate_common::describe::one_of(&Self::names())
    }
}

/// A pointer, and as it was written.
struct Claim {
    text: String,
    pointer: Pointer,
}

impl Text for Claim {
    const EXPECTED: &'static str = Pointer::EXPECTED;

    fn parse(text: &str) -> Option<Self> {
        Pointer::parse(text).map(|pointer| Self { text: text.to_owned(), pointer })
    }
}

sluicegate_common::deserr_text!(Claim);
sluicegate_common::described_text!(Claim: "pointer");

impl Ttl {
    fn day() -> Self {
        Self { text: "24h".to_owned(), period: Duration::from_secs(86_400) }
    }
}

impl Text for Ttl {
    const EXPECTED: &'static str = "whole seconds, minutes, hours or days such as \"24h\", at least one second";

    fn parse(text: &str) -> Option<Self> {
        let period: Duration = Text::parse(text)?;
        let whole = !period.is_zero() && period.subsec_nanos() == 0;
        whole.then(|| Self { text: text.to_owned(), period })
    }
}

sluicegate_common::deserr_text!(Ttl);

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Ttl {
    fn schema() -> serde_json::Value {
        let whole = "^[0-9]+(ns|us|ms|s|m|h|d)$";
        serde_json::json!({ "type": "string", "description": Self::EXPECTED, "pattern": whole })
    }

    fn kind() -> String {
        "duration of whole seconds".into()
    }

    fn shown(&self) -> serde_json::Value {
        self.text.as_str().into()
    }
}

impl RawLogin {
    /// The path as the registry compares it with others.
    #[must_use]
    pub fn path(&self) -> &OwnPath {
        &self.path
    }

    /// Compiles it, the field `login` of the config.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(self, env: &Env) -> Result<Login, ConfigErrors> {
        let mut errors = self.check().under("login");
        // A secret remembers its place.
        let secret = errors.take(self.key.resolve(env));
        let secret = secret.filter(|_| Signer::offers(self.algorithm));
        let signer =
            secret.map(|secret| Signer::new(&secret, self.algorithm).map_err(|error| error.under("login.key")));
        let signer = signer.and_then(|signer| errors.take(signer));
        let Some(signer) = signer else { return Err(errors) };
        errors.into_result(Login {
            path: self.path,
            hosts: self.hosts,
            claims: self.claims.into_iter().map(|claim| claim.pointer).collect(),
            ttl: self.ttl,
            issuer: self.issuer,
            audience: self.audience,
            signer,
            max_body: self.max_body.len(),
            hold_head: self.hold_head,
        })
    }

    /// What is wrong but for the key.
    fn check(&self) -> ConfigErrors {
        let mut errors = ConfigErrors::new();
        if self.hosts.as_ref().is_some_and(Vec::is_empty) {
            errors.push(ConfigError::expected("hosts", "at least one entry", "none"));
        }
        if self.claims.is_empty() {
            errors.push(ConfigError::invalid("claims", "needs at least one: the first names the user"));
        }
        for (index, claim) in self.claims.iter().enumerate() {
            let name = claim.pointer.name();
            let message = if name.is_empty() {
                "a claim is called by the last name, and here that is empty".to_owned()
            } else if RESERVED.contains(&name) {
                format!("{} would be the claim {name:?}, which comes from the gateway alone", quoted(&claim.text))
            } else if let Some(first) = self.claims.iter().position(|other| other.pointer.name() == name)
                && first < index
            {
                format!("the name {name:?} is taken by claims[{first}]")
            } else {
                continue;
            };
            errors.push(ConfigError::invalid(format!("claims[{index}]"), message));
        }
        if !Signer::offers(self.algorithm) {
            let expected = "one of HS256, HS384, HS512: the gateway signs with a shared secret";
            errors.push(ConfigError::expected("algorithm", expected, quoted(self.algorithm.name())));
        }
        if self.max_body.is_empty() || self.max_body > MOST {
            let expected = "at least one byte and at most \"1MiB\"";
            errors.push(ConfigError::expected("max_body", expected, format!("{} bytes", self.max_body.bytes())));
        }
        errors
    }
}

#[cfg(test)]
mod tests;
