//! Users as the config says them.

use std::collections::BTreeMap;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{
    ConfigError, ConfigErrors, Env, FromConfig, RawSecretOrDigest, SecretOrDigest, Sha256, Text, Whole, check_unique,
    one_key,
};
use sluicegate_common::identity::Identity;

use super::password::{Bcrypt, Password, Pbkdf2, SlowHash};
use super::rate::Rate;
use super::remembered::{Remembered, TagKey};
use super::{Account, Basic, User};
use crate::api_key::digest;

/// An authenticator of type `basic`, without its `type`. Errors tell places in that object, so it is read by itself
/// ([`read`](sluicegate_common::config::read)).
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawBasic {
    /// `{username, consumer, password}`, may be empty. `password` is a secret, `{"sha256": ".."}`, `{"bcrypt":
    /// "$2b$10$.."}` (cost 4 to 10) or `{"pbkdf2": "$pbkdf2-sha256$i=100000$.."}` (or `sha512`; 10,000 to 100,000
    /// iterations; PHC form).
    users: Vec<RawUser>,
    /// How many bcrypt and PBKDF2 hashes may begin in a second, in each VM. More is 429 before anything is hashed.
    #[config(default, shown = "2")]
    slow_hash_rate: Option<Whole<1, 100>>,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawUser {
    /// As the client says it, unique.
    username: Username,
    /// Whose it is.
    consumer: String,
    /// A secret, its SHA-256 digest, or a hash: bcrypt of cost 4 to 10, PBKDF2 of 10,000 to 100,000 iterations.
    password: RawPassword,
}

#[derive(Debug)]
struct Username(String);

impl Text for Username {
    const EXPECTED: &'static str = "a user name without a colon or control characters (RFC 7617 section 2)";

    fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && !text.chars().any(|c| c == ':' || c.is_ascii_control());
        fits.then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(Username);
sluicegate_common::described_text!(Username: "name");

enum RawPassword {
    Fast(RawSecretOrDigest),
    Slow(SlowHash),
}

impl std::fmt::Debug for RawPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[password]")
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for RawPassword {
    fn schema() -> serde_json::Value {
        use sluicegate_common::describe::{Field, one_key};

        let slow = [Field::of::<Bcrypt>("bcrypt", "", None), Field::of::<Pbkdf2>("pbkdf2", "", None)];
        one_key(&RawSecretOrDigest::fields().into_iter().chain(slow).collect::<Vec<_>>())
    }

    fn kind() -> String {
        "secret, digest or hash".into()
    }
}

/// `{"value" | "env" | "sha256" | "bcrypt" | "pbkdf2": ".."}`.
impl Deserr<ConfigErrors> for RawPassword {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["value", "env", "sha256", "bcrypt", "pbkdf2"])?;
        let inside = location.push_key(key);
        match key {
            "bcrypt" => Bcrypt::deserialize_from_value(value, inside).map(|hash| Self::Slow(SlowHash::Bcrypt(hash))),
            "pbkdf2" => {
                Pbkdf2::deserialize_from_value(value, inside).map(|hash| Self::Slow(SlowHash::Pbkdf2(Box::new(hash))))
            }
            _ => RawSecretOrDigest::of_key(key, value, location).map(Self::Fast),
        }
    }
}

impl RawBasic {
    /// Digests what is to be digested.
    ///
    /// # Errors
    /// An environment variable is missing; a user name stands there twice; a password could not be shown.
    pub fn compile(self, env: &Env) -> Result<Basic, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let usernames = self.users.iter().map(|user| user.username.0.as_str());
        errors.take(check_unique("users", "username", usernames));
        let mut accounts: BTreeMap<[u8; 32], Account> = BTreeMap::new();
        for (index, raw) in self.users.into_iter().enumerate() {
            let Some(account) = errors.take(raw.compile(&format!("users[{index}]"), env)) else { continue };
            accounts.insert(digest(account.user.username.as_bytes()), account);
        }
        let hashes = accounts.values().filter_map(|account| account.password.slow());
        let dearest = hashes.max_by_key(|hash| hash.work()).cloned();
        let rate = self.slow_hash_rate.map_or(2, Whole::get);
        let rate = Rate::new(usize::try_from(rate).unwrap_or(usize::MAX));
        errors.into_result(Basic { accounts: accounts.into(), dearest, rate, key: TagKey::default() })
    }
}

impl RawUser {
    fn compile(self, path: &str, env: &Env) -> Result<Account, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let (Username(username), consumer) = (self.username, self.consumer);
        if let Err(error) = Identity::new(&consumer, "", &[], false) {
            errors.push(ConfigError::invalid(format!("{path}.consumer"), error.to_string()));
        }
        let password = match self.password {
            RawPassword::Slow(hash) => Some(Password::Slow(hash)),
            RawPassword::Fast(raw) => errors
                .take(raw.resolve(env))
                .and_then(|secret| errors.take(digest_of(&secret, path)))
                .map(Password::Fast),
        };
        match password {
            Some(password) => {
                let user = User { username, consumer, principal: Default::default() };
                errors.into_result(Account { user, password, remembered: Remembered::default() })
            }
            None => Err(errors),
        }
    }
}

fn digest_of(password: &SecretOrDigest, path: &str) -> Result<Sha256, ConfigError> {
    match password {
        SecretOrDigest::Digest(digest) => Ok(*digest),
        SecretOrDigest::Secret(secret) if secret.expose().iter().any(u8::is_ascii_control) => {
            let message = "cannot be shown: there is a control character in it (RFC 7617 section 2)";
            Err(ConfigError::invalid(format!("{path}.password"), message))
        }
        SecretOrDigest::Secret(secret) => Ok(Sha256(digest(secret.expose()))),
    }
}
