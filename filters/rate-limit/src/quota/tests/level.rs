use proptest::prelude::*;
use sluicegate_common::time::Nanos;

use super::super::Level;
use super::*;

#[test]
fn bytes_are_little_endian() {
    let level = Level { until: Nanos(0x0102_0304_0506_0708), used: [0x1112_1314, 0x2122_2324] };
    let bytes = [8, 7, 6, 5, 4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21];
    assert_eq!(level.encode(), bytes);
    assert_eq!(Level::decode(bytes), level);
    assert_eq!(Level::decode([0; Level::SIZE]), Level::default());
}

proptest! {
    #[test]
    fn every_word_is_a_level(bytes: [u8; 16]) {
        prop_assert_eq!(Level::decode(bytes).encode(), bytes);
    }

    /// Two histories under one key: what either refuses, now or later, the joined level refuses.
    #[test]
    fn join_allows_nothing_that_either_refuses(
        quota in any_quota(), one in any_schedule(), other in any_schedule(), cost in 1_u32..12,
    ) {
        let (one, other) = (requests(&quota, &one), requests(&quota, &other));
        let now = one.last().unwrap().0.max(other.last().unwrap().0);
        let (one, other) = (play(&quota, &one).0, play(&quota, &other).0);
        let joined = one.join(other);
        for at in later(&quota, now) {
            let both = fits(&quota, one, cost, at) && fits(&quota, other, cost, at);
            prop_assert!(both || !fits(&quota, joined, cost, at), "{one:?} {other:?} at {at:?}");
            let least = standing(&quota, one, at).remaining.min(standing(&quota, other, at).remaining);
            prop_assert!(standing(&quota, joined, at).remaining <= least);
        }
    }
}
