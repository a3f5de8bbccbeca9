//! The gate at which threads wait for their turn.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Access, Step};
use crate::clock::Instant;
use crate::record::Place;

/// At most one thread runs; the others wait here.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    /// The turn comes to a thread.
    turns: Vec<Condvar>,
    /// The thread of worker 0: behind the main thread, where there is one.
    first_worker: usize,
    /// The turn comes back.
    back: Condvar,
}

#[derive(Debug)]
struct State {
    /// The thread whose turn it is; None: the one who decides.
    turn: Option<usize>,
    grant: Grant,
    /// What each thread could do next.
    offers: Vec<Offer>,
    /// The actor whose step each thread took last.
    actors: Vec<usize>,
    /// No turn follows.
    ended: bool,
    /// Threads that take no turns any more.
    left: Vec<bool>,
}

/// What a thread could do next.
#[derive(Clone, Debug)]
pub enum Offer {
    /// One of these.
    Steps(Vec<Step>),
    /// Nothing before an instant; `finished` when it does not even wait for one.
    Idle { due: Option<Instant>, finished: bool },
}

/// What a thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Say again what could be done.
    Look,
    /// Take the step of this actor.
    Go(usize),
    /// Let the VMs die.
    Kill,
    /// End the streams that nothing can resume any more.
    GiveUp,
    /// Stop.
    End,
}

/// The error of a host call in which the VM dies on demand.
#[derive(Clone, Copy, Debug)]
pub struct Killed;

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("killed by the test")
    }
}

impl std::error::Error for Killed {}

impl Gate {
    pub fn new(threads: usize, first_worker: usize) -> Self {
        let nothing = Offer::Idle { due: None, finished: false };
        let state = State {
            turn: None,
            grant: Grant::Look,
            offers: vec![nothing; threads],
            actors: vec![usize::MAX; threads],
            ended: false,
            left: vec![false; threads],
        };
        let turns = (0..threads).map(|_| Condvar::new()).collect();
        Gate { state: Mutex::new(state), turns, first_worker, back: Condvar::new() }
    }

    /// A thread's number, from its place.
    pub fn number(&self, place: Place) -> usize {
        match place {
            Place::Canary | Place::Main => 0,
            Place::Worker(index) => usize::try_from(index).map_or(0, |index| index + self.first_worker),
        }
    }

    /// Waits for a thread's first turn.
    pub fn enter(&self, thread: usize) {
        drop(self.wait(self.lock(), thread));
    }

    /// Ends a thread's turn with what it could do next, and waits for the next turn.
    pub fn offer(&self, thread: usize, offer: Offer) -> Grant {
        let mut state = self.lock();
        state.offers[thread] = offer;
        state.turn = None;
        self.back.notify_one();
        let mut state = self.wait(state, thread);
        if let Grant::Go(actor) = state.grant {
            state.actors[thread] = actor;
        }
        state.grant
    }

    /// Waits before a call on shared state.
    ///
    /// # Errors
    /// The VM is to die instead.
    pub fn reach(&self, place: Place, access: Access) -> Result<(), Killed> {
        let thread = self.number(place);
        let state = self.lock();
        let (ended, actor) = (state.ended, state.actors[thread]);
        drop(state);
        if ended {
            return Err(Killed);
        }
        loop {
            match self.offer(thread, Offer::Steps(vec![Step { actor, place, access: access.clone() }])) {
                Grant::Look => {}
                Grant::Go(_) => return Ok(()),
                Grant::Kill | Grant::GiveUp | Grant::End => return Err(Killed),
            }
        }
    }

    /// Gives a thread turns until it has stopped, also in the middle of an event.
    pub fn end(&self, thread: usize) {
        while !self.lock().left[thread] {
            self.run(thread, Grant::End);
        }
    }

    /// Ends a thread's last turn.
    pub fn leave(&self, thread: usize) {
        let mut state = self.lock();
        state.offers[thread] = Offer::Idle { due: None, finished: true };
        state.left[thread] = true;
        state.turn = None;
        self.back.notify_one();
    }

    /// Gives a thread its turn, and waits for its end.
    pub fn run(&self, thread: usize, grant: Grant) {
        let mut state = self.lock();
        if state.left[thread] {
            return;
        }
        state.grant = grant;
        state.ended |= grant == Grant::End;
        state.turn = Some(thread);
        self.turns[thread].notify_one();
        drop(self.back.wait_while(state, |state| state.turn.is_some()).unwrap_or_else(PoisonError::into_inner));
    }

    /// What each thread could do next.
    pub fn offers(&self) -> Vec<Offer> {
        self.lock().offers.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, thread: usize) -> MutexGuard<'a, State> {
        self.turns[thread].wait_while(state, |state| state.turn != Some(thread)).unwrap_or_else(PoisonError::into_inner)
    }
}
