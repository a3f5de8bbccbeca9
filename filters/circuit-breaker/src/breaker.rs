//! A breaker as one VM has it: the record in shared data, and what keeps it cheap.
//!
//! 1. The gauge of the state is a flag that all workers see: while it is 0, requests pass, and the record is not read.
//!    Kong's engine may lose it: there the record is read each time.
//! 2. Whoever changes the state sets the gauge and then looks at the record again, until both agree: of several that set
//!    it, the last one has seen the last state. One that dies in between leaves it wrong until the next record is
//!    read, with the next calls that are written at the latest.
//! 3. Successes are kept back, up to [`BATCH`] of them or [`FLUSH_AFTER`], unless one could matter at once; failures and
//!    slow calls are written at once, with what is kept back before them.
//! 4. What decides is the record alone, in one compare-and-swap: a transition has one worker, which tells of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::proxy::{Gauge, Proxy, Status};
use sluicegate_common::seldom::Seldom;
use sluicegate_common::store::{SharedStore as _, StoreError};
use sluicegate_common::time::Nanos;

use crate::announce::sentence;
use crate::answers::{Answer, Answers, Ticket};
use crate::call::Call;
use crate::counters::Counters;
use crate::record::{Batch, Permit, Record, Transition, Verdict};
use crate::rules::{Rules, State};
use crate::table::Place;
use crate::window::Shape;

/// How many calls are written at once.
const BATCH: u32 = 16;
/// How long a call is kept back.
pub const FLUSH_AFTER: Duration = Duration::from_millis(100);
/// How often the gauge is set again where others change the state at the same time.
const ROUNDS: u32 = 8;

/// A breaker.
#[derive(Debug)]
pub struct Breaker {
    place: Place,
    /// That of the place, for those who keep it.
    name: Rc<str>,
    shapes: Vec<Shape>,
    gauge: Gauge,
    counters: Counters,
    kept: RefCell<Kept>,
    /// Whether the next success is written at once.
    eager: Cell<bool>,
    /// Answers whose streams go on.
    answers: RefCell<Answers>,
    /// Whether the place has been found to be another's.
    lost: Cell<bool>,
    seldom: Seldom,
}

/// Successes that are kept back.
#[derive(Debug, Default)]
struct Kept {
    successes: u32,
    /// When the first of them began.
    began: Nanos,
    /// When the last of them ended.
    ended: Nanos,
    /// When the first of them was kept back.
    since: Nanos,
    /// By which they are judged.
    rules: Option<Rc<Rules>>,
}

impl Breaker {
    /// The breaker in that place, which keeps windows of these shapes. `labels` tell it from all others in metrics: of
    /// two that shared a gauge, one would pass for closed when the other is.
    #[must_use]
    pub fn new(place: Place, shapes: Vec<Shape>, labels: &str) -> Self {
        Self {
            gauge: Gauge::new(format!("sluicegate_circuit_breaker_state.{labels}")),
            counters: Counters::new(labels),
            shapes,
            name: place.name().into(),
            place,
            kept: RefCell::default(),
            eager: Cell::new(true),
            answers: RefCell::default(),
            lost: Cell::new(false),
            seldom: Seldom::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same, without a copy.
    pub fn shared_name(&self) -> Rc<str> {
        Rc::clone(&self.name)
    }

    /// Its place, if that has been found to be another's. Only a host that loses entries brings that about. What is done
    /// to such a breaker comes to nothing; another one of its name has to be found.
    pub fn lost_place(&self) -> Option<&Place> {
        self.lost.get().then_some(&self.place)
    }

    /// Its counters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether a request may pass.
    ///
    /// # Errors
    /// Shared data fails.
    pub fn ask(&self, rules: &Rules, now: Nanos, proxy: &dyn Proxy) -> Result<Verdict, StoreError> {
        let shown = proxy.is_envoy().then(|| self.gauge.value(proxy));
        if shown == Some(Ok(State::Closed.gauge())) {
            return Ok(Verdict::Passes);
        }
        self.change(proxy, shown, |record| {
            // What is open does not open: only a wait that begins is drawn by lot.
            let random = if record.state() == State::Open { 0 } else { random(rules, proxy) };
            let asked = record.ask(rules, now, random);
            (asked.verdict, asked.changed, asked.transition)
        })
    }

    /// The record, after what is due by now.
    ///
    /// # Errors
    /// Shared data fails.
    pub fn look(&self, rules: &Rules, now: Nanos, proxy: &dyn Proxy) -> Result<Record, StoreError> {
        let random = random(rules, proxy);
        self.change(proxy, None, |record| {
            let asked = record.observe_due(rules, now, random);
            (record.clone(), asked.changed, asked.transition)
        })
    }

    /// A call of a closed breaker has a good head. What it is known by until its stream ends.
    pub fn answered(&self, rules: &Rc<Rules>, call: Call, began: Nanos, now: Nanos) -> Ticket {
        let answer = Answer { call, began, at: now, rules: Rc::clone(rules) };
        self.answers.borrow_mut().insert(answer)
    }

    /// Its stream ended. Whether it is still to be counted: one that went on for long has been.
    pub fn ended(&self, ticket: Ticket) -> bool {
        self.answers.borrow_mut().remove(ticket)
    }

    /// Counts a call that passed while the breaker was closed.
    pub fn count(&self, rules: &Rc<Rules>, call: Call, began: Nanos, now: Nanos, proxy: &dyn Proxy) {
        self.counters.call(call, proxy);
        let mut kept = self.kept.take();
        if kept.rules.as_ref().is_some_and(|others| !Rc::ptr_eq(others, rules)) {
            self.write(std::mem::take(&mut kept), None, now, proxy);
        }
        kept.rules = Some(Rc::clone(rules));
        let is_plain = call == Call::default();
        if is_plain {
            kept.add(began, now);
        }
        if is_plain && !self.eager.get() && kept.successes < BATCH && !kept.is_old(now) {
            self.kept.replace(kept);
        } else {
            self.write(kept, (!is_plain).then_some((call, began)), now, proxy);
        }
    }

    /// Writes what was kept back for long, and counts answers that have gone on for as long as a permit lasts: whoever
    /// reads them slowly keeps no success from being counted.
    pub fn on_tick(&self, proxy: &dyn Proxy, now: Nanos) {
        let mut answers = self.answers.take();
        answers.take_long(now, |long| self.count(&long.rules, long.call, long.began, now, proxy));
        self.answers.replace(answers);
        if self.kept.try_borrow().is_ok_and(|kept| kept.successes > 0 && kept.is_old(now)) {
            self.write(self.kept.take(), None, now, proxy);
        }
    }

    /// The holder of a permit has a good head.
    pub fn probe_answered(&self, permit: Permit, call: Call, now: Nanos, proxy: &dyn Proxy) {
        self.note(self.change(proxy, None, |record| ((), record.answered(permit, call, now), None)), now);
    }

    /// What became of the holder of a permit.
    pub fn report(&self, rules: &Rules, permit: Permit, call: Call, now: Nanos, proxy: &dyn Proxy) {
        self.counters.call(call, proxy);
        let random = random(rules, proxy);
        let done = self.change(proxy, None, |record| {
            let counted = record.report(rules, permit, call, now, random);
            ((), counted.changed, counted.transition)
        });
        self.note(done, now);
    }

    /// The holder of a permit has not needed it.
    pub fn give_back(&self, permit: Permit, now: Nanos, proxy: &dyn Proxy) {
        self.note(self.change(proxy, None, |record| ((), record.give_back(permit, now), None)), now);
    }

    /// Sets the gauge to the state of the record. Where that cannot be read, it stays as others have set it.
    pub fn show(&self, proxy: &dyn Proxy) {
        match self.state(proxy) {
            Ok(state) => self.set_gauge(state, proxy),
            Err(error) => log::debug!("circuit_breaker: {}: {error}", self.name()),
        }
    }

    fn write(&self, kept: Kept, last: Option<(Call, Nanos)>, now: Nanos, proxy: &dyn Proxy) {
        let Kept { successes, began, ended, rules: Some(rules), .. } = kept else { return };
        let random = random(&rules, proxy);
        let batch = Batch { successes, oldest: began, newest: ended, last };
        let done = self.change(proxy, None, |record| {
            let counted = record.count(&rules, &batch, now, random);
            (counted.eager, counted.changed, counted.transition)
        });
        if let Ok(eager) = &done {
            self.eager.set(*eager);
        }
        self.note(done.map(drop), now);
    }

    /// Changes the record in one compare-and-swap, and tells of the transition that this was. `shown` is what the gauge
    /// was found at just before, if anybody looked.
    fn change<T>(
        &self,
        proxy: &dyn Proxy,
        shown: Option<Result<u64, Status>>,
        mut act: impl FnMut(&mut Record) -> (T, bool, Option<Transition>),
    ) -> Result<T, StoreError> {
        let mut bytes = Vec::new();
        let (done, state, transition) = proxy.shared().update(self.place.key(), |shared| {
            let mut record = self.record(shared.get());
            let (done, changed, transition) = act(&mut record);
            if changed && !self.lost.get() {
                bytes.clear();
                record.write(&mut bytes);
                shared.set(&bytes);
            }
            (done, record.state(), transition)
        })?;
        if let Some(transition) = &transition {
            log::warn!("circuit_breaker: {}: {}", self.name(), sentence(transition));
            self.counters.transition(transition.from, transition.to, proxy);
        }
        let differs = || shown.unwrap_or_else(|| self.gauge.value(proxy)) != Ok(state.gauge());
        if transition.is_some() || (proxy.is_envoy() && differs()) {
            self.set_gauge(state, proxy);
        }
        Ok(done)
    }

    /// The record with its windows; a new one where there is none that can be read, as after an eviction in Kong's
    /// engine, or where it is another's.
    fn record(&self, bytes: Option<&[u8]>) -> Record {
        let found = bytes.and_then(Record::read);
        self.lost.set(found.as_ref().is_some_and(|record| record.name() != self.name()));
        let mut record = found.filter(|_| !self.lost.get()).unwrap_or_else(|| Record::new(self.name()));
        record.shape_up(&self.shapes);
        record
    }

    /// The state of the record; CLOSED where there is none, or another's.
    fn state(&self, proxy: &dyn Proxy) -> Result<State, StoreError> {
        let shared = proxy.shared().read(self.place.key())?;
        let own = shared.get().filter(|bytes| Record::peek_name(bytes) == Some(self.name().as_bytes()));
        Ok(own.and_then(Record::peek).unwrap_or(State::Closed))
    }

    fn set_gauge(&self, mut state: State, proxy: &dyn Proxy) {
        for _ in 0..ROUNDS {
            self.gauge.record(proxy, state.gauge());
            match self.state(proxy) {
                Ok(other) if other != state => state = other,
                _ => return,
            }
        }
    }

    fn note(&self, done: Result<(), StoreError>, now: Nanos) {
        if let Err(error) = done
            && self.seldom.is_due(now)
        {
            log::error!("circuit_breaker: {}: {error}", self.name());
        }
    }
}

impl Kept {
    fn add(&mut self, began: Nanos, now: Nanos) {
        if self.successes == 0 {
            (self.began, self.since) = (began, now);
        }
        self.successes = self.successes.saturating_add(1);
        self.began = self.began.min(began);
        self.ended = now;
    }

    /// Whether it has been kept long enough; a clock that was set back ends it.
    fn is_old(&self, now: Nanos) -> bool {
        self.successes > 0 && (now < self.since || now.since(self.since) >= FLUSH_AFTER)
    }
}

/// For the jitter of a wait, where there is one.
fn random(rules: &Rules, proxy: &dyn Proxy) -> u32 {
    let mut bytes = [0; 4];
    if rules.jitter > 0.0
        && let Err(status) = proxy.random(&mut bytes)
    {
        log::debug!("circuit_breaker: no random bytes: {status}");
    }
    u32::from_le_bytes(bytes)
}
