//! What a thread does with its turns.

use super::gate::{Gate, Grant, Offer};
use super::{Access, Step};
use crate::message::{Request, Response, Upstream, UpstreamRequest};
use crate::stream::StreamId;
use crate::thread::Thread;

/// An actor's work on its thread.
pub struct Task {
    pub actor: usize,
    pub state: TaskState,
}

/// How far it is.
pub enum TaskState {
    Request(Box<Request>, Box<dyn Upstream + Send>),
    Tick,
    Open(StreamId, Box<dyn Upstream + Send>),
    Finished(Option<(Response, Option<UpstreamRequest>)>),
}

/// Leaves the gate also when the thread panics: the others must not wait for it for ever.
struct Leaving<'a>(&'a Gate, usize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

impl Thread {
    /// Works off its tasks, and its own timers and answers as actor `own`, one turn after another.
    pub(super) fn serve(&mut self, gate: &Gate, own: usize, mut tasks: Vec<Task>) -> Vec<Task> {
        let number = gate.number(self.place);
        let _leaving = Leaving(gate, number);
        gate.enter(number);
        loop {
            match gate.offer(number, self.offer(own, &tasks)) {
                Grant::Look => {}
                Grant::Go(actor) => match tasks.iter_mut().find(|task| task.actor == actor) {
                    Some(task) => self.take_step(&mut task.state),
                    None => drop(self.fire_due()),
                },
                Grant::Kill => self.kill(),
                Grant::GiveUp => self.give_up_open(&tasks),
                Grant::End => return tasks,
            }
        }
    }

    fn offer(&self, own: usize, tasks: &[Task]) -> Offer {
        let ready = tasks.iter().filter(|task| match task.state {
            TaskState::Request(..) | TaskState::Tick => true,
            TaskState::Open(id, _) => self.is_ready(id),
            TaskState::Finished(_) => false,
        });
        let mut actors: Vec<usize> = ready.map(|task| task.actor).collect();
        if self.has_due() {
            actors.push(own);
        }
        if actors.is_empty() {
            let waits = |task: &Task| match task.state {
                TaskState::Open(id, _) => self.stream_due(id),
                _ => None,
            };
            let due = tasks.iter().filter_map(waits).chain(self.next_due()).min();
            let finished = tasks.iter().all(|task| matches!(task.state, TaskState::Finished(_)));
            return Offer::Idle { due, finished };
        }
        Offer::Steps(actors.into_iter().map(|actor| Step { actor, place: self.place, access: Access::Event }).collect())
    }

    /// One event of an actor: its request as far as the upstream, or what comes back.
    fn take_step(&mut self, state: &mut TaskState) {
        *state = match std::mem::replace(state, TaskState::Finished(None)) {
            TaskState::Request(request, mut upstream) => {
                let id = self.open_stream(*request);
                while self.advance_request(id) || self.ask_upstream(id, upstream.as_mut()) {}
                self.after_step(id, upstream)
            }
            TaskState::Open(id, mut upstream) => {
                while self.advance_request(id) || self.advance_response(id, upstream.as_mut()) {}
                self.after_step(id, upstream)
            }
            TaskState::Tick => {
                self.tick_all();
                TaskState::Finished(None)
            }
            finished @ TaskState::Finished(_) => finished,
        }
    }

    fn after_step(&mut self, id: StreamId, upstream: Box<dyn Upstream + Send>) -> TaskState {
        match self.has_ended(id) {
            true => TaskState::Finished(Some(self.close_stream(id))),
            false => TaskState::Open(id, upstream),
        }
    }

    fn give_up_open(&mut self, tasks: &[Task]) {
        for task in tasks {
            if let TaskState::Open(id, _) = task.state {
                self.give_up(id);
            }
        }
    }
}
