//! What all workers of a process know of one set of published keys: a small record in shared data.

use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::config::Timings;

/// A published document's content stands for it. Zeros stand for none.
pub type Digest = [u8; 16];

/// How much longer than a fetch's timeout its lease is: an answer may be late by a worker's other work.
const MARGIN: Duration = Duration::from_secs(1);

/// Workers read the clock one after the other. What lies further ahead than this shows that the clock was set back.
const SKEW: Duration = Duration::from_secs(5);

/// The wait after the first failure; it doubles with each further one, up to `min_refresh`.
const FIRST_RETRY: u64 = 1;

/// The record. Times are those of the host's clock; zero means never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The document that was fetched last.
    pub document: Digest,
    /// When it was fetched.
    pub fetched_at: Nanos,
    /// When the last fetch on schedule began.
    pub attempted_at: Nanos,
    /// Fetches on schedule since the last success, the one under way included: if its holder dies it has failed.
    pub failures: u64,
    /// When the last fetch off schedule began.
    pub asked_at: Nanos,
    /// The number of the last lease: who holds it may fetch.
    pub lease: u64,
    /// When it ends by itself.
    pub lease_until: Nanos,
    /// How many fetches have ended.
    pub ended: u64,
    /// How many of them brought keys.
    pub succeeded: u64,
}

/// Why keys are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// On schedule: there are none, or they are old.
    Due,
    /// A token names a key that is not among them.
    Asked,
}

/// Bytes of a record.
const LEN: usize = 80;

impl Head {
    /// The record as it is written.
    #[must_use]
    pub fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let fields = [
            self.fetched_at.0,
            self.attempted_at.0,
            self.failures,
            self.asked_at.0,
            self.lease,
            self.lease_until.0,
            self.ended,
            self.succeeded,
        ];
        let all = self.document.into_iter().chain(fields.into_iter().flat_map(u64::to_le_bytes));
        for (to, from) in bytes.iter_mut().zip(all) {
            *to = from;
        }
        bytes
    }

    /// Reads what [`Head::encode`] wrote.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LEN] = bytes.try_into().ok()?;
        let (document, rest) = bytes.split_first_chunk()?;
        let mut fields = rest.as_chunks().0.iter().map(|field| u64::from_le_bytes(*field));
        let mut next = || fields.next();
        Some(Self {
            document: *document,
            fetched_at: Nanos(next()?),
            attempted_at: Nanos(next()?),
            failures: next()?,
            asked_at: Nanos(next()?),
            lease: next()?,
            lease_until: Nanos(next()?),
            ended: next()?,
            succeeded: next()?,
        })
    }

    /// The record as if its latest event were just now, where that lies ahead: the clock was set back. Ages stay as they
    /// were, so that nothing lives longer and nothing happens sooner.
    #[must_use]
    pub fn rebased(mut self, now: Nanos) -> Self {
        let latest = self.fetched_at.max(self.attempted_at).max(self.asked_at);
        if latest.since(now) > SKEW {
            let ahead = latest.0.saturating_sub(now.0);
            for time in [&mut self.fetched_at, &mut self.attempted_at, &mut self.asked_at, &mut self.lease_until] {
                *time = Nanos(time.0.saturating_sub(ahead));
            }
        }
        self
    }

    /// Whether somebody fetches now.
    #[must_use]
    pub fn under_way(&self, now: Nanos) -> bool {
        now < self.lease_until
    }

    /// When the next fetch on schedule is due.
    #[must_use]
    pub fn due(&self, timings: &Timings) -> Nanos {
        let refresh = match self.document == Digest::default() {
            true => Nanos(0),
            false => self.fetched_at.plus(timings.refresh()),
        };
        refresh.max(self.attempted_at.plus(self.back_off(timings)))
    }

    fn back_off(&self, timings: &Timings) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else { return Duration::ZERO };
        let seconds = u32::try_from(doublings).ok().and_then(|by| FIRST_RETRY.checked_shl(by)).unwrap_or(u64::MAX);
        Duration::from_secs(seconds).min(timings.min_refresh)
    }

    /// From when on a fetch off schedule is allowed.
    #[must_use]
    pub fn may_ask(&self, timings: &Timings) -> Nanos {
        self.asked_at.plus(timings.min_refresh)
    }

    /// Takes the lease, where nobody holds it and the fetch is due or allowed.
    pub fn take(&mut self, why: Why, now: Nanos, timings: &Timings) -> Option<u64> {
        let from = match why {
            Why::Due => self.due(timings),
            Why::Asked => self.may_ask(timings),
        };
        if self.under_way(now) || now < from {
            return None;
        }
        match why {
            Why::Due => {
                self.attempted_at = now;
                self.failures = self.failures.saturating_add(1);
            }
            Why::Asked => self.asked_at = now,
        }
        self.lease = self.lease.saturating_add(1);
        self.extend(self.lease, now, timings.timeout);
        Some(self.lease)
    }

    /// Lets the lease last for what takes so long. `false`: it was lost to another one.
    pub fn extend(&mut self, lease: u64, now: Nanos, by: Duration) -> bool {
        if self.lease == lease {
            self.lease_until = now.plus(by).plus(MARGIN);
        }
        self.lease == lease
    }

    /// The fetch failed.
    pub fn failed(&mut self, lease: u64) {
        if self.lease == lease {
            self.lease_until = Nanos(0);
            self.ended = self.ended.saturating_add(1);
        }
    }

    /// The fetch brought a document.
    pub fn brought(&mut self, lease: u64, document: Digest, now: Nanos) {
        if self.lease == lease {
            self.failed(lease);
            self.succeeded = self.succeeded.saturating_add(1);
            (self.document, self.fetched_at, self.failures) = (document, now, 0);
        }
    }
}

#[cfg(test)]
mod tests;
