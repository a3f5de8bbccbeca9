//! How often something may begin.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use sluicegate_common::time::Nanos;

const SECOND: Duration = Duration::from_secs(1);

/// At most so many in any second.
#[derive(Debug)]
pub struct Rate {
    per_second: usize,
    /// When those of the last second began.
    recent: RefCell<VecDeque<Nanos>>,
}

impl Rate {
    /// `per_second`: at most that many.
    pub fn new(per_second: usize) -> Self {
        Self { per_second, recent: RefCell::default() }
    }

    /// Whether one more may begin at `now`; it has, then. Where the clock was put back, it is as if none had.
    pub fn try_begin(&self, now: Nanos) -> bool {
        let Ok(mut recent) = self.recent.try_borrow_mut() else { return false };
        recent.retain(|then| *then <= now && now.since(*then) < SECOND);
        let may = recent.len() < self.per_second;
        if may {
            recent.push_back(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_any_second() {
        let rate = Rate::new(2);
        let cases = [
            (10_000, true),
            (10_900, true),
            (10_999, false),
            (11_000, true),
            (11_899, false),
            (11_900, true),
            (11_900, false),
            (3_000, true), // the clock was put back
            (3_000, true),
            (3_999, false),
            (4_000, true),
        ];
        for (millis, want) in cases {
            assert_eq!(rate.try_begin(Nanos(millis * 1_000_000)), want, "{millis}");
        }
    }
}
