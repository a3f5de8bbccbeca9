//! Requests that want to pass, and what becomes of the permits that some of them get.

use sluicegate_common::time::Nanos;

use super::closed::Closed;
use super::judge::because;
use super::permits::{FIRST, Permits};
use super::{Asked, Cause, Counted, Permit, Phase, Record, Settled, Transition, Verdict, Why};
use crate::call::Call;
use crate::rules::{Rules, State};

impl Record {
    /// Whether a request passes. Performs what is due first. `random` chooses the jitter of a wait.
    pub fn ask(&mut self, rules: &Rules, now: Nanos, random: u32) -> Asked {
        let Settled { transition, mut changed } = self.observe_due(rules, now, random);
        let generation = self.generation;
        let rejected = |state, retry_in| Verdict::Rejected { state, retry_in };
        let open = self.remaining(rules, now).unwrap_or_default();
        let verdict = match &mut self.phase {
            Phase::Closed(_) => Verdict::Passes,
            Phase::Open { .. } => rejected(State::Open, open),
            Phase::HalfOpen(permits) => match permits.take(rules.permit_lease, now) {
                Some(ticket) => {
                    if ticket == FIRST {
                        self.since = now;
                    }
                    changed = true;
                    Verdict::Permit(Permit { generation, ticket })
                }
                None => rejected(State::HalfOpen, permits.first_end(now)),
            },
        };
        Asked { verdict, transition, changed }
    }

    /// Performs what is due: ends a wait and leases that are over, and decides where no permit is left.
    pub fn observe_due(&mut self, rules: &Rules, now: Nanos, random: u32) -> Settled {
        let mut changed = self.keep_time(now);
        if let Phase::HalfOpen(permits) = &mut self.phase {
            changed |= permits.settle(now);
        }
        let transition = self.end_wait(rules, now).or_else(|| self.decide(rules, now, random));
        Settled { transition, changed: changed || transition.is_some() }
    }

    /// The response's head is there, and good so far: from now on the end of the lease counts as that call, so that a
    /// client that reads slowly holds no permit. Says whether the record has to be written.
    pub fn answered(&mut self, permit: Permit, call: Call, now: Nanos) -> bool {
        let Some(permits) = self.permits_of(permit) else { return false };
        let Some(lease) = permits.lease(permit.ticket, now) else { return false };
        lease.answered.replace(call) != Some(call)
    }

    /// How a call ended that had a permit. After its lease it is too late.
    pub fn report(&mut self, rules: &Rules, permit: Permit, call: Call, now: Nanos, random: u32) -> Counted {
        if self.permits_of(permit).is_none() {
            return Counted::default();
        }
        let mut changed = self.keep_time(now);
        let Some(permits) = self.permits_of(permit) else { return Counted::default() };
        changed |= permits.settle(now);
        let counted = permits.give_back(permit.ticket, now);
        if counted {
            permits.add(call);
        }
        let transition = self.decide(rules, now, random);
        Counted { counted, transition, changed: changed || counted || transition.is_some(), eager: false }
    }

    /// The call of that permit says nothing about the upstream: another may have the permit. Says whether the record
    /// has to be written.
    pub fn give_back(&mut self, permit: Permit, now: Nanos) -> bool {
        self.permits_of(permit).is_some_and(|permits| permits.give_back(permit.ticket, now))
    }

    /// The permits, if that one is of their generation.
    fn permits_of(&mut self, permit: Permit) -> Option<&mut Permits> {
        match &mut self.phase {
            Phase::HalfOpen(permits) if permit.generation == self.generation => Some(permits),
            _ => None,
        }
    }

    /// Begins the state anew if the clock was set back. Says whether it was. For CLOSED see [`Record::count`].
    fn keep_time(&mut self, now: Nanos) -> bool {
        let back = now < self.since && self.state() != State::Closed;
        if back {
            self.since = now;
        }
        back
    }

    /// OPEN -> HALF_OPEN, if it is time.
    fn end_wait(&mut self, rules: &Rules, now: Nanos) -> Option<Transition> {
        let Phase::Open { wait, judged } = self.phase else { return None };
        if self.remaining(rules, now).is_some_and(|remaining| !remaining.is_zero()) {
            return None;
        }
        let why = Why { wait, ..because(Cause::WaitOver, judged, 0) };
        Some(self.turn(Phase::HalfOpen(Permits::new(rules)), why, now))
    }

    /// HALF_OPEN -> CLOSED or OPEN, if it is time.
    fn decide(&mut self, rules: &Rules, now: Nanos, random: u32) -> Option<Transition> {
        let Phase::HalfOpen(permits) = &self.phase else { return None };
        let tried = permits.ticket != FIRST;
        let overdue = || tried && rules.max_wait_in_half_open.is_some_and(|most| most <= now.since(self.since));
        let undecided = || because(Cause::Undecided, permits.reported(), permits.longest_row);
        let why = permits.judge(rules).or_else(|| overdue().then(undecided))?;
        Some(match why.cause {
            Cause::Recovered => self.turn(Phase::Closed(Closed::default()), why, now),
            _ => self.open(rules, why, now, random),
        })
    }
}
