//! Keys that issuers publish (RFC 7517 section 5), fetched in the background.
//!
//! 1. They are fetched on the first tick, again after 80 % of `cache_ttl`, and serve until they are `stale_ttl` old.
//! 2. One worker fetches for all: who takes the lease. It ends with the answer, or a second after the timeout. The
//!    document goes into shared data, where the others find it, also those of the next config.
//! 3. After a failure, which a holder that dies is as well, the keys stay, and the next try comes after 1 s, 2 s, 4 s ...
//!    up to `min_refresh`.
//! 4. A token that names an unknown key makes for one fetch off schedule per `min_refresh` and process, however many
//!    there are and whatever comes of it. It waits for that fetch, and for no other.
//! 5. A name which a fetch did not bring is not asked for again before there are other keys (the last 64).
//! 6. Requests wait where there is a fetch to wait for, 256 at most; the others are refused at once.
//! 7. Where ticks cannot wake requests (Kong's engine), each asks for itself, 8 at once, under the same lease and limits.
//!    While there are no keys at all, it asks also beside the lease's holder.
//! 8. A clock that is set back makes nothing happen sooner, and lets keys serve longer by the time since the last fetch
//!    at most.
//!
//! Who writes tokens decides on rule 4 alone. A host without shared data leaves each VM to fetch for itself.

mod answer;
mod config;
mod head;
mod held;
mod kids;
mod record;
mod remote_keys;
mod uri;
mod waiting;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::ConfigErrors;
use sluicegate_common::filter::{Background, CalloutAnswer, RootCx, Topic, Wake};
use sluicegate_common::proxy::Proxy;
use sluicegate_common::time::Nanos;

pub use config::RawRemote;
pub use held::Current;
use remote_keys::RemoteKeys;
use waiting::{Question, Room};
pub use waiting::{Refusal, Waiting, Want, Woken};

/// How often it is looked whether there is something to do: as often as the host ticks.
const PERIOD: Duration = Duration::from_millis(100);

/// How long after the fetch's timeout a request still waits: for the tick before and the tick after it.
const MARGIN: Duration = Duration::from_millis(500);

/// Requests that may wait, and those of them that may ask for themselves, in one VM.
const MAY_WAIT: u32 = 256;
const MAY_ASK: u32 = 8;

/// All published keys of a config, one set per issuer entry, numbered in their order.
#[derive(Debug)]
pub struct Remotes {
    sets: Vec<RemoteKeys>,
    /// How many questions the background work has asked: the number of the last one.
    questions: Cell<u32>,
    waiting: Room,
    asking: Room,
}

impl Default for Remotes {
    fn default() -> Self {
        Self { sets: Vec::new(), questions: Cell::new(0), waiting: Room::new(MAY_WAIT), asking: Room::new(MAY_ASK) }
    }
}

impl Remotes {
    /// Adds the keys of an issuer entry, whose name becomes a metric label, and gives them a number. Nothing is fetched
    /// before the first tick.
    ///
    /// # Errors
    /// Everything that is wrong with them, seen from their own object.
    pub fn add(&mut self, raw: RawRemote, issuer: &str) -> Result<usize, ConfigErrors> {
        let number = self.sets.len();
        let topic = Topic(u32::try_from(number).unwrap_or(u32::MAX));
        self.sets.push(RemoteKeys::new(raw.compile()?, issuer, topic));
        Ok(number)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The keys of that number, if there are any that serve.
    #[must_use]
    pub fn current(&self, source: usize, now: Nanos) -> Option<Current> {
        self.sets.get(source)?.current(now)
    }

    /// What to do about a token whose key is not there: `kid` is none of its keys, or (`None`) there are no keys at all.
    /// To be asked in the callback that found it so.
    #[must_use]
    pub fn want(&self, source: usize, kid: Option<&str>, now: Nanos, proxy: &dyn Proxy) -> Want {
        let Some(keys) = self.sets.get(source) else { return Want::Refused(Refusal::UnknownKid) };
        let kid = kid.filter(|_| keys.current(now).is_some());
        if kid.is_some_and(|kid| keys.kids().is_missing(kid)) {
            return Want::Refused(Refusal::UnknownKid);
        }
        let had = keys.had();
        keys.look(now, proxy.shared());
        if keys.had().generation != had.generation {
            return Want::Again;
        }
        let under_way = keys.head().under_way(now);
        let comes = under_way || if kid.is_some() { keys.may_ask(now) } else { now >= keys.next() };
        if !comes {
            let refusal = if kid.is_some() { Refusal::UnknownKid } else { keys.unavailable(now) };
            return Want::Refused(refusal);
        }
        let Some(place) = self.waiting.enter() else { return Want::Refused(keys.unavailable(now)) };
        if let Some(kid) = kid.filter(|_| !under_way) {
            keys.kids().ask(kid);
            keys.wish();
        }
        let until = now.plus(keys.timeout()).plus(MARGIN);
        let had = keys.had();
        Want::Wait(Waiting { source, topic: keys.topic(), until, had, question: None, _place: place })
    }

    /// What to do about a request that waited, and was woken.
    #[must_use]
    pub fn woken(&self, waiting: &mut Waiting, why: &Wake<'_>, now: Nanos, proxy: &dyn Proxy) -> Woken {
        let Some(keys) = self.sets.get(waiting.source) else { return Woken::Refused(Refusal::UnknownKid) };
        match why {
            // A fetch that had ended before it began to wait was told only now.
            Wake::Background if keys.had() == waiting.had && keys.is_expected(now) && now < waiting.until => {
                return Woken::TooSoon;
            }
            Wake::Background => {}
            Wake::Answer(answer) => {
                let lease = waiting.question.take().and_then(|mut question| question.lease.take());
                keys.answered(lease, answer, now, proxy);
            }
            Wake::Timeout if now < waiting.until && waiting.question.is_none() => {
                return self.ask(keys, waiting, now, proxy);
            }
            Wake::Timeout => {}
        }
        if keys.had() == waiting.had { Woken::Refused(keys.unavailable(now)) } else { Woken::Again }
    }

    /// The request asks for itself: nothing will wake it.
    fn ask(&self, keys: &RemoteKeys, waiting: &mut Waiting, now: Nanos, proxy: &dyn Proxy) -> Woken {
        let Some(place) = self.asking.enter() else { return Woken::Refused(keys.unavailable(now)) };
        let lease = keys.take(now, proxy.shared());
        let beside = keys.current(now).is_none() && keys.head().under_way(now);
        if lease.is_none() && !beside {
            return Woken::Refused(keys.unavailable(now));
        }
        waiting.question = Some(Question { lease, orphan: Rc::clone(&keys.orphan), _place: place });
        Woken::Ask(keys.callout(0))
    }
}

impl Background for Remotes {
    fn period(&self) -> Duration {
        PERIOD
    }

    fn on_tick(&self, cx: &mut RootCx<'_>) {
        for keys in &self.sets {
            keys.look(cx.now, cx.proxy.shared());
            let lease = keys.take_over(cx.now, cx.proxy.shared()).or_else(|| keys.take(cx.now, cx.proxy.shared()));
            if let Some(lease) = lease {
                // A late answer to an earlier question is none to this one.
                self.questions.set(self.questions.get().wrapping_add(1));
                keys.question.set(Some((self.questions.get(), lease)));
                cx.callouts.push(keys.callout(self.questions.get()));
            }
            let given_up = keys.give_up(cx.now);
            if keys.has_news() || given_up {
                cx.topics.push(keys.topic());
            }
        }
    }

    fn on_answer(&self, answer: &CalloutAnswer, cx: &mut RootCx<'_>) {
        let asked = |keys: &&RemoteKeys| keys.question.get().is_some_and(|(id, _)| id == answer.id);
        if let Some(keys) = self.sets.iter().find(asked) {
            let lease = keys.question.take().map(|(_, lease)| lease);
            keys.answered(lease, answer, cx.now, cx.proxy);
            if keys.has_news() {
                cx.topics.push(keys.topic());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
