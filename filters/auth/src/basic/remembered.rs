//! That a password was right a short time ago.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::time::Nanos;
use subtle::ConstantTimeEq as _;

/// How long a password is remembered.
pub const LIFE: Duration = Duration::from_secs(60);

/// What a password is remembered by: HMAC-SHA-256 under a key of this VM. Who reads it learns nothing of the password
/// without the key, and cannot try passwords at leisure.
pub type Tag = [u8; 32];

/// The key, made when first needed.
#[derive(Default)]
pub struct TagKey(OnceCell<[u8; 32]>);

impl TagKey {
    /// The tag of `password`; `None` where the host has no random generator, and nothing can be remembered.
    pub fn tag(&self, password: &[u8], proxy: &dyn Proxy) -> Option<Tag> {
        let key = match self.0.get() {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                proxy.random(&mut key).ok()?;
                self.0.get_or_init(|| key)
            }
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(password);
        Some(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The password that one user showed last, and when it was found to be right.
#[derive(Default)]
pub struct Remembered(Cell<Option<(Tag, Nanos)>>);

impl Remembered {
    /// Whether that is the password of this tag, and it is not longer ago than [`LIFE`].
    pub fn holds(&self, tag: &Tag, now: Nanos) -> bool {
        self.0.get().is_some_and(|(known, then)| {
            let same: bool = known.as_slice().ct_eq(tag.as_slice()).into();
            same && then <= now && now.since(then) < LIFE
        })
    }

    /// The password of this tag was right at `now`.
    pub fn remember(&self, tag: Tag, now: Nanos) {
        self.0.set(Some((tag, now)));
    }
}
