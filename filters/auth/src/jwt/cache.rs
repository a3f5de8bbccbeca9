//! Tokens that were verified a short time ago, per VM.
//!
//! 1. 256 places, chosen by a hash with a seed of this VM; a newcomer takes the place of whoever is there. What a place
//!    holds is for the token it was made for alone: the whole token is compared.
//! 2. An entry dies when its token expires, after [`LIFE`], when the keys it was verified with have changed, and when
//!    the clock is put back behind its making.
//! 3. Failures are never kept, nor tokens above [`MAX_TOKEN`].
//! 4. A token that was found here may have been revoked since: [`Hit::mark`] says until when that was looked up.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::digest;
use sluicegate_common::time::Nanos;

use crate::revocation::Mark;

/// The longest token that is kept, bytes.
pub const MAX_TOKEN: usize = 2048;

/// The longest an entry lives.
pub const LIFE: Duration = Duration::from_secs(5 * 60);

const PLACES: usize = 256;

/// What verified tokens came to.
pub struct TokenCache<T> {
    /// Made when first needed. Secret: whoever knows it can push out others' tokens.
    seed: Cell<Option<[u8; 16]>>,
    /// None, or [`PLACES`].
    places: RefCell<Vec<Option<Entry<T>>>>,
}

/// A token, and the authenticator it was shown to.
#[derive(Clone, Copy)]
pub struct CacheKey<'a> {
    /// Which of the authenticators.
    pub authenticator: usize,
    /// The whole token.
    pub token: &'a [u8],
}

/// What is to be kept of a token that was just verified.
pub struct NewEntry<T> {
    /// What it came to.
    pub value: Rc<T>,
    /// The generation of the keys it was verified with.
    pub generation: u64,
    /// Read before the token was looked up among the revoked ones.
    pub mark: Mark,
    /// `exp`, if the token has one.
    pub expires: Option<Nanos>,
}

struct Entry<T> {
    hash: [u8; 16],
    authenticator: usize,
    token: Box<[u8]>,
    value: Rc<T>,
    generation: u64,
    mark: Mark,
    from: Nanos,
    until: Nanos,
}

/// A token that was found.
pub struct Hit<T> {
    /// What it came to.
    pub value: Rc<T>,
    /// Up to there it was not revoked.
    pub mark: Mark,
    place: usize,
}

impl<T> Default for TokenCache<T> {
    fn default() -> Self {
        Self { seed: Cell::new(None), places: RefCell::default() }
    }
}

impl<T> TokenCache<T> {
    /// What the token came to, if that still holds. `generation_of` tells the present generation of the keys behind a
    /// value. Allocates nothing.
    pub fn get(
        &self,
        key: CacheKey<'_>,
        generation_of: impl Fn(&T) -> u64,
        now: Nanos,
        proxy: &dyn Proxy,
    ) -> Option<Hit<T>> {
        if key.token.len() > MAX_TOKEN {
            return None;
        }
        let hash = self.hash(key, proxy)?;
        let mut places = self.places.try_borrow_mut().ok()?;
        let place = place_of(&hash);
        let slot = places.get_mut(place)?;
        let entry = slot.as_ref().filter(|entry| entry.is_of(key, &hash))?;
        if !entry.is_live(now) || entry.generation != generation_of(&entry.value) {
            *slot = None;
            return None;
        }
        Some(Hit { value: Rc::clone(&entry.value), mark: entry.mark, place })
    }

    /// Keeps what a token came to.
    pub fn put(&self, key: CacheKey<'_>, new: NewEntry<T>, now: Nanos, proxy: &dyn Proxy) {
        let until = new.expires.map_or(now.plus(LIFE), |expires| expires.min(now.plus(LIFE)));
        if key.token.len() > MAX_TOKEN || until <= now {
            return;
        }
        let Some(hash) = self.hash(key, proxy) else { return };
        let Ok(mut places) = self.places.try_borrow_mut() else { return };
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        if let Some(slot) = places.get_mut(place_of(&hash)) {
            let NewEntry { value, generation, mark, .. } = new;
            let (authenticator, token) = (key.authenticator, key.token.into());
            *slot = Some(Entry { hash, authenticator, token, value, generation, mark, from: now, until });
        }
    }

    /// Notes that the token was not revoked when it was looked up after `mark` was read.
    pub fn not_revoked(&self, hit: &Hit<T>, mark: Mark) {
        self.change(hit, |slot| {
            if let Some(entry) = slot {
                entry.mark = mark;
            }
        });
    }

    /// Drops a token that was found, and is revoked.
    pub fn forget(&self, hit: &Hit<T>) {
        self.change(hit, |slot| *slot = None);
    }

    /// Changes the entry of that hit, if it is still there.
    fn change(&self, hit: &Hit<T>, change: impl FnOnce(&mut Option<Entry<T>>)) {
        let Ok(mut places) = self.places.try_borrow_mut() else { return };
        let slot = places.get_mut(hit.place);
        let slot = slot.filter(|slot| slot.as_ref().is_some_and(|entry| Rc::ptr_eq(&entry.value, &hit.value)));
        if let Some(slot) = slot {
            change(slot);
        }
    }

    /// `None` where the host has no random numbers: then nothing is kept.
    fn hash(&self, key: CacheKey<'_>, proxy: &dyn Proxy) -> Option<[u8; 16]> {
        let seed = match self.seed.get() {
            Some(seed) => seed,
            None => {
                let mut seed = [0; 16];
                proxy.random(&mut seed).ok()?;
                self.seed.set(Some(seed));
                seed
            }
        };
        Some(digest(&seed, &[&key.authenticator.to_le_bytes(), key.token]))
    }
}

impl<T> Entry<T> {
    /// The hash goes first: how long the comparison of two tokens takes tells nothing about either.
    fn is_of(&self, key: CacheKey<'_>, hash: &[u8; 16]) -> bool {
        self.hash == *hash && self.authenticator == key.authenticator && *self.token == *key.token
    }

    fn is_live(&self, now: Nanos) -> bool {
        (self.from..self.until).contains(&now)
    }
}

/// There are as many places as a byte has values.
fn place_of(hash: &[u8; 16]) -> usize {
    let [first, ..] = hash;
    usize::from(*first)
}

/// Shows no token and no value.
impl<T> fmt::Debug for TokenCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
