//! Which limit a client should heed first.

use std::cmp::{Ordering, Reverse};
use std::mem;

use sluicegate_common::limit_use::LimitUse;

/// Brings the tightest to the front: one that refused, then the one with the least left in proportion to its quota, then
/// the one with the longest wait. Equals stay in order.
pub(super) fn tightest_first(uses: &mut [LimitUse]) {
    // By insertion: there are few, and each type that `sort` sorts is 5 KB of code.
    for end in 1..uses.len() {
        for at in (0..end).rev() {
            match uses.get_mut(at..).and_then(<[_]>::first_chunk_mut) {
                Some([before, after]) if compare(after, before).is_lt() => mem::swap(before, after),
                _ => break,
            }
        }
    }
}

/// `Less`: `a` is tighter than `b`.
fn compare(a: &LimitUse, b: &LimitUse) -> Ordering {
    let part = |use_: &LimitUse, other: &LimitUse| u64::from(use_.remaining).saturating_mul(other.quota.into());
    let by_part = || part(a, b).cmp(&part(b, a));
    let refused = Reverse(a.refused).cmp(&Reverse(b.refused));
    refused.then_with(by_part).then_with(|| b.more_in.cmp(&a.more_in))
}
