//! The log line of a transition.

use crate::call::Totals;
use crate::record::{Cause, Transition, Why};

/// What happened, with its numbers.
pub fn sentence(transition: &Transition) -> String {
    let Transition { from, to, why, .. } = transition;
    let Why { cause, totals, consecutive, threshold, wait } = why;
    let Totals { calls, failed, slow } = totals;
    let (from, to) = (from.label(), to.label());
    let reason = match cause {
        Cause::FailureRate => format!("failure rate reached {threshold} %, open for {wait:?}"),
        Cause::SlowCallRate => format!("slow call rate reached {threshold} %, open for {wait:?}"),
        Cause::ConsecutiveFailures => format!("{threshold} failures in a row, open for {wait:?}"),
        Cause::WaitOver => format!("{wait:?} are over"),
        Cause::Recovered => "permitted calls are below the thresholds".to_owned(),
        Cause::Undecided => format!("permitted calls were not reported in time, open for {wait:?}"),
    };
    format!("{from} -> {to}: {reason}; of {calls} calls {failed} failed, {consecutive} in a row, and {slow} were slow")
}
