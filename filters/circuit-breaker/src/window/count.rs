//! The last so many calls: a ring with two bits per call.

use super::{MOST_CALLS, take_u32};
use crate::call::{Call, Totals};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ring {
    size: u32,
    /// Where the next call goes; the oldest one stands there once the ring is full.
    next: u32,
    totals: Totals,
    /// Four calls a byte, from the lowest bits on: failed, slow.
    calls: Vec<u8>,
}

impl Ring {
    pub(super) fn new(size: u32) -> Self {
        Self { size, next: 0, totals: Totals::default(), calls: vec![0; bytes_of(size)] }
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) fn is_full(&self) -> bool {
        self.totals.calls >= self.size
    }

    pub(super) fn add(&mut self, call: Call) {
        if self.is_full() {
            let oldest = self.at(self.next);
            self.totals.remove(oldest);
        }
        self.totals.add(call);
        let (index, shift) = place(self.next);
        if let Some(byte) = self.calls.get_mut(index) {
            let bits = u8::from(call.failed) | u8::from(call.slow) << 1;
            *byte = *byte & !(0b11 << shift) | bits << shift;
        }
        self.next = self.next.saturating_add(1).checked_rem(self.size).unwrap_or(0);
    }

    fn at(&self, position: u32) -> Call {
        let (index, shift) = place(position);
        let bits = self.calls.get(index).copied().unwrap_or(0) >> shift;
        Call { failed: bits & 1 != 0, slow: bits & 2 != 0 }
    }

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        for number in [self.size, self.next, self.totals.calls] {
            to.extend_from_slice(&number.to_le_bytes());
        }
        to.extend_from_slice(&self.calls);
    }

    pub(super) fn read(from: &mut &[u8]) -> Option<Self> {
        let (size, next, count) = (take_u32(from)?, take_u32(from)?, take_u32(from)?);
        // Until it is full it is filled from the start.
        let is_sound = (1..=MOST_CALLS).contains(&size) && next < size && (count == size || count == next);
        let (calls, rest) = from.split_at_checked(bytes_of(size)).filter(|_| is_sound)?;
        *from = rest;
        // Derived, so that nothing in a value can contradict its calls; by the byte, since all of them are read often.
        let marked = |mask: u8| calls.iter().map(|byte| (byte & mask).count_ones()).sum();
        let totals = Totals { calls: count, failed: marked(0b0101_0101), slow: marked(0b1010_1010) };
        ends_at(calls, count).then(|| Self { size, next, totals, calls: calls.to_vec() })
    }
}

/// Whether no bit is set behind so many calls: it would be counted.
fn ends_at(calls: &[u8], count: u32) -> bool {
    let (index, shift) = place(count);
    match calls.get(index..) {
        Some([last, behind @ ..]) => last >> shift == 0 && behind.iter().all(|byte| *byte == 0),
        _ => true,
    }
}

fn bytes_of(size: u32) -> usize {
    usize::try_from(size.div_ceil(4)).unwrap_or(usize::MAX)
}

/// The byte and the bits of a call.
fn place(position: u32) -> (usize, u32) {
    (usize::try_from(position >> 2).unwrap_or(usize::MAX), (position & 3) << 1)
}
