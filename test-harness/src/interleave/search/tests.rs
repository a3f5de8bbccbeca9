//! The search against a model: threads that run fixed lists of accesses.

use std::collections::BTreeSet;

use super::{Schedules, Search};
use crate::interleave::{Access, Chooser, Shared, Step};
use crate::record::Place;

/// A key of shared data.
fn key(name: &str) -> Shared {
    Shared::Data(String::new(), name.into())
}

/// Plays programs, one per worker, in every schedule; returns the orders of execution.
fn explore(programs: &[Vec<Access>]) -> (Vec<Vec<(usize, usize)>>, Schedules) {
    let mut search = Search::new();
    let mut orders = Vec::new();
    loop {
        let mut at = vec![0; programs.len()];
        let mut order = Vec::new();
        loop {
            let steps: Vec<Step> = (0..programs.len())
                .filter_map(|actor| {
                    let access = programs[actor].get(at[actor])?.clone();
                    let place = Place::Worker(u32::try_from(actor).expect("small"));
                    Some(Step { actor, place, access })
                })
                .collect();
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
fn essence(programs: &[Vec<Access>], order: &[(usize, usize)]) -> Vec<((usize, usize), (usize, usize))> {
    let access = |(actor, index): (usize, usize)| &programs[actor][index];
    let mut pairs = Vec::new();
    for (i, &first) in order.iter().enumerate() {
        let later =
            order[i + 1..].iter().filter(|&&later| first.0 == later.0 || !access(first).commutes(access(later)));
        pairs.extend(later.map(|&later| (first, later)));
    }
    pairs.sort_unstable();
    pairs
}

/// Every order there is, by brute force.
fn all_orders(programs: &[Vec<Access>]) -> Vec<Vec<(usize, usize)>> {
    fn extend(programs: &[Vec<Access>], order: &mut Vec<(usize, usize)>, all: &mut Vec<Vec<(usize, usize)>>) {
        let mut ended = true;
        for (actor, program) in programs.iter().enumerate() {
            let index = order.iter().filter(|(other, _)| *other == actor).count();
            if index < program.len() {
                ended = false;
                order.push((actor, index));
                extend(programs, order, all);
                order.pop();
            }
        }
        if ended {
            all.push(order.clone());
        }
    }
    let mut all = Vec::new();
    extend(programs, &mut Vec::new(), &mut all);
    all
}

#[test]
fn every_schedule_that_can_differ_is_played_once() {
    let (read, write) = (|name| Access::Read(key(name)), |name| Access::Write(key(name)));
    let add = || Access::Add(Shared::Metric(5));
    let programs: Vec<Vec<Vec<Access>>> = vec![
        vec![vec![read("a"), write("a")], vec![read("a"), write("a")]],
        vec![vec![write("a"), write("b")], vec![write("b"), write("a")]],
        vec![vec![read("a"), add()], vec![read("a"), add()], vec![add(), write("a")]],
        vec![vec![Access::Event, read("a"), write("a"), add()]; 3],
        vec![
            vec![write("a")],
            vec![read("a"), read("b")],
            vec![write("b"), Access::Read(Shared::Metric(5))],
            vec![add()],
        ],
    ];
    for programs in programs {
        let (orders, count) = explore(&programs);
        let played: BTreeSet<_> = orders.iter().map(|order| essence(&programs, order)).collect();
        let there_are: BTreeSet<_> = all_orders(&programs).iter().map(|order| essence(&programs, order)).collect();
        assert_eq!(played, there_are, "{programs:?}");
        assert_eq!(orders.len(), played.len(), "none twice: {programs:?}");
        assert_eq!(count.played, orders.len() as u64);
    }
}

#[test]
fn steps_that_always_commute_need_one_schedule() {
    let programs = vec![vec![Access::Event, Access::Read(key("a")), Access::Add(Shared::Metric(1))]; 4];
    assert_eq!(explore(&programs).1.played, 1);
}
