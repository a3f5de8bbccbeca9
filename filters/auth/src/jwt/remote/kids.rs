//! Names of keys that tokens use and no published key has.

use std::cell::RefCell;
use std::collections::VecDeque;

use sluicegate_common::store::digest;

use crate::jose::KeySet;

/// How many names are remembered.
pub const MOST: usize = 64;

type Fingerprint = [u8; 16];

/// The names, as fingerprints: whoever sends tokens chooses their length.
#[derive(Debug, Default)]
pub struct Kids {
    /// Those for which the next fetch is made.
    asked: RefCell<Vec<Fingerprint>>,
    /// Those that a fetch did not bring, the latest last.
    missing: RefCell<VecDeque<Fingerprint>>,
}

impl Kids {
    /// Whether a fetch was made for it and did not bring it.
    #[must_use]
    pub fn is_missing(&self, kid: &str) -> bool {
        self.missing.borrow().contains(&fingerprint(kid))
    }

    /// The next fetch is made for this one, too.
    pub fn ask(&self, kid: &str) {
        let mut asked = self.asked.borrow_mut();
        let kid = fingerprint(kid);
        if asked.len() < MOST && !asked.contains(&kid) {
            asked.push(kid);
        }
    }

    /// A fetch has brought these keys; without keys: it has failed, and tells nothing.
    pub fn settle(&self, keys: Option<&KeySet>) {
        let asked = std::mem::take(&mut *self.asked.borrow_mut());
        let Some(keys) = keys else { return };
        let mut missing = self.missing.borrow_mut();
        let has = |kid: &Fingerprint| keys.iter().filter_map(|key| key.kid()).any(|known| fingerprint(known) == *kid);
        for kid in asked.into_iter().filter(|kid| !has(kid)) {
            if missing.len() >= MOST {
                missing.pop_front();
            }
            missing.push_back(kid);
        }
    }

    /// There are other keys.
    pub fn forget(&self) {
        self.missing.borrow_mut().clear();
    }
}

fn fingerprint(kid: &str) -> Fingerprint {
    digest(b"sluicegate/kids.", &[kid.as_bytes()])
}

#[cfg(test)]
mod tests;
