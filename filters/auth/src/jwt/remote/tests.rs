//! Workers of one process, a clock and an issuer, all played.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluicegate_common::config::read;
use sluicegate_common::filter::{Answer, Callout, CalloutError};
use sluicegate_common::head::HeaderMap;
use sluicegate_common::proxy::Status;
use sluicegate_common::store::memory::Dialect;
use sluicegate_common::store::{MemoryShared, SharedData};

use super::*;

mod adoption;
mod failure;
mod history;
mod in_kong;
mod race;
mod schedule;
mod unknown_kids;

const START: Nanos = Nanos(1_700_000_000_000_000_000);
const SOURCE: usize = 0;

/// What workers share. Without `shared` it is a host that keeps nothing.
struct Host {
    shared: Option<MemoryShared>,
    counters: RefCell<BTreeMap<String, u32>>,
}

impl Proxy for Host {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::NotFound)
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        let mut counters = self.counters.borrow_mut();
        counters.entry(name.to_owned()).or_default();
        Ok(counters.keys().position(|known| known == name).unwrap() as u32)
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        *self.counters.borrow_mut().values_mut().nth(counter as usize).unwrap() += by;
        Ok(())
    }

    fn shared(&self) -> &dyn SharedData {
        match &self.shared {
            Some(shared) => shared,
            None => &Forgetful,
        }
    }
}

/// Kong's engine without `shm_kv`.
struct Forgetful;

impl SharedData for Forgetful {
    fn get(&self, _: &str) -> Result<Option<(Vec<u8>, Option<std::num::NonZeroU32>)>, Status> {
        Ok(None)
    }

    fn set(&self, _: &str, _: &[u8], _: Option<u32>) -> Result<(), Status> {
        Err(Status::InternalFailure)
    }
}

/// What the issuer does with questions.
#[derive(Clone)]
enum Idp {
    Serves(Vec<u8>),
    Answers(u16, Vec<u8>),
    Breaks(CalloutError),
    Silent,
}

impl Idp {
    fn serves(kids: &[&str]) -> Self {
        Self::Serves(document(kids))
    }
}

/// A set of keys of these names, all with the public key of RFC 8037 appendix A.2.
fn document(kids: &[&str]) -> Vec<u8> {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let keys: Vec<_> = kids.iter().map(|kid| json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid})).collect();
    json!({"keys": keys}).to_string().into_bytes()
}

fn raw(fields: Value) -> RawRemote {
    let mut object = json!({"uri": "https://idp.example/jwks.json", "cluster": "idp"});
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let Value::Object(object) = object else { panic!("expected an object") };
    read(object).unwrap()
}

fn remotes(fields: &Value) -> Remotes {
    let mut remotes = Remotes::default();
    assert_eq!(remotes.add(raw(fields.clone()), "idp").unwrap(), SOURCE);
    remotes
}

struct World {
    now: Nanos,
    host: Host,
    idp: Idp,
    fields: Value,
    workers: Vec<Remotes>,
    /// The worker and its question that nobody has answered yet.
    open: Vec<(usize, Callout)>,
    /// When somebody asked.
    asked: Vec<Nanos>,
    /// What workers announced.
    announced: Vec<usize>,
}

impl World {
    fn new(dialect: Dialect, workers: usize, idp: Idp) -> Self {
        Self::with(Some(MemoryShared::new(dialect)), json!({}), workers, idp)
    }

    fn with(shared: Option<MemoryShared>, fields: Value, workers: usize, idp: Idp) -> Self {
        Self {
            now: START,
            host: Host { shared, counters: RefCell::default() },
            idp,
            workers: (0..workers).map(|_| remotes(&fields)).collect(),
            fields,
            open: Vec::new(),
            asked: Vec::new(),
            announced: Vec::new(),
        }
    }

    /// Another config, or the same one again: new VMs.
    fn reload(&mut self) {
        self.open.clear();
        let new = self.workers.iter().map(|_| remotes(&self.fields)).collect();
        self.workers = new;
    }

    fn shared(&self) -> &MemoryShared {
        self.host.shared.as_ref().unwrap()
    }

    fn tick_worker(&mut self, worker: usize) {
        let mut cx = RootCx::new(self.now, &self.host);
        self.workers[worker].on_tick(&mut cx);
        self.asked.extend(cx.callouts.iter().map(|_| self.now));
        self.open.extend(cx.callouts.into_iter().map(|callout| (worker, callout)));
        self.announced.extend(cx.topics.iter().map(|_| worker));
    }

    fn tick(&mut self) {
        (0..self.workers.len()).for_each(|worker| self.tick_worker(worker));
    }

    fn answer(&self, id: u32) -> Option<CalloutAnswer> {
        let answer = |status, body: &[u8]| Answer { status, headers: HeaderMap::default(), body: body.to_vec() };
        let outcome = match &self.idp {
            Idp::Serves(document) => Ok(answer(200, document)),
            Idp::Answers(status, body) => Ok(answer(*status, body)),
            Idp::Breaks(error) => Err(*error),
            Idp::Silent => return None,
        };
        Some(CalloutAnswer { id, outcome })
    }

    /// The issuer answers what is open.
    fn answer_all(&mut self) {
        for (worker, callout) in std::mem::take(&mut self.open) {
            let Some(answer) = self.answer(callout.id) else { continue };
            let mut cx = RootCx::new(self.now, &self.host);
            self.workers[worker].on_answer(&answer, &mut cx);
            assert!(cx.callouts.is_empty());
            self.announced.extend(cx.topics.iter().map(|_| worker));
        }
    }

    /// Ticks and answers, every 100 ms.
    fn run(&mut self, time: Duration) {
        self.run_by(PERIOD, time);
    }

    fn run_by(&mut self, step: Duration, time: Duration) {
        let end = self.now.plus(time);
        while self.now < end {
            self.now = self.now.plus(step);
            self.tick();
            self.answer_all();
        }
    }

    /// As on a host that ticks every 10 s.
    fn minutes(&mut self, minutes: u64) {
        self.run_by(Duration::from_secs(10), Duration::from_secs(minutes * 60));
    }

    fn seconds(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    /// The names of the keys that serve in a worker.
    fn kids(&self, worker: usize) -> Option<Vec<String>> {
        let current = self.workers[worker].current(SOURCE, self.now)?;
        Some(current.keys.iter().map(|key| key.kid().unwrap().to_owned()).collect())
    }

    fn all_have(&self, kids: &[&str]) -> bool {
        (0..self.workers.len()).all(|worker| self.kids(worker).is_some_and(|have| have == kids))
    }

    fn generation(&self, worker: usize) -> u64 {
        self.workers[worker].current(SOURCE, self.now).map_or(0, |current| current.generation)
    }

    fn want(&self, worker: usize, kid: &str) -> Want {
        self.workers[worker].want(SOURCE, Some(kid), self.now, &self.host)
    }

    fn want_any(&self, worker: usize) -> Want {
        self.workers[worker].want(SOURCE, None, self.now, &self.host)
    }

    fn woken(&self, worker: usize, waiting: &mut Waiting, why: &Wake<'_>) -> Woken {
        self.workers[worker].woken(waiting, why, self.now, &self.host)
    }

    fn counter(&self, outcome: &str) -> u32 {
        let name = format!("sluicegate_auth_jwks_fetches_total.outcome.{outcome}.issuer.idp");
        self.host.counters.borrow().get(&name).copied().unwrap_or(0)
    }
}

fn waits(want: Want) -> Waiting {
    match want {
        Want::Wait(waiting) => waiting,
        other => panic!("expected to wait, found {other:?}"),
    }
}

fn refused(want: Want) -> Refusal {
    match want {
        Want::Refused(refusal) => refusal,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn unavailable(seconds: u64) -> Refusal {
    Refusal::Unavailable { retry_after: Duration::from_secs(seconds) }
}

const BOTH: [Dialect; 2] = [Dialect::Envoy, Dialect::Kong];
