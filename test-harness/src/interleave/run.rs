//! Plays one schedule.

use std::sync::Arc;

use atomic_refcell::AtomicRefCell;

use super::gate::{Gate, Grant, Offer};
use super::serve::{Task, TaskState};
use super::{Access, Actor, Chooser, Interleaving, MOST_STEPS, Step};
use crate::clock::{Instant, after};
use crate::proxy::Proxy;
use crate::record::{Event, Place};
use crate::world::World;

impl Proxy {
    /// Runs actors at the same time, in the order that `chooser` decides. Where all of them wait,
    /// virtual time moves to the next event.
    pub fn interleave(&mut self, actors: Vec<Actor>, chooser: &mut dyn Chooser) -> Interleaving {
        let before = self.take_record();
        let (count, threads) = (actors.len(), self.threads.len());
        let (mut tasks, kills) = self.assign(actors);
        let gate = Arc::new(Gate::new(threads, self.worker(0)));
        self.world.borrow_mut().gate = Some(Arc::clone(&gate));
        let deadline = after(self.world.borrow().clock.now(), self.world.borrow().limits.stuck_after);
        let world = Arc::clone(&self.world);
        let mut steps = Vec::new();
        let finished: Vec<Task> = std::thread::scope(|scope| {
            let mut running = Vec::new();
            for (number, thread) in self.threads.iter_mut().enumerate() {
                let (gate, tasks) = (&gate, std::mem::take(&mut tasks[number]));
                running.push(scope.spawn(move || thread.serve(gate, count + number, tasks)));
            }
            let mut conductor = Conductor { gate: &gate, kills, time: count + threads, deadline, steps: &mut steps };
            conductor.conduct(chooser, &world);
            drop(conductor);
            running
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        self.world.borrow_mut().gate = None;
        let mut exchanges: Vec<_> = (0..count).map(|_| None).collect();
        for task in finished {
            if let TaskState::Finished(exchange) = task.state {
                exchanges[task.actor] = exchange;
            }
        }
        let record = self.take_record();
        self.world.borrow_mut().record = before;
        Interleaving { exchanges, record, unfinished: steps.len() >= MOST_STEPS, steps }
    }

    /// The tasks of each thread, and which actors kill which place.
    fn assign(&self, actors: Vec<Actor>) -> (Vec<Vec<Task>>, Vec<(usize, Place)>) {
        let mut tasks: Vec<Vec<Task>> = self.threads.iter().map(|_| Vec::new()).collect();
        let mut kills = Vec::new();
        for (actor, what) in actors.into_iter().enumerate() {
            let (number, state) = match what {
                Actor::Request { worker, request, upstream } => {
                    (self.worker(worker), TaskState::Request(request, upstream))
                }
                Actor::Tick(place) => match self.thread_at(place) {
                    Some(number) => (number, TaskState::Tick),
                    None => continue,
                },
                Actor::Kill(place) => {
                    kills.extend(self.thread_at(place).map(|number| (actor, self.threads[number].place)));
                    continue;
                }
            };
            tasks[number].push(Task { actor, state });
        }
        (tasks, kills)
    }

    /// The index of a thread; None: the main thread of a host that has none.
    fn thread_at(&self, place: Place) -> Option<usize> {
        match place {
            Place::Worker(worker) => Some(self.worker(worker)),
            _ => self.threads.iter().position(|thread| thread.place == place),
        }
    }
}

/// Gives the threads their turns.
struct Conductor<'a> {
    gate: &'a Gate,
    /// Kills to come.
    kills: Vec<(usize, Place)>,
    /// The actor behind all others.
    time: usize,
    deadline: Instant,
    steps: &'a mut Vec<Step>,
}

/// Ends all threads, also when the chooser panics: they would wait for ever.
impl Drop for Conductor<'_> {
    fn drop(&mut self) {
        (0..self.gate.offers().len()).for_each(|thread| self.gate.end(thread));
    }
}

impl Conductor<'_> {
    fn conduct(&mut self, chooser: &mut dyn Chooser, world: &AtomicRefCell<World>) {
        chooser.begin();
        self.give_all(Grant::Look);
        loop {
            if self.steps.len() >= MOST_STEPS {
                return self.give_all(Grant::Kill);
            }
            let offers = self.gate.offers();
            let steps = self.choices(&offers);
            if steps.is_empty() {
                return;
            }
            let Some(step) = chooser.choose(&steps).and_then(|chosen| steps.get(chosen)).cloned() else {
                return self.give_all(Grant::Kill);
            };
            if step.access == Access::Wait {
                self.wait(&offers, world);
                self.steps.push(step);
                continue;
            }
            let killed = self.kills.iter().position(|(actor, _)| *actor == step.actor);
            let grant = if killed.is_some() { Grant::Kill } else { Grant::Go(step.actor) };
            killed.map(|at| self.kills.remove(at));
            world.borrow_mut().trace(Event::Turn(step.clone()));
            self.gate.run(self.gate.number(step.place), grant);
            self.steps.push(step);
            // Nothing but a queue gives another thread something to do.
            if !world.borrow().posted.is_empty() {
                self.look_between();
            }
        }
    }

    /// Every step that could be next, by actor; none: all have finished.
    fn choices(&self, offers: &[Offer]) -> Vec<Step> {
        let of_threads = offers.iter().flat_map(|offer| match offer {
            Offer::Steps(steps) => steps.as_slice(),
            Offer::Idle { .. } => &[],
        });
        let mut steps: Vec<Step> = of_threads.cloned().collect();
        let idle = steps.is_empty();
        let kill = |&(actor, place): &(usize, Place)| Step { actor, place, access: Access::Kill };
        steps.extend(self.kills.iter().map(kill));
        if idle && !offers.iter().all(|offer| matches!(offer, Offer::Idle { finished: true, .. })) {
            steps.push(Step { actor: self.time, place: Place::Main, access: Access::Wait });
        }
        steps.sort_by_key(|step| step.actor);
        steps
    }

    /// Moves time to where the next thread has something to do; past the deadline nobody waits.
    fn wait(&self, offers: &[Offer], world: &AtomicRefCell<World>) {
        let due = |offer: &Offer| match offer {
            Offer::Idle { due, .. } => *due,
            Offer::Steps(_) => None,
        };
        match offers.iter().filter_map(due).min().filter(|due| *due <= self.deadline) {
            Some(due) => {
                world.borrow_mut().clock.move_to(due);
                self.give_all(Grant::Look);
            }
            None => self.give_all(Grant::GiveUp),
        }
    }

    fn give_all(&self, grant: Grant) {
        (0..self.gate.offers().len()).for_each(|thread| self.gate.run(thread, grant));
    }

    /// Looks again at threads that are not in the middle of an event.
    fn look_between(&self) {
        let between = |offer: &Offer| match offer {
            Offer::Idle { .. } => true,
            Offer::Steps(steps) => steps.iter().all(|step| step.access == Access::Event),
        };
        for (thread, offer) in self.gate.offers().iter().enumerate() {
            if between(offer) {
                self.gate.run(thread, Grant::Look);
            }
        }
    }
}
