//! What the upstream is told of the consumer, and what no client may tell it.
//!
//! The upstream believes certain headers: those of the identity, and those that a token's claims and payload are written
//! to. Before anything is decided, and in every mode, they are taken out of the client's request in any spelling that
//! some server reads as the same name. They are written only for a request that is let in.

use sluicegate_common::config::{FromConfig, HeaderName};
use sluicegate_common::head::{ConfigName, EditError, Name, RequestHead};
use sluicegate_common::identity::{Identity, remove_spellings};

use crate::principal::Principal;

/// The names of the identity's headers as config gives them.
#[derive(Debug, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawIdentityHeaders {
    /// The consumer's id.
    #[config(default, shown = "\"x-consumer-id\"")]
    consumer_id: Option<HeaderName>,
    /// Its groups, joined by commas.
    #[config(default, shown = "\"x-consumer-groups\"")]
    consumer_groups: Option<HeaderName>,
    /// The `id` of the API key or the user's name.
    #[config(default, shown = "\"x-credential-id\"")]
    credential_id: Option<HeaderName>,
}

/// The headers that tell the upstream who calls.
#[derive(Debug)]
struct IdentityHeaders {
    consumer_id: Name,
    consumer_groups: Name,
    credential_id: Name,
}

impl From<RawIdentityHeaders> for IdentityHeaders {
    fn from(raw: RawIdentityHeaders) -> Self {
        let name = |given: Option<HeaderName>, default: &'static str| match given {
            Some(given) => Name::Owned(given.into_string()),
            None => Name::Borrowed(default),
        };
        Self {
            consumer_id: name(raw.consumer_id, "x-consumer-id"),
            consumer_groups: name(raw.consumer_groups, "x-consumer-groups"),
            credential_id: name(raw.credential_id, "x-credential-id"),
        }
    }
}

/// The headers that only this filter writes.
#[derive(Debug)]
pub struct Forward {
    identity: IdentityHeaders,
    /// All of them, those of tokens included.
    reserved: Vec<Name>,
}

impl Forward {
    /// `of_tokens` are the headers that authenticators write.
    pub fn new(raw: RawIdentityHeaders, of_tokens: impl Iterator<Item = String>) -> Self {
        let identity = IdentityHeaders::from(raw);
        let mut reserved =
            vec![identity.consumer_id.clone(), identity.consumer_groups.clone(), identity.credential_id.clone()];
        reserved.extend(of_tokens.map(Name::Owned));
        Self { identity, reserved }
    }

    /// The fields of the identity and their headers.
    #[must_use]
    pub fn identity_headers(&self) -> [(&'static str, &str); 3] {
        [
            ("consumer_id", &self.identity.consumer_id),
            ("consumer_groups", &self.identity.consumer_groups),
            ("credential_id", &self.identity.credential_id),
        ]
    }

    /// Takes out of a client's request what only this filter says.
    ///
    /// # Errors
    /// See [`remove_spellings`]: none for the names of headers.
    pub fn cleanse(&self, head: &mut RequestHead<'_>) -> Result<(), EditError> {
        remove_spellings(&self.reserved, head)
    }

    /// Tells the upstream who calls.
    ///
    /// # Errors
    /// A value that no header can have. Configuration and verified tokens were checked for it.
    pub fn tell(&self, principal: &Principal, head: &mut RequestHead<'_>) -> Result<(), EditError> {
        self.tell_identity(&principal.identity, head)?;
        let headers = principal.token.iter().flat_map(|token| &token.headers);
        headers.into_iter().try_for_each(|(name, value)| head.set(ConfigName(name), value))
    }

    fn tell_identity(&self, identity: &Identity, head: &mut RequestHead<'_>) -> Result<(), EditError> {
        let headers = [
            (&self.identity.consumer_id, identity.id()),
            (&self.identity.consumer_groups, identity.group_list()),
            (&self.identity.credential_id, identity.credential()),
        ];
        let told = headers.into_iter().filter(|(_, value)| !value.is_empty());
        told.into_iter().try_for_each(|(name, value)| head.set(ConfigName(name), value))
    }
}
