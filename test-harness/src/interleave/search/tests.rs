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

/// Who can go on when each actor is at a place in its program.
fn enabled(programs: &[Program], at: &[usize]) -> Vec<Step> {
    let next = |actor: usize| programs[actor].1.get(at[actor]);
    let begins = |access: &Access| *access == Access::Event;
    let amid = |actor: usize| at[actor] > 0 && next(actor).is_some_and(|access| !begins(access));
    let blocked = |actor: usize| {
        (0..programs.len()).any(|other| other != actor && programs[other].0 == programs[actor].0 && amid(other))
    };
    let can = |actor: &usize| next(*actor).is_some_and(|access| !begins(access) || !blocked(*actor));
    let step = |actor: usize| Step {
        actor,
        place: Place::Worker(programs[actor].0),
        access: programs[actor].1[at[actor]].clone(),
    };
    (0..programs.len()).filter(can).map(step).collect()
}

/// Plays programs in every schedule; returns the orders of execution.
fn explore(programs: &[Program]) -> (Vec<Vec<At>>, Schedules) {
    let mut search = Search::new();
    let mut orders = Vec::new();
    loop {
        let mut at = vec![0; programs.len()];
        let mut order = Vec::new();
        loop {
            let steps = enabled(programs, &at);
            if steps.is_empty() {
                break;
            }
            let Some(chosen) = search.choose(&steps) else { break };
            let actor = steps[chosen].actor;
            order.push((actor, at[actor]));
            at[actor] += 1;
        }
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
    let step = |(actor, index): At| Step {
        actor,
        place: Place::Worker(programs[actor].0),
        access: programs[actor].1[index].clone(),
    };
    let mut pairs = Vec::new();
    for (i, &first) in order.iter().enumerate() {
        let later = order[i + 1..].iter().filter(|&&later| !step(first).commutes(&step(later)));
        pairs.extend(later.map(|&later| (first, later)));
    }
    pairs.sort_unstable();
    pairs
}

/// Every order there is, by brute force.
fn all_orders(programs: &[Program]) -> Vec<Vec<At>> {
    fn extend(programs: &[Program], order: &mut Vec<At>, all: &mut Vec<Vec<At>>) {
        let count = |actor: usize| order.iter().filter(|(other, _)| *other == actor).count();
        let at: Vec<usize> = (0..programs.len()).map(count).collect();
        let steps = enabled(programs, &at);
        if steps.is_empty() {
            all.push(order.clone());
        }
        for Step { actor, .. } in steps {
            order.push((actor, at[actor]));
            extend(programs, order, all);
            order.pop();
        }
    }
    let mut all = Vec::new();
    extend(programs, &mut Vec::new(), &mut all);
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
