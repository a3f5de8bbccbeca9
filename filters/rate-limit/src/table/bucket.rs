//! What one bucket holds, and how that is written: the levels of some keys, and those of all others together.
//!
//! ```text
//! 0      8        9
//! | last | n tags | tag * n | level * n of the rest | (fingerprint | level * n) per key
//!
//! 0              16
//! | Level        | mark |     one level; numbers are little-endian, a mark is a byte
//! ```
//!
//! Invariant: the true level of every key, under every limit, is at most the one found here: that of its entry, or
//! else that of the rest. A limit that has no tag here is fresh under every key.

use sluicegate_common::time::Nanos;

use super::Tag;
use crate::quota::Level;

/// Where a key's levels are found: a keyed digest of its values.
pub(crate) type Fingerprint = [u8; 16];

/// The most tags that are written: those of a config, and as many of the one before.
const MAX_TAGS: usize = 32;

/// The mark of a level that may be another key's.
const INHERITED: u8 = 0x80;

/// A level, and what is known about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Held {
    pub(super) level: Level,
    /// How much of the limit was used when something was last taken, 0 to [`Held::ALL`].
    pub(super) share: u8,
    /// Whether it began as the level of others: what is true of the key may have begun later.
    pub(super) inherited: bool,
}

impl Held {
    /// All of a limit.
    pub(super) const ALL: u8 = 0x7f;

    fn read(from: &mut &[u8]) -> Option<Self> {
        let level = Level::decode(chunk(from)?);
        let [mark] = chunk(from)?;
        Some(Self { level, share: mark & Self::ALL, inherited: mark & INHERITED != 0 })
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.level.encode());
        to.push(self.share | if self.inherited { INHERITED } else { 0 });
    }

    /// Itself, or nothing used once it is fresh.
    pub(super) fn at(self, now: Nanos) -> Self {
        if self.level.is_fresh(now) { Self::default() } else { self }
    }

    /// What refuses all that either of the two refuses.
    pub(super) fn join(self, other: Self, now: Nanos) -> Self {
        match (self.level.is_fresh(now), other.level.is_fresh(now)) {
            (true, _) => other.at(now),
            (false, true) => self,
            (false, false) => Self {
                level: self.level.join(other.level),
                share: self.share.max(other.share),
                inherited: self.inherited || other.inherited,
            },
        }
    }
}

/// A state that no module of this version wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A bucket that was read. One is used over and over, so that a request allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// When it was last written.
    pub(super) last: Nanos,
    tags: Vec<Tag>,
    keys: Vec<Fingerprint>,
    /// A row of the rest and one of each key, a column of each tag.
    levels: Vec<Held>,
    /// Which tags will be written.
    kept: Vec<bool>,
}

/// The row of all keys that have none of their own.
pub(super) const REST: usize = 0;

impl Bucket {
    /// Reads a state, and gives every tag in `asked` a column. What is malformed reads as empty.
    pub(super) fn read(&mut self, state: &[u8], asked: impl Iterator<Item = Tag> + Clone) -> Result<(), Malformed> {
        self.clear(asked.clone());
        if state.is_empty() || self.parse(state, asked.clone()).is_some() {
            return Ok(());
        }
        self.clear(asked);
        Err(Malformed)
    }

    fn clear(&mut self, asked: impl Iterator<Item = Tag>) {
        self.last = Nanos::default();
        self.keys.clear();
        self.tags.clear();
        self.levels.clear();
        self.add_columns(asked);
        self.levels.resize(self.tags.len(), Held::default());
    }

    fn add_columns(&mut self, asked: impl Iterator<Item = Tag>) {
        for tag in asked {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    fn parse(&mut self, mut from: &[u8], asked: impl Iterator<Item = Tag>) -> Option<()> {
        self.tags.clear();
        self.levels.clear();
        self.last = Nanos(u64::from_le_bytes(chunk(&mut from)?));
        let [tags] = chunk(&mut from)?;
        let tags = usize::from(tags);
        if tags > MAX_TAGS {
            return None;
        }
        for _ in 0..tags {
            self.tags.push(Tag(u64::from_le_bytes(chunk(&mut from)?)));
        }
        self.add_columns(asked);
        self.parse_row(tags, &mut from)?;
        while !from.is_empty() {
            // Without a level there is no reason for an entry.
            let fingerprint = (tags > 0).then(|| chunk(&mut from))??;
            self.keys.push(fingerprint);
            self.parse_row(tags, &mut from)?;
        }
        Some(())
    }

    fn parse_row(&mut self, tags: usize, from: &mut &[u8]) -> Option<()> {
        for _ in 0..tags {
            self.levels.push(Held::read(from)?);
        }
        let new = self.tags.len().saturating_sub(tags);
        self.levels.extend(std::iter::repeat_n(Held::default(), new));
        Some(())
    }

    /// Writes the state as it is at `now`. Keys that have used nothing are left out, and tags of which nobody has.
    pub(super) fn write(&mut self, now: Nanos, to: &mut Vec<u8>) {
        self.last = self.last.max(now);
        self.select(self.last);
        let kept = self.kept.iter().filter(|kept| **kept).count();
        to.clear();
        to.extend_from_slice(&self.last.0.to_le_bytes());
        to.push(u8::try_from(kept).unwrap_or(u8::MAX));
        for (Tag(tag), _) in self.tags.iter().zip(&self.kept).filter(|(_, kept)| **kept) {
            to.extend_from_slice(&tag.to_le_bytes());
        }
        if kept == 0 {
            return;
        }
        let now = self.last;
        let mut rows = self.rows();
        rows.next().into_iter().for_each(|rest| self.write_row(rest, now, to));
        for (key, row) in self.keys.iter().zip(rows) {
            if !is_fresh(row, now) {
                to.extend_from_slice(key);
                self.write_row(row, now, to);
            }
        }
    }

    fn write_row(&self, row: &[Held], now: Nanos, to: &mut Vec<u8>) {
        for (held, _) in row.iter().zip(&self.kept).filter(|(_, kept)| **kept) {
            held.at(now).write(to);
        }
    }

    /// Chooses the tags to be written. Those that were asked about stand last, so that of too many the oldest go.
    fn select(&mut self, now: Nanos) {
        let width = self.width();
        let levels = &self.levels;
        let is_used = |column| levels.iter().skip(column).step_by(width).any(|held| !held.level.is_fresh(now));
        self.kept.clear();
        self.kept.extend((0..self.tags.len()).map(is_used));
        let surplus = self.kept.iter().filter(|kept| **kept).count().saturating_sub(MAX_TAGS);
        self.kept.iter_mut().filter(|kept| **kept).take(surplus).for_each(|kept| *kept = false);
    }

    fn width(&self) -> usize {
        self.tags.len().max(1)
    }

    /// Of the rest, then of each key.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[Held]> {
        self.levels.chunks(self.width())
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [Held] {
        let width = self.width();
        self.levels.chunks_mut(width).nth(row).unwrap_or_default()
    }

    /// The row of a key that has one.
    pub(super) fn find(&self, key: &Fingerprint) -> Option<usize> {
        self.keys.iter().position(|known| known == key).map(|index| index.saturating_add(1))
    }

    /// Gives a key a row, with nothing used.
    pub(super) fn add(&mut self, key: Fingerprint) -> usize {
        self.keys.push(key);
        let levels = self.levels.len().saturating_add(self.tags.len());
        self.levels.resize(levels, Held::default());
        self.keys.len()
    }

    /// Whose row it is from now on.
    pub(super) fn rename(&mut self, row: usize, key: Fingerprint) {
        let index = row.checked_sub(1);
        if let Some(known) = index.and_then(|index| self.keys.get_mut(index)) {
            *known = key;
        }
    }

    /// What a key with that row has used of the limit.
    pub(super) fn held(&self, row: usize, tag: Tag) -> Held {
        let column = self.tags.iter().position(|known| *known == tag);
        let held = self.rows().nth(row).zip(column).and_then(|(row, column)| row.get(column));
        held.copied().unwrap_or_default()
    }

    pub(super) fn put(&mut self, row: usize, tag: Tag, new: Held) {
        let column = self.tags.iter().position(|known| *known == tag);
        if let Some(held) = column.and_then(|column| self.row_mut(row).get_mut(column)) {
            *held = new;
        }
    }

    /// All levels.
    pub(super) fn levels_mut(&mut self) -> &mut [Held] {
        &mut self.levels
    }
}

/// Whether nothing is used of any limit.
pub(super) fn is_fresh(row: &[Held], now: Nanos) -> bool {
    row.iter().all(|held| held.level.is_fresh(now))
}

fn chunk<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*chunk)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
