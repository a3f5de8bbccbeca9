use super::{uuid4, uuid7};
use crate::time::Nanos;
use proptest::prelude::*;

/// RFC 9562, appendices A.3 and A.6.
#[test]
fn the_rfc_s_examples() {
    let random = 0x9191_08f7_52d1_4320_9bac_f847_db41_48a8_u128.to_be_bytes();
    assert_eq!(uuid4(random), *b"919108f7-52d1-4320-9bac-f847db4148a8");

    let now = Nanos(1_645_557_742_000 * 1_000_000);
    let random = 0x0cc3_18c4_dc0c_0c07_398f_u128 << 48;
    assert_eq!(uuid7(now, random.to_be_bytes()), *b"017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

#[test]
fn every_random_bit_but_version_and_variant_counts() {
    assert_eq!(uuid4([0xff; 16]), *b"ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(uuid4([0; 16]), *b"00000000-0000-4000-8000-000000000000");
    assert_eq!(uuid7(Nanos(0), [0xff; 16]), *b"00000000-0000-7fff-bfff-ffffffffffff");
    // The ABI's last nanosecond, in the year 2554.
    assert_eq!(uuid7(Nanos(u64::MAX), [0; 16]), *b"10c6f7a0-b5ed-7000-8000-000000000000");
}

proptest! {
    #[test]
    fn ids_are_valid(now: u64, random: [u8; 16]) {
        for id in [uuid4(random), uuid7(Nanos(now), random)] {
            prop_assert!(crate::request_id::is_valid(&id));
        }
    }

    #[test]
    fn version_7_sorts_by_millisecond(one: u64, other: u64, random: [[u8; 16]; 2]) {
        prop_assume!(one / 1_000_000 < other / 1_000_000);
        prop_assert!(uuid7(Nanos(one), random[0]) < uuid7(Nanos(other), random[1]));
    }
}
