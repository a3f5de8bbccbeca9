//! Whether calls reach a threshold.

use std::time::Duration;

use super::{Cause, Why};
use crate::call::Totals;
use crate::rules::Rules;

/// The rate that reaches its threshold, if one does. No call has no rate.
pub(super) fn rates(rules: &Rules, totals: Totals) -> Option<Why> {
    let reaches = |part: u32, threshold: u32| {
        let (part, all) = (u64::from(part), u64::from(totals.calls));
        threshold > 0 && all > 0 && part.saturating_mul(100) >= all.saturating_mul(threshold.into())
    };
    let (cause, threshold) = if reaches(totals.failed, rules.failure_rate) {
        (Cause::FailureRate, rules.failure_rate)
    } else if reaches(totals.slow, rules.slow_call_rate) {
        (Cause::SlowCallRate, rules.slow_call_rate)
    } else {
        return None;
    };
    Some(Why { cause, threshold, ..because(cause, totals, 0) })
}

/// A reason that has no threshold.
pub(super) fn because(cause: Cause, totals: Totals, consecutive: u32) -> Why {
    Why { cause, totals, consecutive, threshold: 0, wait: Duration::ZERO }
}
