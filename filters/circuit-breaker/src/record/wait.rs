//! How long OPEN lasts.

use std::time::Duration;

use crate::rules::Rules;

/// `min(wait * multiplier ^ openings, max_wait)`, longer or shorter by a part of up to `jitter` that `random` chooses,
/// and never more than `max_wait`.
pub(super) fn drawn(rules: &Rules, openings: u32, random: u32) -> Duration {
    let steps = i32::try_from(openings).unwrap_or(i32::MAX);
    let (wait, most) = (nanos(rules.wait), nanos(rules.max_wait));
    // Infinite after many steps; the minimum is not.
    let grown = (wait * rules.multiplier.powi(steps)).min(most);
    let part = f64::from(random) / f64::from(u32::MAX) * 2.0 - 1.0;
    let drawn = grown * (1.0 + rules.jitter * part);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "stops at both ends")]
    Duration::from_nanos(drawn as u64).min(rules.max_wait)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 104 days")]
fn nanos(duration: Duration) -> f64 {
    duration.as_nanos() as f64
}
