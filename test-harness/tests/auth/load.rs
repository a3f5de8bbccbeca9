//! Clients that send one request after the other.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::{Client, Response};
use crate::gateway::Clock;

/// How many requests each client completes before the clock moves on.
const PER_STEP: usize = 4;

/// The clock moves in such steps: a request that waits for keys lives to see one of them.
const STEP: Duration = Duration::from_secs(1);

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Record {
    /// When the answer was there.
    pub at: Duration,
    /// Which of the tokens it carried.
    pub tokens: usize,
    pub response: Response,
}

/// What the clients send, and what came of it.
pub struct Load {
    clock: Clock,
    /// Tokens of the keys in turn.
    tokens: Vec<Vec<String>>,
    state: Mutex<State>,
    changed: Condvar,
    over: AtomicBool,
}

#[derive(Default)]
struct State {
    current: usize,
    sent: Vec<usize>,
    records: Vec<Record>,
    failed: Option<String>,
}

impl Load {
    /// By so many clients; they begin with the first tokens.
    pub fn new(clock: Clock, tokens: Vec<Vec<String>>, clients: usize) -> Self {
        let state = Mutex::new(State { sent: vec![0; clients], ..State::default() });
        Self { clock, tokens, state, changed: Condvar::new(), over: AtomicBool::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one client send until the end.
    pub fn send(&self, number: usize, client: &mut Client) {
        while !self.over.load(Ordering::Relaxed) {
            let (set, at) = self.next(number);
            let tokens = &self.tokens[set];
            let sent = client.get(&tokens[at % tokens.len()]);
            let mut state = self.lock();
            match sent {
                Ok(response) => state.records.push(Record { at: self.clock.now(), tokens: set, response }),
                Err(error) => state.failed = Some(format!("client {number}: {error}")),
            }
            let failed = state.failed.is_some();
            state.sent[number] += 1;
            drop(state);
            self.changed.notify_all();
            if failed {
                return;
            }
        }
    }

    /// Which tokens a client sends next, and how many it has sent.
    fn next(&self, number: usize) -> (usize, usize) {
        let state = self.lock();
        (state.current, state.sent[number])
    }

    /// From now on these tokens are sent.
    pub fn switch(&self, tokens: usize) {
        self.lock().current = tokens;
    }

    /// Lets each client complete some requests.
    pub fn run(&self) -> io::Result<()> {
        let before = self.lock().sent.clone();
        let runs = |state: &mut State| {
            let done = state.sent.iter().zip(&before).all(|(sent, before)| sent - before >= PER_STEP);
            !done && state.failed.is_none()
        };
        let state = self.changed.wait_while(self.lock(), runs).unwrap_or_else(PoisonError::into_inner);
        state.failed.as_ref().map_or(Ok(()), |failed| Err(io::Error::other(failed.clone())))
    }

    /// Lets time go by, and each client complete some requests in every second of it.
    pub fn pass(&self, time: Duration) -> io::Result<()> {
        let end = self.clock.now() + time;
        while self.clock.now() < end {
            self.clock.jump(STEP)?;
            self.run()?;
        }
        Ok(())
    }

    /// The records since the last call.
    pub fn take(&self) -> Vec<Record> {
        std::mem::take(&mut self.lock().records)
    }

    /// Ends the clients.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
