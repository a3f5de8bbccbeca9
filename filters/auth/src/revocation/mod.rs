//! Tokens that are refused although they are good: logged out, or named in the config.
//!
//! 1. A token is known by its issuer's name and its `jti`; without one by the SHA-256 of its signing input. Empty
//!    claims count as absent.
//! 2. What is revoked at run time stands in a table that all workers of the process share: 256 buckets of 16 entries.
//!    Every token of a subject has the same bucket, so that one is read per check. A subject is the issuer's name and
//!    `sub`; without `sub` the consumer's id, where a claim that config names tells bearers apart. Whose tokens have
//!    neither can fill the table by logging out.
//! 3. An entry lives until its token has expired for every authenticator (`exp` and the greatest clock skew), and is
//!    never dropped before. A token without `exp` is never forgotten, and its place never free again.
//! 4. A subject has 8 entries at most. One more, and all become one: what was issued to the subject no later than the
//!    latest of them is refused. Tokens that do not say when they were issued are refused as well, new ones too. The
//!    entry lives as long as any that it replaces, and where the issuer has a `max_lifetime` as long as any token it
//!    refuses. Without one, a token of the subject that was issued before, was not itself revoked and outlives all that
//!    were, is let in again after that.
//! 5. A full bucket takes no more: the error says so, and nothing is forgotten. With 1,000 entries of different subjects
//!    in the table, one revocation in 270,000 finds its bucket full; with 1,500 one in 2,500, with 2,000 one in 150.
//! 6. Places are chosen by a hash with a secret seed, made by the first revocation of the process: who can have tokens
//!    made for themselves cannot choose whom they share a bucket with.
//! 7. Whoever checked a token need not do so again until [`Revocation::mark`] has moved. [`Revocation::revoke`] writes
//!    the table, then moves it; who checks reads the mark first, and keeps it with the token. So a check that missed the
//!    entry has a mark that is about to move.
//! 8. What cannot be read or written is an error, never "not revoked".
//!
//! Scope: one proxy process, across reloads of the config, until a restart. Kong's engine may evict entries when the
//! zone of its shared data is full: give it 300 KB more than all else needs.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::seldom::Seldom;
use sluicegate_common::store::StoreError;
use sluicegate_common::time::Nanos;

mod bucket;
mod config;
mod epoch;
mod table;

pub use config::RawRevocation;
pub use epoch::Mark;

use crate::logout::Logout;
use epoch::Epoch;

/// What is revoked, and how to revoke more.
#[derive(Debug)]
pub struct Revocation {
    inline: Inline,
    logout: Option<Logout>,
    /// The greatest of all authenticators.
    clock_skew: Duration,
    epoch: Epoch,
    seldom: Seldom,
}

/// What the config itself revokes, of all issuers.
#[derive(Debug)]
struct Inline {
    jti: BTreeSet<String>,
    sub: BTreeSet<String>,
    issued_before: Option<Nanos>,
}

/// What a verified token is known by. The values are those of its claims.
///
/// No `Debug`: it holds most of a token.
#[derive(Clone, Copy)]
pub struct TokenId<'a> {
    /// The name of the issuer's entry in the config.
    pub issuer: &'a str,
    /// `jti` (RFC 7519 section 4.1.7), if it is a string.
    pub jti: Option<&'a str>,
    /// `sub` (RFC 7519 section 4.1.2), if it is a string.
    pub sub: Option<&'a str>,
    /// The consumer's id, if a claim tells bearers apart: it stands for the subject where there is no `sub`.
    pub consumer: Option<&'a str>,
    /// `iat`.
    pub iat: Option<Nanos>,
    /// `exp`, the very time that was compared with the clock.
    pub exp: Option<Nanos>,
    /// The most that is accepted between `iat` and `exp` of this issuer's tokens, by whichever authenticator.
    pub max_lifetime: Option<Duration>,
    /// The bytes that were signed, all before the last dot (RFC 7515 section 5.1).
    pub signing_input: &'a [u8],
}

impl<'a> TokenId<'a> {
    fn jti(&self) -> Option<&'a str> {
        self.jti.filter(|jti| !jti.is_empty())
    }

    fn sub(&self) -> Option<&'a str> {
        self.sub.filter(|sub| !sub.is_empty())
    }
}

impl Revocation {
    /// Where one logs out, if anywhere.
    #[must_use]
    pub fn logout(&self) -> Option<&Logout> {
        self.logout.as_ref()
    }

    /// How far revocations have got. To be read before [`Revocation::is_revoked`] is asked.
    #[must_use]
    pub fn mark(&self, proxy: &dyn Proxy) -> Mark {
        self.epoch.mark(proxy)
    }

    /// Whether a verified token is refused. Costs two reads of shared data, one where nothing was ever revoked.
    ///
    /// # Errors
    /// The table could not be read: nobody knows.
    pub fn is_revoked(&self, proxy: &dyn Proxy, token: &TokenId<'_>, now: Nanos) -> Result<bool, RevocationError> {
        if self.inline.refuses(token) {
            return Ok(true);
        }
        table::contains(proxy.shared(), &self.unnamed(token), now).inspect_err(|error| self.tell(*error, now))
    }

    /// Revokes a verified token on every worker. Revoking it again changes nothing.
    ///
    /// # Errors
    /// The token may still be good, on all workers or on some.
    pub fn revoke(&self, proxy: &dyn Proxy, token: &TokenId<'_>, now: Nanos) -> Result<(), RevocationError> {
        self.enter(proxy, token, now).inspect_err(|error| self.tell(*error, now))
    }

    fn enter(&self, proxy: &dyn Proxy, token: &TokenId<'_>, now: Nanos) -> Result<(), RevocationError> {
        self.epoch.prepare(proxy).map_err(RevocationError::Epoch)?;
        table::insert(proxy, &self.unnamed(token), now)?;
        self.epoch.advance(proxy).map_err(RevocationError::Epoch)
    }

    /// Not every time: whoever has a token could fill the log with it. Metrics count each refusal.
    fn tell(&self, error: RevocationError, now: Nanos) {
        if self.seldom.is_due(now) {
            log::error!("auth: {error}");
        }
    }

    fn unnamed<'t>(&self, id: &'t TokenId<'t>) -> table::Unnamed<'t> {
        table::Unnamed {
            id,
            until: id.exp.map_or(Nanos(u64::MAX), |exp| exp.plus(self.clock_skew)),
            lifetime: id.max_lifetime.map(|lifetime| lifetime.saturating_add(self.clock_skew)),
        }
    }
}

impl Inline {
    fn refuses(&self, token: &TokenId<'_>) -> bool {
        let too_old = |before: Nanos| token.iat.is_none_or(|iat| iat < before);
        token.jti().is_some_and(|jti| self.jti.contains(jti))
            || token.sub().is_some_and(|sub| self.sub.contains(sub))
            || self.issued_before.is_some_and(too_old)
    }
}

/// Why nobody knows whether a token is revoked, or why it could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationError {
    /// The token's bucket holds 16 others that have not expired.
    Full,
    /// The store failed.
    Store(StoreError),
    /// The table was written by something else.
    Unreadable,
    /// The host has no random numbers for the seed.
    Random(Status),
    /// Other workers cannot be told.
    Epoch(Status),
}

impl fmt::Display for RevocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("no room in the table of revocations"),
            Self::Store(error) => write!(f, "table of revocations: {error}"),
            Self::Unreadable => f.write_str("table of revocations: written by something else"),
            Self::Random(status) => write!(f, "seed of the table of revocations: {status}"),
            Self::Epoch(status) => write!(f, "counter of revocations: {status}"),
        }
    }
}

impl std::error::Error for RevocationError {}

impl From<StoreError> for RevocationError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<bucket::Unreadable> for RevocationError {
    fn from(_: bucket::Unreadable) -> Self {
        Self::Unreadable
    }
}

impl From<bucket::Full> for RevocationError {
    fn from(_: bucket::Full) -> Self {
        Self::Full
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
