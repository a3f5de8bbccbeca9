//! One set of published keys, as a VM has it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::filter::{Callout, CalloutAnswer, Topic};
use sluicegate_common::proxy::{Counter, Proxy};
use sluicegate_common::store::SharedData;
use sluicegate_common::time::Nanos;

use super::answer::judge;
use super::config::Source;
use super::head::{Digest, Head, Why};
use super::held::{Current, Held};
use super::kids::Kids;
use super::record::{Record, digest_of};
use super::waiting::{Had, Refusal};
use crate::jose::{KeySet, SkippedKey};

/// How many broken keys of a document are told.
const TOLD: usize = 8;

/// The keys of one issuer entry.
#[derive(Debug)]
pub struct RemoteKeys {
    source: Source,
    issuer: String,
    topic: Topic,
    record: Record,
    held: Held,
    /// A document that another VM understands and this one does not.
    not_understood: Cell<Digest>,
    /// The number of the question that this VM's background work asks, and its lease.
    pub(super) question: Cell<Option<(u32, u64)>>,
    /// That of a request which ended before its answer came.
    pub(super) orphan: Rc<Cell<Option<u64>>>,
    /// A fetch off schedule is wanted.
    wanted: Cell<bool>,
    kids: Kids,
    /// The fetches that requests know of.
    settled: Cell<(u64, u64)>,
    /// What streams were told of: fetches ended, and the generation.
    told: Cell<(u64, u64)>,
    fetched: Counter,
    failed: Counter,
}

impl RemoteKeys {
    /// Nothing is known, and nothing touched.
    pub(super) fn new(source: Source, issuer: &str, topic: Topic) -> Self {
        let counter =
            |outcome| Counter::new(format!("sluicegate_auth_jwks_fetches_total.outcome.{outcome}.issuer.{issuer}"));
        Self {
            issuer: issuer.to_owned(),
            topic,
            record: Record::new(&source),
            held: Held::new(source.timings.stale_ttl),
            not_understood: Cell::default(),
            question: Cell::default(),
            orphan: Rc::default(),
            wanted: Cell::default(),
            kids: Kids::default(),
            settled: Cell::default(),
            told: Cell::default(),
            fetched: counter("ok"),
            failed: counter("failed"),
            source,
        }
    }

    /// The keys, unless they are older than `stale_ttl`.
    pub(super) fn current(&self, now: Nanos) -> Option<Current> {
        self.held.current(now)
    }

    #[cfg(test)]
    pub(super) fn keys_in_shared_data(&self) -> [&str; 2] {
        self.record.keys()
    }

    pub(super) fn topic(&self) -> Topic {
        self.topic
    }

    /// How long an answer may take.
    pub(super) fn timeout(&self) -> Duration {
        self.source.timings.timeout
    }

    /// The question.
    pub(super) fn callout(&self, id: u32) -> Callout {
        self.source.callout(id)
    }

    pub(super) fn head(&self) -> Head {
        self.record.seen()
    }

    pub(super) fn had(&self) -> Had {
        Had { generation: self.held.generation(), succeeded: self.head().succeeded }
    }

    pub(super) fn kids(&self) -> &Kids {
        &self.kids
    }

    /// Takes note of what other workers did.
    pub(super) fn look(&self, now: Nanos, shared: &dyn SharedData) {
        let head = self.record.look(now, shared);
        self.held.age(&head, now);
        let complete = self.adopt(&head, now, shared);
        self.settle();
        if !complete {
            self.wanted.set(true);
        }
    }

    /// Takes over the document of another worker, or of the process before a reload. `false`: it is not there.
    fn adopt(&self, head: &Head, now: Nanos, shared: &dyn SharedData) -> bool {
        let none = [Digest::default(), self.not_understood.get()].contains(&head.document);
        if none || self.held.is(head.document) || !self.held.serves(head.fetched_at, now) {
            return true;
        }
        let Some(document) = self.record.document(shared) else { return false };
        match KeySet::fetched(document.get().unwrap_or_default()) {
            Ok((keys, _)) => self.hold(head.document, keys, head.fetched_at),
            Err(error) => {
                log::warn!("auth: keys of {}: another worker's document: {error}", self.issuer);
                self.not_understood.set(head.document);
            }
        }
        true
    }

    fn hold(&self, digest: Digest, keys: KeySet, fetched_at: Nanos) {
        if self.held.hold(digest, keys, fetched_at) {
            self.kids.forget();
        }
    }

    /// What requests wanted was fetched, or could not be.
    fn settle(&self) {
        let head = self.head();
        let (ended, succeeded) = self.settled.replace((head.ended, head.succeeded));
        if ended != head.ended {
            self.wanted.set(false);
            let brought = self.held.keys_of(head.document).filter(|_| succeeded != head.succeeded);
            self.kids.settle(brought.as_deref());
        }
    }

    /// A fetch off schedule is wanted.
    pub(super) fn wish(&self) {
        self.wanted.set(true);
    }

    /// When the next fetch may begin.
    pub(super) fn next(&self) -> Nanos {
        let (head, timings) = (self.head(), &self.source.timings);
        let due = head.due(timings);
        if self.wanted.get() { due.min(head.may_ask(timings)) } else { due }
    }

    /// Whether a request may wish for a fetch off schedule.
    pub(super) fn may_ask(&self, now: Nanos) -> bool {
        now >= self.head().may_ask(&self.source.timings)
    }

    /// Takes the lease, if there is anything to fetch and nobody fetches it.
    pub(super) fn take(&self, now: Nanos, shared: &dyn SharedData) -> Option<u64> {
        let timings = &self.source.timings;
        if self.head().under_way(now) || now < self.next() {
            return None;
        }
        let why = if now >= self.head().due(timings) { Why::Due } else { Why::Asked };
        self.record.change(now, shared, |head| head.take(why, now, timings)).flatten()
    }

    /// Takes over from a request that ended before its answer came.
    pub(super) fn take_over(&self, now: Nanos, shared: &dyn SharedData) -> Option<u64> {
        let lease = self.orphan.take()?;
        let ours = self.record.change(now, shared, |head| head.extend(lease, now, self.timeout()));
        ours.filter(|ours| *ours).map(|_| lease)
    }

    /// What nobody may fetch now is wanted no more. `true`: somebody did want it.
    pub(super) fn give_up(&self, now: Nanos) -> bool {
        let given_up = !self.head().under_way(now) && self.wanted.replace(false);
        if given_up {
            self.kids.settle(None);
        }
        given_up
    }

    /// Whether keys are being fetched, or about to be.
    pub(super) fn is_expected(&self, now: Nanos) -> bool {
        self.wanted.get() || self.head().under_way(now)
    }

    /// Whether there is something that streams were not told of yet.
    pub(super) fn has_news(&self) -> bool {
        let news = (self.head().ended, self.held.generation());
        self.told.replace(news) != news
    }

    /// Makes what can be made of an answer. Without a lease it is for this VM alone.
    pub(super) fn answered(&self, lease: Option<u64>, answer: &CalloutAnswer, now: Nanos, proxy: &dyn Proxy) {
        match judge(answer) {
            Ok((keys, skipped, document)) => {
                self.fetched.increment(proxy);
                let digest = digest_of(document);
                if digest != self.head().document {
                    self.tell_skipped(&skipped);
                }
                self.hold(digest, keys, now);
                if let Some(lease) = lease {
                    self.publish(lease, digest, document, now, proxy.shared());
                }
            }
            Err(why) => {
                self.failed.increment(proxy);
                log::warn!("auth: keys of {}: fetching failed: {why}; {}", self.issuer, self.prospect(now));
                if let Some(lease) = lease {
                    self.record.change(now, proxy.shared(), |head| head.failed(lease));
                }
            }
        }
        self.settle();
    }

    /// For all workers, unless the answer comes so late that another one has asked again.
    fn publish(&self, lease: u64, digest: Digest, document: &[u8], now: Nanos, shared: &dyn SharedData) {
        let ours = self.record.change(now, shared, |head| head.extend(lease, now, Duration::ZERO));
        if ours == Some(true) {
            self.record.publish(document, shared);
            self.record.change(now, shared, |head| head.brought(lease, digest, now));
        }
    }

    fn tell_skipped(&self, skipped: &[SkippedKey]) {
        for key in skipped.iter().take(TOLD) {
            log::warn!("auth: keys of {}: not used: {key}", self.issuer);
        }
        if let Some(more) = skipped.len().checked_sub(TOLD).filter(|more| *more > 0) {
            log::warn!("auth: keys of {}: not used: {more} more", self.issuer);
        }
    }

    fn prospect(&self, now: Nanos) -> String {
        match self.held.left(now) {
            Some(left) => format!("the old ones serve for {}s more", left.as_secs()),
            None => "there are none".to_owned(),
        }
    }

    /// Why a request that needs other keys is refused now.
    pub(super) fn unavailable(&self, now: Nanos) -> Refusal {
        let wait = match self.current(now) {
            Some(_) => Duration::ZERO,
            None => self.next().since(now),
        };
        Refusal::Unavailable { retry_after: wait.max(Duration::from_secs(1)) }
    }
}
