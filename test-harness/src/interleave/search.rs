//! All schedules that can differ: a depth-first search that plays one schedule after another, each
//! from the start.
//!
//! Two schedules that differ only in the order of neighbouring steps that commute have the same
//! outcome. Source sets go another way only where two steps race, and sleep sets leave out what was
//! played elsewhere, so that of such schedules one is played (P. Abdulla, S. Aronis, B. Jonsson,
//! K. Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014, algorithm 1).

use std::fmt;

use super::{Access, Chooser, Step};

/// A search under way. It is the chooser of each schedule; between two schedules,
/// [`Search::advance`] decides whether there is another.
#[derive(Debug, Default)]
pub struct Search {
    /// The choices of the present schedule.
    path: Vec<Choice>,
    depth: usize,
    /// Where those began who run now: nothing races with what came before.
    begun: usize,
    /// The present schedule repeats one that was played.
    redundant: bool,
    count: Schedules,
}

/// What a search has played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedules {
    /// Schedules with an outcome of their own.
    pub played: u64,
    /// Those found out to be repetitions on the way, and left.
    pub repeated: u64,
}

impl fmt::Display for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Schedules { played, repeated } = self;
        write!(f, "{played} schedules that differ, {repeated} repetitions")
    }
}

#[derive(Debug)]
struct Choice {
    steps: Vec<Step>,
    taken: usize,
    /// Steps that need not be taken here: what follows them was played elsewhere.
    asleep: Vec<Step>,
    /// Which of `steps` are to be taken here, found out as races turn up.
    wanted: Vec<usize>,
    /// Which earlier choices the step taken here depends on, by depth.
    after: Vec<bool>,
}

impl Search {
    /// Before the first schedule.
    pub fn new() -> Self {
        Search::default()
    }

    /// Ends the present schedule; false: it was the last.
    pub fn advance(&mut self) -> bool {
        match self.redundant {
            true => self.count.repeated += 1,
            false => self.count.played += 1,
        }
        self.path.truncate(self.depth);
        self.depth = 0;
        self.redundant = false;
        while let Some(choice) = self.path.last_mut() {
            let taken = choice.step().clone();
            choice.asleep.push(taken);
            let awake = |&next: &usize| !choice.asleep.contains(&choice.steps[next]);
            if let Some(next) = choice.wanted.iter().copied().find(awake) {
                choice.taken = next;
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// How many schedules were played.
    pub fn count(&self) -> Schedules {
        self.count
    }

    /// Whether the present schedule only repeats another.
    pub fn is_redundant(&self) -> bool {
        self.redundant
    }

    /// The present schedule: whose turn it was, step by step.
    pub fn schedule(&self) -> Vec<usize> {
        self.path.iter().take(self.depth).map(|choice| choice.step().actor).collect()
    }
}

/// Races: steps of different actors that depend on each other, and on nothing in between. An event of
/// a worker races with the event before as a whole: it cannot begin in the middle of it.
impl Search {
    /// Looks for races of the step taken last with earlier ones, and asks for the other order.
    fn find_races(&mut self) {
        let last = self.path.len() - 1;
        let step = self.path[last].step();
        let direct: Vec<usize> = (self.begun..last).filter(|&at| !self.path[at].step().commutes(step)).collect();
        let before = |at: usize| direct.iter().any(|&other| other == at || self.path[other].follows(at));
        let after = (0..last).map(before).collect();
        let hidden = |at: usize| direct.iter().any(|&other| other != at && self.path[other].follows(at));
        let others = direct.iter().copied().filter(|&at| self.path[at].step().actor != step.actor);
        let (same_thread, races): (Vec<usize>, Vec<usize>) =
            others.partition(|&at| self.path[at].step().excludes(step));
        let races: Vec<usize> = races.into_iter().filter(|&at| !hidden(at)).collect();
        let is_event = |&at: &usize| self.path[at].step().access == Access::Event;
        let event = same_thread.into_iter().rfind(is_event).filter(|_| step.access == Access::Event);
        let actor = step.actor;
        self.path[last].after = after;
        for at in races {
            self.reverse(at, last);
        }
        if let Some(at) = event {
            self.want(at, &[actor]);
        }
    }

    /// Asks for a way from `early` on in which the step at `late` comes before the one at `early`.
    fn reverse(&mut self, early: usize, late: usize) {
        let independent = |&at: &usize| at == late || !self.path[at].follows(early);
        let rest: Vec<usize> = (early + 1..=late).filter(independent).collect();
        let is_first = |&at: &usize| !rest.iter().any(|&other| other < at && self.path[at].follows(other));
        let firsts: Vec<usize> = rest.iter().copied().filter(is_first).map(|at| self.path[at].step().actor).collect();
        self.want(early, &firsts);
    }

    /// Asks for a step of one of these actors in place of the one taken.
    fn want(&mut self, at: usize, actors: &[usize]) {
        let choice = &mut self.path[at];
        let leads = |at: &usize| actors.contains(&choice.steps[*at].actor);
        if choice.wanted.iter().any(leads) {
            return;
        }
        match (0..choice.steps.len()).find(leads) {
            Some(at) => choice.wanted.push(at),
            // Nobody of them could go on here: something else must come first.
            None => choice.wanted = (0..choice.steps.len()).collect(),
        }
    }
}

impl Chooser for Search {
    fn begin(&mut self) {
        self.begun = self.depth;
    }

    fn choose(&mut self, steps: &[Step]) -> Option<usize> {
        if self.redundant {
            return None;
        }
        if self.depth == self.path.len() {
            let before = self.path[self.begun..].last();
            let asleep = before.map_or_else(Vec::new, Choice::still_asleep);
            let Some(taken) = steps.iter().position(|step| !asleep.contains(step)) else {
                self.redundant = true;
                return None;
            };
            let wanted = vec![taken];
            self.path.push(Choice { steps: steps.to_vec(), taken, asleep, wanted, after: Vec::new() });
        }
        if self.depth + 1 == self.path.len() {
            self.find_races();
        }
        debug_assert_eq!(self.path[self.depth].steps, steps, "a schedule goes the same way each time");
        let taken = self.path[self.depth].taken;
        self.depth += 1;
        Some(taken)
    }
}

impl Choice {
    /// Whether the step taken here depends on an earlier one.
    fn follows(&self, earlier: usize) -> bool {
        self.after.get(earlier) == Some(&true)
    }

    fn step(&self) -> &Step {
        &self.steps[self.taken]
    }

    /// What sleeps on after the step taken here: all that commutes with it.
    fn still_asleep(&self) -> Vec<Step> {
        self.asleep.iter().filter(|step| step.commutes(self.step())).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
