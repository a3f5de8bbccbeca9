//! How a state is written into shared data.
//!
//! ```text
//! 0   2        3          4        8                     24
//! | SG | version | reserved | length | digest(key, state) | state ...
//! ```
//! `length` is that of the state, little-endian. The digest stands for the full key as well, since
//! a host may hand out another key's value.

use super::digest::digest;

const MAGIC: [u8; 2] = *b"SG";
const VERSION: u8 = 1;

/// Bytes before the state.
pub(super) const HEADER: usize = 24;

/// Public and fixed: every module, old or new, must read what another wrote.
const SEED: [u8; 16] = *b"sluicegate/frame";

/// The state in `frame`, if it is a whole frame of this version written under `key`.
pub(super) fn open<'a>(key: &str, frame: &'a [u8]) -> Option<&'a [u8]> {
    let (header, state) = frame.split_first_chunk::<HEADER>()?;
    (*header == header_of(key, state)?).then_some(state)
}

/// Writes the header in front of the state that stands from [`HEADER`] on. `None` when `frame` is
/// shorter than a header or the state longer than the length field can say.
pub(super) fn seal(key: &str, frame: &mut [u8]) -> Option<()> {
    let (header, state) = frame.split_first_chunk_mut::<HEADER>()?;
    *header = header_of(key, state)?;
    Some(())
}

fn header_of(key: &str, state: &[u8]) -> Option<[u8; HEADER]> {
    let [a, b, c, d] = u32::try_from(state.len()).ok()?.to_le_bytes();
    let [magic, magic_end] = MAGIC;
    let mut header = [0; HEADER];
    let (front, sum) = header.split_first_chunk_mut()?;
    *front = [magic, magic_end, VERSION, 0, a, b, c, d];
    *sum.first_chunk_mut()? = digest(&SEED, &[key.as_bytes(), state]);
    Some(header)
}

#[cfg(test)]
mod tests;
