//! Several requests at once: the workers run as threads that take turns, one step at a time, and a
//! [`Chooser`] decides whose turn it is. A step ends where the next one could matter to another
//! thread: before every call on shared state (shared data, metrics, queues, call-outs) and between
//! the events of a worker. Between two steps nothing runs, so a schedule gives the same result each
//! time.
//!
//! [`Search`] plays all schedules that can differ.

mod access;
mod gate;
mod run;
mod search;
mod serve;

use std::fmt;

pub use access::{Access, Shared};
pub(crate) use gate::{Gate, Killed};
pub use search::{Schedules, Search};

use crate::message::{Request, Response, Upstream, UpstreamRequest};
use crate::record::{Place, Record};

/// More steps than this are never taken: timers may go on for ever where a request is stuck.
pub const MOST_STEPS: usize = 1000;

/// Something that happens at the same time as others.
pub enum Actor {
    /// A request, and who answers it.
    Request {
        /// The worker that serves it, from 0, modulo the number of workers.
        worker: u32,
        /// The request.
        request: Box<Request>,
        /// The application behind the proxy.
        upstream: Box<dyn Upstream + Send>,
    },
    /// `proxy_on_tick` of every plugin of a thread; workers count modulo their number.
    Tick(Place),
    /// The VM that runs a callback on a thread dies in it; between two callbacks, all of the thread's do.
    Kill(Place),
}

/// One step that could be next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose: the index of the actor. Behind the actors come the threads themselves, the main thread
    /// and the workers, for timers and answers of call-outs; last comes time itself.
    pub actor: usize,
    /// Where it runs.
    pub place: Place,
    /// What it begins with.
    pub access: Access,
}

impl Step {
    /// Whether both are steps of one worker's events, which never overlap.
    fn excludes(&self, other: &Step) -> bool {
        let of_event = |step: &Step| !matches!(step.access, Access::Kill | Access::Wait);
        self.place == other.place && of_event(self) && of_event(other)
    }

    /// Whether the order of two steps cannot show.
    fn commutes(&self, other: &Step) -> bool {
        self.place != other.place && self.access.commutes(&other.access)
    }
}

impl fmt::Display for Step {
    /// `1 on worker 0: set shared data "counter"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}: {}", self.actor, self.place, self.access)
    }
}

/// Decides who goes on.
pub trait Chooser {
    /// Others run at the same time from here on; all that came before is over.
    fn begin(&mut self) {}

    /// The index of the step to take; `steps` has at least one. None: nobody needs to know how it ends, and all VMs
    /// may die.
    fn choose(&mut self, steps: &[Step]) -> Option<usize>;
}

/// What came of actors that ran at the same time.
#[derive(Debug, Default)]
pub struct Interleaving {
    /// What became of each request, by actor; None for ticks and kills.
    pub exchanges: Vec<Option<(Response, Option<UpstreamRequest>)>>,
    /// Trace, diagnostics and costs of all of them.
    pub record: Record,
    /// The steps in the order in which they were taken.
    pub steps: Vec<Step>,
    /// It was left after [`MOST_STEPS`].
    pub unfinished: bool,
}

/// Follows a list of actors; where it ends, the first who can goes on.
#[derive(Clone, Debug, Default)]
pub struct Scripted {
    actors: Vec<usize>,
    at: usize,
    wrong: Option<String>,
}

impl Scripted {
    /// The schedule as a failed search prints it.
    pub fn new(actors: Vec<usize>) -> Self {
        Scripted { actors, at: 0, wrong: None }
    }

    /// Ends the schedule: the list must be used up.
    pub fn end(&mut self) {
        let left = self.actors.get(self.at..).unwrap_or_default();
        if !left.is_empty() {
            self.wrong.get_or_insert_with(|| format!("the last {} of the list were not needed", left.len()));
        }
    }

    /// Where the list named somebody who could not go on, or too many.
    pub fn wrong(&self) -> Option<&str> {
        self.wrong.as_deref()
    }
}

impl Chooser for Scripted {
    fn choose(&mut self, steps: &[Step]) -> Option<usize> {
        let Some(&actor) = self.actors.get(self.at) else { return Some(0) };
        // That time goes by need not be said where nothing else can happen.
        if let [Step { actor: time, access: Access::Wait, .. }] = steps
            && *time != actor
        {
            return Some(0);
        }
        self.at += 1;
        let found = steps.iter().position(|step| step.actor == actor);
        if found.is_none() {
            let can: Vec<String> = steps.iter().map(Step::to_string).collect();
            let at = self.at;
            self.wrong.get_or_insert_with(|| {
                format!("place {at} names {actor}, but only these can go on: {}", can.join("; "))
            });
        }
        Some(found.unwrap_or(0))
    }
}
