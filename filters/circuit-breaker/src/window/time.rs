//! The calls of the last so many seconds: a bucket per second, or per sixtieth of a longer window.

use sluicegate_common::time::Nanos;

use super::{MOST_SECONDS, take_u32};
use crate::call::{Call, Totals};

/// The most buckets.
const BUCKETS: u32 = 60;
const SECOND: u64 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buckets {
    seconds: u32,
    /// The number of the newest bucket, counted from the epoch in lengths of one.
    newest: u64,
    /// When the first call came, in the same count; `None` without calls.
    first: Option<u64>,
    /// A bucket stands at its number modulo how many there are.
    buckets: Vec<Totals>,
}

impl Buckets {
    pub(super) fn new(seconds: u32) -> Self {
        let count = seconds.min(BUCKETS);
        let buckets = vec![Totals::default(); usize::try_from(count).unwrap_or(0)];
        Self { seconds, newest: 0, first: None, buckets }
    }

    pub(super) fn seconds(&self) -> u32 {
        self.seconds
    }

    pub(super) fn add(&mut self, call: Call, now: Nanos) {
        self.turn(now);
        let newest = self.newest;
        self.first.get_or_insert(newest);
        if let Some(bucket) = self.bucket_mut(newest) {
            bucket.add(call);
        }
    }

    pub(super) fn totals(&mut self, now: Nanos) -> Totals {
        self.turn(now);
        self.buckets.iter().fold(Totals::default(), |all, bucket| Totals {
            calls: all.calls.saturating_add(bucket.calls),
            failed: all.failed.saturating_add(bucket.failed),
            slow: all.slow.saturating_add(bucket.slow),
        })
    }

    pub(super) fn is_full(&mut self, now: Nanos) -> bool {
        self.turn(now);
        let count = self.count();
        self.first.is_some_and(|first| self.newest.saturating_sub(first) >= count)
    }

    /// Empties the buckets whose time is over. A clock that was set back a little counts on in the newest bucket; by
    /// more than the window, the window begins anew: it would stand still until the clock has caught up.
    fn turn(&mut self, now: Nanos) {
        let number = now.0.checked_div(self.length()).unwrap_or(0);
        let count = self.count();
        if self.newest.saturating_sub(number) > count {
            *self = Self { newest: number, ..Self::new(self.seconds) };
            return;
        }
        let passed = number.saturating_sub(self.newest).min(count);
        for back in 0..passed {
            if let Some(bucket) = self.bucket_mut(number.saturating_sub(back)) {
                *bucket = Totals::default();
            }
        }
        self.newest = self.newest.max(number);
    }

    fn bucket_mut(&mut self, number: u64) -> Option<&mut Totals> {
        let index = number.checked_rem(self.count())?;
        self.buckets.get_mut(usize::try_from(index).ok()?)
    }

    fn count(&self) -> u64 {
        u64::from(self.seconds.min(BUCKETS))
    }

    /// Of a bucket, in nanoseconds.
    fn length(&self) -> u64 {
        let all = u64::from(self.seconds).saturating_mul(SECOND);
        all.checked_div(self.count()).unwrap_or(SECOND)
    }

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.seconds.to_le_bytes());
        to.extend_from_slice(&self.newest.to_le_bytes());
        to.extend_from_slice(&self.first.unwrap_or(u64::MAX).to_le_bytes());
        for Totals { calls, failed, slow } in &self.buckets {
            [calls, failed, slow].into_iter().for_each(|number| to.extend_from_slice(&number.to_le_bytes()));
        }
    }

    pub(super) fn read(from: &mut &[u8]) -> Option<Self> {
        let seconds = take_u32(from).filter(|seconds| (1..=MOST_SECONDS).contains(seconds))?;
        let (newest, first) = (take_u64(from)?, take_u64(from)?);
        let mut read = Self { newest, first: Some(first).filter(|first| *first != u64::MAX), ..Self::new(seconds) };
        for bucket in &mut read.buckets {
            *bucket = Totals { calls: take_u32(from)?, failed: take_u32(from)?, slow: take_u32(from)? };
            if bucket.failed > bucket.calls || bucket.slow > bucket.calls {
                return None;
            }
        }
        let sound = match read.first {
            Some(first) => first <= newest,
            None => read.buckets.iter().all(|bucket| bucket.calls == 0),
        };
        sound.then_some(read)
    }
}

fn take_u64(from: &mut &[u8]) -> Option<u64> {
    let (number, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u64::from_le_bytes(*number))
}
