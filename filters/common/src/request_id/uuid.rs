//! New ids, from time and randomness that are passed in.

use uuid::{Builder, Uuid};

use crate::time::Nanos;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// A UUID version 4 in its lower-case text form: 122 of the random bits (RFC 9562 section 5.4).
#[must_use]
pub fn uuid4(random: [u8; 16]) -> [u8; 36] {
    text(Builder::from_random_bytes(random).into_uuid())
}

/// A UUID version 7 in its lower-case text form: the millisecond, then 74 random bits, from the first ten bytes of
/// `random` (RFC 9562 section 5.7). Ids of one millisecond have no order.
#[must_use]
pub fn uuid7(now: Nanos, random: [u8; 16]) -> [u8; 36] {
    let [a, b, c, d, e, f, g, h, i, j, ..] = random;
    let millis = now.0 / NANOS_PER_MILLI;
    text(Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid())
}

fn text(id: Uuid) -> [u8; 36] {
    let mut text = [0; 36];
    id.hyphenated().encode_lower(&mut text);
    text
}

#[cfg(test)]
mod tests;
