//! Answers whose head was good and whose streams go on. Memory is used over and over: as many places as there were
//! streams at the same time.

use std::rc::Rc;

use sluicegate_common::time::Nanos;

use crate::call::Call;
use crate::rules::Rules;

/// A call whose response's head was good.
#[derive(Debug)]
pub struct Answer {
    /// As what it counts unless it breaks off.
    pub call: Call,
    /// When the request came.
    pub began: Nanos,
    /// When the response's head came.
    pub at: Nanos,
    /// By which it is judged.
    pub rules: Rc<Rules>,
}

/// What an answer is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    place: usize,
    serial: u32,
}

/// All of one breaker in one VM.
#[derive(Debug, Default)]
pub struct Answers {
    places: Vec<Place>,
    /// Which of them are free.
    free: Vec<usize>,
}

#[derive(Debug, Default)]
struct Place {
    /// How many answers it had before.
    serial: u32,
    answer: Option<Answer>,
}

impl Place {
    fn take(&mut self) -> Option<Answer> {
        let answer = self.answer.take()?;
        self.serial = self.serial.wrapping_add(1);
        Some(answer)
    }
}

impl Answers {
    /// Keeps one.
    pub fn insert(&mut self, answer: Answer) -> Ticket {
        let place = self.free.pop().unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(Place::default());
        }
        let serial = self.places.get_mut(place).map(|place| {
            place.answer = Some(answer);
            place.serial
        });
        Ticket { place, serial: serial.unwrap_or_default() }
    }

    /// Forgets it. Whether it was still there.
    pub fn remove(&mut self, ticket: Ticket) -> bool {
        let place = self.places.get_mut(ticket.place).filter(|place| place.serial == ticket.serial);
        let found = place.and_then(Place::take).is_some();
        if found {
            self.free.push(ticket.place);
        }
        found
    }

    /// Hands out, and forgets, those that have gone on for as long as a permit lasts, and those from before a clock was set
    /// back.
    pub fn take_long(&mut self, now: Nanos, mut each: impl FnMut(Answer)) {
        for (index, place) in self.places.iter_mut().enumerate() {
            let is_long = place
                .answer
                .as_ref()
                .is_some_and(|answer| now < answer.at || now.since(answer.at) >= answer.rules.permit_lease);
            if is_long && let Some(answer) = place.take() {
                self.free.push(index);
                each(answer);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::window::Shape;

    const NOW: Nanos = Nanos(1_000_000_000_000);

    fn answer(at: Nanos, lease_seconds: u64) -> Answer {
        let rules = Rules { permit_lease: Duration::from_secs(lease_seconds), ..rules() };
        Answer { call: Call::default(), began: at, at, rules: Rc::new(rules) }
    }

    fn rules() -> Rules {
        Rules {
            window: Shape::Count(NonZeroU32::MIN),
            minimum_calls: 1,
            failure_rate: 50,
            slow_call_rate: 0,
            consecutive_failures: 0,
            wait: Duration::from_secs(1),
            multiplier: 1.0,
            max_wait: Duration::from_secs(1),
            jitter: 0.0,
            permitted_calls: 1,
            permit_lease: Duration::from_secs(1),
            max_wait_in_half_open: None,
        }
    }

    #[test]
    fn a_place_is_used_again_and_old_tickets_are_void() {
        let mut answers = Answers::default();
        let tickets = [answers.insert(answer(NOW, 15)), answers.insert(answer(NOW, 15))];
        assert!(answers.remove(tickets[0]) && !answers.remove(tickets[0]));
        let again = answers.insert(answer(NOW, 15));
        assert_eq!((again.place, answers.places.len()), (tickets[0].place, 2));
        assert!(!answers.remove(tickets[0]), "its place has another's answer");
        assert!(answers.remove(again) && answers.remove(tickets[1]));
    }

    #[test]
    fn those_that_go_on_for_long_are_handed_out_once() {
        let mut answers = Answers::default();
        let after = |seconds| NOW.plus(Duration::from_secs(seconds));
        let (short, long) = (answers.insert(answer(NOW, 10)), answers.insert(answer(NOW, 20)));
        let take = |answers: &mut Answers, now| {
            let mut taken = 0;
            answers.take_long(now, |_| taken += 1);
            taken
        };
        for (now, want) in [(after(9), 0), (after(10), 1), (after(11), 0), (Nanos(NOW.0 - 1), 1), (after(90), 0)] {
            assert_eq!(take(&mut answers, now), want, "{now:?}");
        }
        assert!(!answers.remove(short) && !answers.remove(long));
        assert_eq!(answers.free.len(), 2);
    }
}
