//! Short names for long byte strings.

use std::hash::Hasher as _;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// A 128-bit digest of the parts, each with its length, so that `["ab", "c"]` and `["a", "bc"]`
/// differ. SipHash-1-3: small in a module, quick on short inputs.
///
/// With a secret `seed`, nobody can choose inputs that collide. With a public one it tells accidents
/// (a torn read, another key's value) from the real thing, and is no proof against forgery.
#[must_use]
pub fn digest(seed: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = SipHasher13::new_with_key(seed);
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish128().as_u128().to_le_bytes()
}

/// All that Kong's engine knows a shared-data key by: its CRC-32 (nginx's `ngx_crc32_long`). Two
/// keys with the same one share an entry there.
#[must_use]
pub fn crc32(key: &str) -> u32 {
    // Bit by bit: names are checked once, at configure time, which no table pays for.
    const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);
    CRC.checksum(key.as_bytes())
}

#[cfg(test)]
mod tests;
