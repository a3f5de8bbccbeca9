//! The keys of a table in shared data.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sluicegate_common::store::{crc32, digest};

use super::{Fingerprint, Shape};

/// All keys of a table, made once.
#[derive(Debug)]
pub(super) struct Names {
    seed: String,
    /// What all buckets begin with.
    prefix: String,
    /// One behind the other, of equal length.
    buckets: String,
    length: usize,
    count: u32,
}

impl Names {
    /// Names that leave out every CRC-32 in `taken`, and then stand there themselves.
    pub(super) fn new(id: &str, expression: &str, shape: Shape, taken: &mut BTreeSet<u32>) -> Self {
        let [a, b, c, d, ..] = digest(b"sluicegate/table", &[expression.as_bytes()]);
        let expression = u32::from_be_bytes([a, b, c, d]);
        let Shape { buckets: count, ways } = shape;
        // The seed is of all tables with this id.
        let seed = format!("sg:rl:{id}:seed");
        taken.insert(crc32(&seed));
        let prefix = format!("sg:rl:{id}:{expression:08x}:{count}x{ways}:");
        let (mut name, mut buckets) = (prefix.clone(), String::new());
        let mut left = count;
        for number in 0..u32::MAX {
            if left == 0 {
                break;
            }
            name.truncate(prefix.len());
            let _ = write!(name, "{number:06x}");
            if taken.insert(crc32(&name)) {
                buckets.push_str(&name);
                left = left.saturating_sub(1);
            }
        }
        Self { seed, prefix, buckets, length: name.len().max(1), count }
    }

    pub(super) fn seed(&self) -> &str {
        &self.seed
    }

    /// What to call the table in a log.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// All buckets.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|number| self.bucket(number))
    }

    /// The bucket of a key.
    pub(super) fn of(&self, key: &Fingerprint) -> &str {
        let [a, b, c, d, ..] = *key;
        self.bucket(u32::from_le_bytes([a, b, c, d]).checked_rem(self.count).unwrap_or(0))
    }

    fn bucket(&self, number: u32) -> &str {
        let start = usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(self.length);
        self.buckets.get(start..start.saturating_add(self.length)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
