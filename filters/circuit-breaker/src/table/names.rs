//! The keys of a table in shared data.

use std::collections::BTreeSet;

use sluicegate_common::store::crc32;

/// All keys of a table, made once. A larger table with the same id has the same keys, and more.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) other: String,
    pub(super) slots: Vec<String>,
}

impl Names {
    pub(super) fn new(id: &str, slots: u32) -> Self {
        let other = format!("sg:cb:{id}:other");
        // Kong's engine knows keys by their CRC-32 alone: a number whose key would be another's is left out.
        let mut taken = BTreeSet::from([crc32(&other)]);
        let all = (0..u32::MAX).map(|number| format!("sg:cb:{id}:{number}"));
        let distinct = all.filter(|key| taken.insert(crc32(key)));
        let slots = distinct.take(usize::try_from(slots).unwrap_or(usize::MAX)).collect();
        Self { other, slots }
    }

    /// What to call the table in a log.
    pub(super) fn prefix(&self) -> &str {
        self.other.strip_suffix(":other").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
