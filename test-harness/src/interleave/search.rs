//! All schedules that can differ: a depth-first search that plays one schedule after another, each
//! from the start.
//!
//! Two schedules that differ only in the order of neighbouring steps that commute have the same
//! outcome; sleep sets leave out all of them but one (P. Godefroid, "Partial-Order Methods for the
//! Verification of Concurrent Systems", LNCS 1032, chapter 5).

use std::fmt;

use super::{Chooser, Step};

/// A search under way. It is the chooser of each schedule; between two schedules,
/// [`Search::advance`] decides whether there is another.
#[derive(Debug, Default)]
pub struct Search {
    /// The choices of the present schedule.
    path: Vec<Choice>,
    depth: usize,
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
            let taken = choice.steps[choice.taken].clone();
            choice.asleep.push(taken);
            let awake = |step: &Step| !choice.asleep.contains(step);
            if let Some(next) = choice.steps.iter().position(awake) {
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
        self.path.iter().take(self.depth).map(|choice| choice.steps[choice.taken].actor).collect()
    }
}

impl Chooser for Search {
    fn choose(&mut self, steps: &[Step]) -> Option<usize> {
        if self.redundant {
            return None;
        }
        if self.depth == self.path.len() {
            let asleep = self.path.last().map_or_else(Vec::new, Choice::still_asleep);
            let Some(taken) = steps.iter().position(|step| !asleep.contains(step)) else {
                self.redundant = true;
                return None;
            };
            self.path.push(Choice { steps: steps.to_vec(), taken, asleep });
        }
        let taken = self.path[self.depth].taken;
        self.depth += 1;
        Some(taken)
    }
}

impl Choice {
    /// What sleeps on after the step taken here: all that commutes with it.
    fn still_asleep(&self) -> Vec<Step> {
        let taken = &self.steps[self.taken];
        self.asleep
            .iter()
            .filter(|step| step.place != taken.place && step.access.commutes(&taken.access))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests;
