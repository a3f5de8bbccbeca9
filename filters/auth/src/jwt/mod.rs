//! The authenticator of JSON Web Tokens (RFC 7515, 7519, 8725).
//!
//! What is cheap comes first, so that a token that is no good costs no signature and fetches no keys:
//!
//! 1. Size, form and header ([`Token::parse`]), then `typ`, where config names one (RFC 8725 section 3.11).
//! 2. `iss` chooses the issuer entry (RFC 8725 section 3.8): the one with this `issuer`, else the one without any. With
//!    `key_claim` that claim chooses it by its name instead, and an `issuer` it has must be the token's.
//! 3. `aud`, `exp`, `nbf`, `iat`; then `require_claims`, `max_lifetime`, and the types of `sub` and `jti`.
//! 4. `alg` must be one of the entry's `algorithms`; `alg` and `kid` leave some of its keys.
//! 5. The signature is one of these keys'.
//! 6. Who the bearer is, and what the upstream is told: only what can be told without changing it.

pub(crate) mod cache;
pub(crate) mod claim_header;
pub(crate) mod config;
mod consumer;
mod issuer;
mod registered;
pub mod remote;

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use sluicegate_common::config::{Object, Pointer};
use sluicegate_common::time::Nanos;

use crate::jose::{KeySet, Token};
use crate::reason::Reason;
use claim_header::ClaimHeader;
pub use claim_header::UpstreamHeader;
pub use config::RawJwt;
pub use consumer::Named;
pub use issuer::Issuer;
pub use registered::Times;

/// An authenticator.
#[derive(Debug, Clone)]
pub struct Jwt {
    issuers: Vec<Issuer>,
    /// By its value the issuer entry is chosen.
    key_claim: Option<Pointer>,
    /// Bytes.
    max_token_size: usize,
    /// The `typ` that a token must have, without `application/`.
    media_type: Option<String>,
    clock_skew: Duration,
    require_claims: Vec<String>,
    max_lifetime: Option<Duration>,
    claims_to_headers: Vec<ClaimHeader>,
    forward_payload_header: Option<Rc<str>>,
}

/// The keys that are published under a number ([`Keys::Remote`](issuer::Keys::Remote)), if they were fetched.
pub type RemoteKeys<'a> = &'a dyn Fn(usize) -> Option<Rc<KeySet>>;

/// A token that is good: all of it may be believed.
#[derive(Clone)]
pub struct Verified {
    /// The name of the issuer entry.
    pub issuer: Rc<str>,
    /// Which one of the published sets had the key, if any.
    pub remote: Option<usize>,
    /// Whose it is.
    pub consumer: Named,
    /// The bearer's groups.
    pub groups: Vec<String>,
    /// `exp`, `nbf`, `iat`.
    pub times: Times,
    /// The claims.
    pub claims: Object,
    /// What the upstream is told.
    pub headers: Vec<UpstreamHeader>,
}

/// Why a token is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unverified {
    /// It never will be.
    Refused(Reason),
    /// The published keys were not fetched yet. Nothing else is wrong with the token so far.
    NoKeys {
        /// Which ones.
        source: usize,
    },
    /// The published keys have none of this name, but may since have got one. Nothing else is wrong so far.
    UnknownKid {
        /// Which ones.
        source: usize,
        /// The name.
        kid: String,
    },
}

impl From<Reason> for Unverified {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl Jwt {
    /// Judges a token: the bytes between the scheme and the end of the credential.
    ///
    /// # Errors
    /// [`Unverified`]. If it is for want of keys, the same call is to be made again when there are others.
    pub fn verify(&self, token: &[u8], now: Nanos, remote: RemoteKeys<'_>) -> Result<Verified, Unverified> {
        let token = Token::parse(token, self.max_token_size)?;
        self.check_media_type(&token)?;
        let issuer = self.issuer_of(token.claims())?;
        let times = self.check_claims(issuer, token.claims(), now)?;
        issuer.check_signature(&token, remote)?;
        let claims = token.claims();
        Ok(Verified {
            issuer: Rc::clone(issuer.name()),
            remote: issuer.remote(),
            consumer: issuer.consumer(claims)?,
            groups: issuer.groups(claims)?,
            times,
            headers: self.headers(&token)?,
            claims: token.into_claims(),
        })
    }

    /// The entries of `issuers`.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// How far the issuers' clocks may be off.
    #[must_use]
    pub fn clock_skew(&self) -> Duration {
        self.clock_skew
    }

    /// The most that is accepted between `iat` and `exp`.
    #[must_use]
    pub fn max_lifetime(&self) -> Option<Duration> {
        self.max_lifetime
    }

    /// The headers that tell the upstream about a token: no client's own may reach it.
    pub fn header_names(&self) -> impl Iterator<Item = &Rc<str>> {
        self.claims_to_headers.iter().map(|header| &header.name).chain(&self.forward_payload_header)
    }

    fn check_media_type(&self, token: &Token<'_>) -> Result<(), Reason> {
        let Some(expected) = &self.media_type else { return Ok(()) };
        let same = token.media_type().is_some_and(|found| short(found).eq_ignore_ascii_case(expected));
        if same { Ok(()) } else { Err(Reason::Malformed) }
    }

    fn issuer_of(&self, claims: &Object) -> Result<&Issuer, Reason> {
        let issuer = registered::text(claims, "iss")?;
        let of_issuer = |entry: &&Issuer| entry.issuer.is_some() && entry.issuer.as_deref() == issuer;
        let of_any = |entry: &&Issuer| entry.issuer.is_none();
        let entry = match &self.key_claim {
            None => self.issuers.iter().find(of_issuer).or_else(|| self.issuers.iter().find(of_any)),
            Some(claim) => {
                let name = claim.find(claims).and_then(Value::as_str);
                let named = self.issuers.iter().find(|entry| name == Some(&*entry.name));
                named.filter(|entry| of_issuer(entry) || of_any(entry))
            }
        };
        entry.ok_or(Reason::WrongIssuer)
    }

    fn check_claims(&self, issuer: &Issuer, claims: &Object, now: Nanos) -> Result<Times, Reason> {
        registered::check_audience(claims, &issuer.audiences)?;
        let times = Times::of(claims)?;
        times.check(now, self.clock_skew)?;
        if self.require_claims.iter().any(|name| claims.get(name).is_none_or(Value::is_null)) {
            return Err(Reason::Malformed);
        }
        if let Some(max) = self.max_lifetime {
            times.check_lifetime(max)?;
        }
        registered::text(claims, "sub")?;
        registered::text(claims, "jti")?;
        Ok(times)
    }

    fn headers(&self, token: &Token<'_>) -> Result<Vec<UpstreamHeader>, Reason> {
        let mut headers = Vec::with_capacity(self.header_names().count());
        for header in &self.claims_to_headers {
            headers.push(header.of(token.claims())?);
        }
        if let Some(name) = &self.forward_payload_header {
            let value = String::from_utf8_lossy(token.payload()).into_owned();
            headers.push(UpstreamHeader { name: Rc::clone(name), value: Some(value) });
        }
        Ok(headers)
    }
}

/// A media type without `application/`, which `typ` may leave out (RFC 7515 section 4.1.9).
fn short(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

/// Without the claims.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
