//! API keys as the config says them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sluicegate_common::config::{
    ConfigError, ConfigErrors, Env, FromConfig, Name, RawSecretOrDigest, SecretOrDigest, check_unique,
};
use sluicegate_common::identity::Identity;
use sluicegate_common::time::Nanos;

use super::{ApiKeys, Credential, MAX_KEY, digest};

/// An authenticator of type `api_key`, without its `type` and `from`. Errors tell places in that object, so it is read
/// by itself ([`read`](sluicegate_common::config::read)).
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawApiKeys {
    /// `{id, consumer, key, not_before, expires_at}`, may be empty. `id` is no secret and unique. `key` is a secret or
    /// `{"sha256": "<64 hex digits>"}`; at most 8 KiB. The times may be left out.
    credentials: Vec<RawCredential>,
}

#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawCredential {
    /// Unique and no secret: the service is told it.
    id: Name,
    /// Whose the key is.
    consumer: String,
    /// A secret or its SHA-256 digest; at most 8 KiB, and random.
    key: RawSecretOrDigest,
    /// From when on it is valid.
    #[config(default)]
    not_before: Option<Nanos>,
    /// When it is not valid any more.
    #[config(default)]
    expires_at: Option<Nanos>,
}

impl RawApiKeys {
    /// Digests the keys.
    ///
    /// # Errors
    /// An environment variable is missing; an id or a key stands there twice; a key could not be shown; a time is over
    /// before it begins.
    pub fn compile(self, env: &Env) -> Result<ApiKeys, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let ids = self.credentials.iter().map(|credential| credential.id.as_str());
        errors.take(check_unique("credentials", "id", ids));
        let mut sorted: BTreeMap<[u8; 32], Credential> = BTreeMap::new();
        for (index, raw) in self.credentials.into_iter().enumerate() {
            let path = format!("credentials[{index}]");
            let Some((digest, credential)) = errors.take(raw.compile(&path, env)) else { continue };
            match sorted.entry(digest) {
                Entry::Vacant(free) => _ = free.insert(credential),
                Entry::Occupied(first) => {
                    let message = format!("is the key of {:?} as well", first.get().id);
                    errors.push(ConfigError::invalid(format!("{path}.key"), message));
                }
            }
        }
        errors.into_result(ApiKeys { credentials: sorted.into() })
    }
}

impl RawCredential {
    fn compile(self, path: &str, env: &Env) -> Result<([u8; 32], Credential), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let digest = errors.take(self.key.resolve(env)).and_then(|key| errors.take(digest_of(&key, path)));
        let (id, consumer) = (self.id.into_string(), self.consumer);
        if let Err(error) = Identity::new(&consumer, &id, &[], false) {
            errors.push(ConfigError::invalid(format!("{path}.consumer"), error.to_string()));
        }
        let (not_before, expires_at) = (self.not_before, self.expires_at);
        if not_before.zip(expires_at).is_some_and(|(from, end)| from >= end) {
            let message = "is not after \"not_before\": the key would never be valid";
            errors.push(ConfigError::invalid(format!("{path}.expires_at"), message));
        }
        let credential = Credential { id, consumer, not_before, expires_at, principal: Default::default() };
        match digest {
            Some(digest) => errors.into_result((digest, credential)),
            None => Err(errors),
        }
    }
}

fn digest_of(key: &SecretOrDigest, path: &str) -> Result<[u8; 32], ConfigError> {
    let key = match key {
        SecretOrDigest::Digest(digest) => return Ok(digest.0),
        SecretOrDigest::Secret(secret) => secret.expose(),
    };
    let invalid = |why: &'static str| Err(ConfigError::invalid(format!("{path}.key"), why));
    if key.len() > MAX_KEY {
        return invalid("is longer than 8 KiB");
    }
    if key.iter().any(|byte| byte.is_ascii_control() || *byte == b',') || key.trim_ascii() != key {
        return invalid("cannot be shown: there is a comma or a control character in it, or a blank around it");
    }
    Ok(digest(key))
}
