//! A map by digests that does not tell by time what it holds.

use std::collections::BTreeMap;
use std::fmt;

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// A digest as words, the most significant first: they compare as its bytes do.
type Words = [u64; 4];

/// A map by SHA-256 digests. A look-up takes as many steps, and the same ones, whether the digest is there or not and
/// whichever it is: about log2 of their number.
pub struct DigestMap<T> {
    /// Sorted.
    digests: Vec<Words>,
    /// Of the digest at the same place.
    values: Vec<T>,
}

impl<T> DigestMap<T> {
    /// The value of `digest`.
    #[must_use]
    pub fn get(&self, digest: &[u8; 32]) -> Option<&T> {
        let wanted = words(digest);
        let (mut at, mut left) = (0_u32, u32::try_from(self.digests.len()).unwrap_or(u32::MAX));
        // All below `at` is smaller than `wanted`, all from `at + left` on is greater.
        while left > 1 {
            let half = left.wrapping_shr(1);
            let middle = at.wrapping_add(half);
            at = u32::conditional_select(&middle, &at, less(&wanted, self.digest(middle)));
            left = left.wrapping_sub(half);
        }
        let found: bool = self.digest(at).as_slice().ct_eq(wanted.as_slice()).into();
        if found { self.values.get(at as usize) } else { None }
    }

    fn digest(&self, at: u32) -> &Words {
        self.digests.get(at as usize).unwrap_or(&[0; 4])
    }
}

impl<T> From<BTreeMap<[u8; 32], T>> for DigestMap<T> {
    fn from(sorted: BTreeMap<[u8; 32], T>) -> Self {
        let (digests, values) = sorted.into_iter().map(|(digest, value)| (words(&digest), value)).unzip();
        Self { digests, values }
    }
}

/// How many, and none of them: a digest of a weak secret gives it away.
impl<T> fmt::Debug for DigestMap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestMap({})", self.digests.len())
    }
}

fn words(digest: &[u8; 32]) -> Words {
    let (chunks, _) = digest.as_chunks::<8>();
    let mut words = [0; 4];
    words.iter_mut().zip(chunks).for_each(|(word, chunk)| *word = u64::from_be_bytes(*chunk));
    words
}

/// Whether `one` is less than `other`: the borrow of a subtraction, which takes every word and no branch.
fn less(one: &Words, other: &Words) -> Choice {
    let borrow = one.iter().zip(other).rev().fold(false, |borrow, (one, other)| {
        let (difference, under) = one.overflowing_sub(*other);
        under | difference.overflowing_sub(u64::from(borrow)).1
    });
    Choice::from(u8::from(borrow))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
