//! What is not done at every request that gives cause for it: who can cause it could fill the log.

use std::cell::Cell;
use std::time::Duration;

use crate::time::Nanos;

/// The least time in between.
const PAUSE: Duration = Duration::from_secs(60);

/// At most once a minute in this VM.
#[derive(Debug, Default)]
pub struct Seldom(Cell<Option<Nanos>>);

impl Seldom {
    /// Whether it may be done now; then it counts as done. A clock that was put back ends the wait.
    pub fn is_due(&self, now: Nanos) -> bool {
        let waits = self.0.get().is_some_and(|last| last <= now && now.since(last) < PAUSE);
        if !waits {
            self.0.set(Some(now));
        }
        !waits
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute() {
        let seldom = Seldom::default();
        let cases = [
            (1_000, true),
            (1_000, false),
            (60_999, false),
            (61_000, true),
            (120_999, false),
            (500, true), // the clock was put back
            (1_000, false),
        ];
        for (millis, want) in cases {
            assert_eq!(seldom.is_due(Nanos(millis * 1_000_000)), want, "{millis}");
        }
    }
}
