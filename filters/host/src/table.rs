//! A map whose keys are numbers that the host counts up: contexts, call-outs.
//!
//! Neighbouring numbers lie side by side, so that nothing needs to be hashed: open addressing with linear probing, and
//! a removal moves back what it had pushed on.

/// At most half of the slots are taken; there are 0 or a power of two of them.
pub struct Table<V> {
    slots: Vec<Option<(u32, V)>>,
    len: usize,
}

const LEAST_SLOTS: usize = 16;

impl<V> Table<V> {
    pub const fn new() -> Self {
        Self { slots: Vec::new(), len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn keys(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().flatten().map(|(key, _)| *key)
    }

    pub fn get(&self, key: u32) -> Option<&V> {
        self.slots.get(self.find(key)?)?.as_ref().map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: u32) -> Option<&mut V> {
        let at = self.find(key)?;
        self.slots.get_mut(at)?.as_mut().map(|(_, value)| value)
    }

    /// What was there before is returned.
    pub fn insert(&mut self, key: u32, value: V) -> Option<V> {
        if let Some(there) = self.get_mut(key) {
            return Some(std::mem::replace(there, value));
        }
        if self.len.saturating_mul(2) >= self.slots.len() {
            self.resize(self.slots.len().saturating_mul(2).max(LEAST_SLOTS));
        }
        self.place(key, value);
        None
    }

    pub fn remove(&mut self, key: u32) -> Option<V> {
        let mut hole = self.find(key)?;
        let (_, removed) = self.slots.get_mut(hole)?.take()?;
        self.len = self.len.saturating_sub(1);
        let mut at = self.next(hole);
        while let Some(Some((pushed, _))) = self.slots.get(at) {
            // It may move back to the hole unless that lies before where it belongs.
            if self.distance(self.home(*pushed), at) >= self.distance(hole, at) {
                self.slots.swap(hole, at);
                hole = at;
            }
            at = self.next(at);
        }
        // A burst of streams is not paid for ever after.
        if self.slots.len() > LEAST_SLOTS && self.len.saturating_mul(8) < self.slots.len() {
            self.resize(self.slots.len().div_ceil(2));
        }
        Some(removed)
    }

    fn find(&self, key: u32) -> Option<usize> {
        let mut at = self.home(key);
        loop {
            match self.slots.get(at)? {
                Some((there, _)) if *there == key => return Some(at),
                Some(_) => at = self.next(at),
                None => return None,
            }
        }
    }

    /// Into the first free slot; there is one.
    fn place(&mut self, key: u32, value: V) {
        let mut at = self.home(key);
        while let Some(Some(_)) = self.slots.get(at) {
            at = self.next(at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Some((key, value));
            self.len = self.len.saturating_add(1);
        }
    }

    fn resize(&mut self, slots: usize) {
        let all = std::mem::take(&mut self.slots);
        self.slots.resize_with(slots, || None);
        self.len = 0;
        for (key, value) in all.into_iter().flatten() {
            self.place(key, value);
        }
    }

    fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    fn home(&self, key: u32) -> usize {
        key as usize & self.mask()
    }

    fn next(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Numbers without an order that repeat in each run (xorshift).
    fn numbers() -> impl Iterator<Item = u32> {
        std::iter::successors(Some(2_463_534_242_u32), |last| {
            let mut next = *last;
            next ^= next << 13;
            next ^= next >> 17;
            next ^= next << 5;
            Some(next)
        })
    }

    #[test]
    fn it_holds_what_a_map_holds() {
        let (mut table, mut map) = (Table::new(), BTreeMap::new());
        for (turn, number) in numbers().take(40_000).enumerate() {
            // Few keys, so that they meet, neighbours and such that share a slot; it grows, then shrinks.
            let key = number % 97 * (1 + number / 97 % 3 * 64);
            if number >> 24 > if turn < 20_000 { 100 } else { 200 } {
                assert_eq!(table.insert(key, turn), map.insert(key, turn));
            } else {
                assert_eq!(table.remove(key), map.remove(&key));
            }
            assert_eq!(table.len(), map.len());
            assert_eq!(table.get(key), map.get(&key));
            assert_eq!(table.get_mut(key ^ 64), map.get_mut(&(key ^ 64)));
        }
        let mut keys: Vec<u32> = table.keys().collect();
        keys.sort_unstable();
        assert!(keys.iter().eq(map.keys()));
        assert!(keys.len() > 20);
    }

    #[test]
    fn a_burst_leaves_little_behind() {
        let mut table = Table::new();
        for key in 0..10_000 {
            table.insert(key, key);
        }
        assert_eq!(table.slots.len(), 32_768);
        for key in 0..10_000 {
            assert_eq!(table.remove(key), Some(key));
        }
        assert_eq!((table.len(), table.slots.len()), (0, LEAST_SLOTS));
    }
}
