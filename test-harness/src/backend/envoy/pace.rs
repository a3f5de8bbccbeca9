//! Answers that wait for the script's time while the real one stands still: a client can leave only
//! before them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The time of one scenario, shared by the servers of a process.
#[derive(Debug, Default)]
pub struct Pace {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How long the client of the request under way has patience; None: answers come at once.
    patience: Option<Duration>,
    /// What has passed since the start.
    elapsed: Duration,
    /// When those come that wait, one each.
    dues: Vec<Duration>,
    /// How many waited already when the request began.
    waited: usize,
}

impl Pace {
    /// A new scenario begins; whatever waits for the last one goes on.
    pub fn restart(&self) {
        self.lock().elapsed = Duration::MAX;
        self.changed.notify_all();
        let idle = |state: &mut State| !state.dues.is_empty();
        let mut state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        *state = State::default();
    }

    /// Says how long the client of the next request waits.
    pub fn set_patience(&self, patience: Option<Duration>) {
        let mut state = self.lock();
        state.patience = patience;
        state.waited = state.dues.len();
    }

    /// Holds an answer back that comes `after` its request when the client has left; false: it comes at
    /// once.
    pub fn hold(&self, after: Duration) -> bool {
        let mut state = self.lock();
        if state.patience.is_none_or(|patience| after <= patience) {
            return false;
        }
        let due = state.elapsed.saturating_add(after);
        state.dues.push(due);
        let early = |state: &mut State| state.elapsed < due;
        let mut state = self.changed.wait_while(state, early).unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = state.dues.iter().position(|other| *other == due) {
            state.dues.swap_remove(at);
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Whether an answer to the request under way is held back.
    pub fn holds(&self) -> bool {
        let state = self.lock();
        state.dues.len() > state.waited
    }

    /// Lets the script's time go by; true: answers that were held back come now.
    pub fn pass(&self, by: Duration) -> bool {
        let mut state = self.lock();
        state.elapsed = state.elapsed.saturating_add(by);
        let held = state.dues.iter().any(|due| *due <= state.elapsed);
        drop(state);
        self.changed.notify_all();
        held
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
