//! User names and passwords (RFC 7617).
//!
//! 1. What is shown is base64 with padding (RFC 4648 section 4) of `<user name>:<password>`, both of at least one byte,
//!    without control characters (RFC 7617 section 2). The first colon ends the name.
//! 2. Users are found by digest ([`DigestMap`]); a password that is kept in the clear or as a SHA-256 digest is compared
//!    by digest, in constant time. That of an unknown user is digested and compared as well.
//! 3. Hashes that are slow by design (bcrypt, PBKDF2) block the worker while they are computed. So a password that was
//!    right is remembered for [`LIFE`](remembered::LIFE) by its tag, and no more than `slow_hash_rate` hashes are begun
//!    in any second, for all users of this authenticator together. Who comes later is refused before anything is hashed,
//!    with a right password too.
//! 4. Where any user has a slow hash, an unknown user costs as much as the dearest of them, and counts for the rate. So
//!    does a wrong password of a user without a slow hash.
//!
//! **Deployment**: use one kind of hash and one cost for all users: a refusal of who has a cheaper one comes sooner than
//! that of an unknown user, and so tells that there is such a user.
//!
//! Not supported: other character sets than that of the config (`charset` of RFC 7617 section 2.1); bcrypt reads 72
//! bytes of a password and no more.

mod password;
mod rate;
mod raw;
mod remembered;
mod shown;

use std::fmt;
use std::hint::black_box;

use sluicegate_common::config::Sha256;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::time::Nanos;

pub use raw::RawBasic;

use crate::api_key::{DigestMap, digest};
use crate::principal::Ready;
use crate::reason::Reason;
use password::{Password, SlowHash};
use rate::Rate;
use remembered::{Remembered, TagKey};
use shown::Shown;

/// The users of an authenticator, and what this VM knows of their passwords.
#[derive(Debug)]
pub struct Basic {
    accounts: DigestMap<Account>,
    /// What is computed for whoever has no slow hash; `None` where nobody has one.
    dearest: Option<SlowHash>,
    rate: Rate,
    key: TagKey,
}

/// Who has a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name that is shown.
    pub username: String,
    /// The id of the consumer.
    pub consumer: String,
    /// Whom it names.
    pub principal: Ready,
}

struct Account {
    user: User,
    password: Password,
    remembered: Remembered,
}

/// What the password of an unknown user is compared with: no text has this digest, as far as anybody knows.
static NOBODYS: Password = Password::Fast(Sha256([0; 32]));

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.user.fmt(f)
    }
}

impl Basic {
    /// Whose name and password `credentials` are, which is what stands behind `Basic `.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: they are no name and password, or above [`MAX_CREDENTIALS`](shown::MAX_CREDENTIALS). [`Reason::UnknownKey`]: the
    /// user does not exist, or the password is another. [`Reason::TooManyAttempts`]: it was not looked.
    pub fn verify(&self, credentials: &[u8], now: Nanos, proxy: &dyn Proxy) -> Result<&User, Reason> {
        let shown = Shown::decode(credentials).ok_or(Reason::Malformed)?;
        let (username, password) = shown.parts().ok_or(Reason::Malformed)?;
        let account = self.accounts.get(&digest(username));
        // Digested and compared for nobody, too: the client chooses how long that takes.
        let right = black_box(account.map_or(&NOBODYS, |account| &account.password)).has_digest(&digest(password));
        if let Some(account) = account.filter(|_| right) {
            return Ok(&account.user);
        }
        let dearest = self.dearest.as_ref().ok_or(Reason::UnknownKey)?;
        let tag = self.key.tag(password, proxy);
        if let Some((account, tag)) = account.zip(tag)
            && account.remembered.holds(&tag, now)
        {
            return Ok(&account.user);
        }
        if !self.rate.try_begin(now) {
            return Err(Reason::TooManyAttempts);
        }
        let slow = account.and_then(|account| Some((account, account.password.slow()?)));
        // Computed for nobody, too: what is not used must not be left out.
        let right = black_box(slow.map_or(dearest, |(_, hash)| hash).verify(password));
        let (account, _) = slow.filter(|_| right).ok_or(Reason::UnknownKey)?;
        if let Some(tag) = tag {
            account.remembered.remember(tag, now);
        }
        Ok(&account.user)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
