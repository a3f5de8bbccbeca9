//! The search against a model: threads that run fixed lists of accesses.

use std::collections::BTreeSet;

use super::{Schedules, Search};
use crate::interleave::{Access, Chooser, Shared, Step};
use crate::record::Place;

/// A key of shared data.
fn key(name: &str) -> Shared {
    Shared::Data(String::new(), name.into())
}

/// An actor: its worker, and its accesses. A new event begins only when no other actor of the worker is in the middle of
/// one.
type Program = (u32, Vec<Access>);
/// Which access of which actor.
type At = (usize, usize);

/// A play of programs: who is where, and which workers were killed.
struct Play<'a> {
    programs: &'a [Program],
    at: Vec<usize>,
    order: Vec<At>,
    killed: Vec<u32>,
}

impl<'a> Play<'a> {
    fn new(programs: &'a [Program], order: &[At]) -> Self {
        let mut play = Play { programs, at: vec![0; programs.len()], order: Vec::new(), killed: Vec::new() };
        order.iter().for_each(|(actor, _)| play.take(*actor));
        play
    }

    fn next(&self, actor: usize) -> Option<&Access> {
        self.programs[actor].1.get(self.at[actor])
    }

    fn is_amid(&self, actor: usize) -> bool {
        self.at[actor] > 0 && self.next(actor).is_some_and(|access| *access != Access::Event)
    }

    /// A new event waits for the end of another's.
    fn is_blocked(&self, actor: usize) -> bool {
        let same = |other: &usize| *other != actor && self.programs[*other].0 == self.programs[actor].0;
        self.next(actor) == Some(&Access::Event)
            && (0..self.programs.len()).filter(same).any(|other| self.is_amid(other))
    }

    fn enabled(&self) -> Vec<Step> {
        let can = |actor: &usize| self.next(*actor).is_some() && !self.is_blocked(*actor);
        (0..self.programs.len()).filter(can).map(|actor| step(self.programs, (actor, self.at[actor]))).collect()
    }

    /// On a killed worker nothing is left of an event but its beginning.
    fn take(&mut self, actor: usize) {
        self.order.push((actor, self.at[actor]));
        if self.next(actor) == Some(&Access::Kill) {
            self.killed.push(self.programs[actor].0);
        }
        self.at[actor] += 1;
        for actor in 0..self.programs.len() {
            while self.killed.contains(&self.programs[actor].0) && self.is_amid(actor) {
                self.at[actor] += 1;
            }
        }
    }
}

fn step(programs: &[Program], (actor, index): At) -> Step {
    let (worker, accesses) = &programs[actor];
    Step { actor, place: Place::Worker(*worker), access: accesses[index].clone() }
}

/// Plays programs in every schedule; returns the orders of execution.
fn explore(programs: &[Program]) -> (Vec<Vec<At>>, Schedules) {
    let mut search = Search::new();
    let mut orders = Vec::new();
    loop {
        let mut play = Play::new(programs, &[]);
        loop {
            let steps = play.enabled();
            if steps.is_empty() {
                break;
            }
            let Some(chosen) = search.choose(&steps) else { break };
            play.take(steps[chosen].actor);
        }
        let order = play.order;
        if !search.is_redundant() {
            let schedule: Vec<usize> = order.iter().map(|(actor, _)| *actor).collect();
            assert_eq!(search.schedule(), schedule);
            orders.push(order);
        }
        if !search.advance() {
            return (orders, search.count());
        }
    }
}

/// The order of every pair of accesses that do not commute: what makes two schedules differ.
fn essence(programs: &[Program], order: &[At]) -> Vec<(At, At)> {
    let mut pairs = Vec::new();
    for (i, &first) in order.iter().enumerate() {
        let later = order[i + 1..].iter().filter(|&&later| !step(programs, first).commutes(&step(programs, later)));
        pairs.extend(later.map(|&later| (first, later)));
    }
    pairs.sort_unstable();
    pairs
}

/// Every order there is, by brute force.
fn all_orders(programs: &[Program]) -> Vec<Vec<At>> {
    fn extend(programs: &[Program], order: &[At], all: &mut Vec<Vec<At>>) {
        let steps = Play::new(programs, order).enabled();
        if steps.is_empty() {
            all.push(order.to_vec());
        }
        for Step { actor, .. } in steps {
            let mut longer = Play::new(programs, order);
            longer.take(actor);
            extend(programs, &longer.order, all);
        }
    }
    let mut all = Vec::new();
    extend(programs, &[], &mut all);
    all
}

#[test]
fn every_schedule_that_can_differ_is_played() {
    let (read, write) = (|name| Access::Read(key(name)), |name| Access::Write(key(name)));
    let add = || Access::Add(Shared::Metric(5));
    let apart = |programs: Vec<Vec<Access>>| (0..).zip(programs).collect::<Vec<Program>>();
    let count = || vec![Access::Event, read("a"), write("a")];
    let cases: Vec<Vec<Program>> = vec![
        apart(vec![vec![read("a"), write("a")], vec![read("a"), write("a")]]),
        apart(vec![vec![write("a"), write("b")], vec![write("b"), write("a")]]),
        apart(vec![vec![read("a"), add()], vec![read("a"), add()], vec![add(), write("a")]]),
        apart(vec![vec![Access::Event, read("a"), write("a"), add()]; 3]),
        apart(vec![
            vec![write("a")],
            vec![read("a"), read("b")],
            vec![write("b"), Access::Read(Shared::Metric(5))],
            vec![add()],
        ]),
        vec![(0, count()), (0, count()), (1, count())],
        vec![(0, [count(), vec![Access::Event]].concat()), (0, [count(), vec![Access::Event]].concat()), (1, count())],
        vec![(0, count()), (1, count()), (0, vec![Access::Kill])],
        vec![(0, count()), (0, count()), (1, count()), (0, vec![Access::Kill])],
        vec![
            (0, count()),
            (0, vec![Access::Event, write("b")]),
            (1, vec![Access::Event, write("b"), read("a")]),
            (1, count()),
        ],
    ];
    for programs in cases {
        let (orders, count) = explore(&programs);
        let played: BTreeSet<_> = orders.iter().map(|order| essence(&programs, order)).collect();
        let there_are: BTreeSet<_> = all_orders(&programs).iter().map(|order| essence(&programs, order)).collect();
        assert_eq!(played.len(), there_are.len(), "{programs:?}");
        assert_eq!(orders.len(), played.len(), "none twice: {programs:?}");
        assert_eq!(count.played, orders.len() as u64);
    }
}

#[test]
fn steps_that_always_commute_need_one_schedule() {
    let program = vec![Access::Event, Access::Read(key("a")), Access::Add(Shared::Metric(1))];
    let programs: Vec<Program> = (0..4).map(|worker| (worker, program.clone())).collect();
    assert_eq!(explore(&programs).1.played, 1);
}
