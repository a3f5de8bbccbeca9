//! A record as it stands in shared data.
//!
//! ```text
//! | version | state | generation | since | openings | name: length, bytes | what the state has |
//!      1       1          4          8         4          2
//! CLOSED     | consecutive | since | windows: number, each as it writes itself |
//!                  4           8              1
//! OPEN       | wait | calls | failed | slow |
//!               8      4       4        4
//! HALF_OPEN  | permitted | calls | failed | slow | row | longest row | next ticket | leases: number, each |
//!                  1         1       1       1      1         1             4                1
//! a lease    | ticket | taken | until | answered: 0, or 4 and 1 where it failed, 2 where it was slow |
//!                4        8       8        1
//! ```
//!
//! Numbers are little-endian, times nanoseconds.

use std::time::Duration;

use sluicegate_common::time::Nanos;

use super::closed::Closed;
use super::permits::{Lease, Permits};
use super::{MOST_PERMITS, MOST_WINDOWS, Phase, Record};
use crate::call::{Call, Totals};
use crate::rules::State;
use crate::window::Window;

const VERSION: u8 = 1;

/// Bytes before the name's length.
const NAME: usize = 18;

impl Record {
    /// The state in the bytes of a record, without the work of reading the rest.
    #[must_use]
    pub fn peek(bytes: &[u8]) -> Option<State> {
        match bytes {
            [VERSION, 0, ..] => Some(State::Closed),
            [VERSION, 1, ..] => Some(State::Open),
            [VERSION, 2, ..] => Some(State::HalfOpen),
            _ => None,
        }
    }

    /// The name in the bytes of a record, likewise.
    #[must_use]
    pub fn peek_name(bytes: &[u8]) -> Option<&[u8]> {
        let (length, name) = bytes.get(NAME..)?.split_first_chunk()?;
        name.get(..usize::from(u16::from_le_bytes(*length)))
    }

    /// Reads what [`Record::write`] wrote; `None` if it is anything else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let state = Self::peek(bytes)?;
        let (_, mut rest) = bytes.split_first_chunk::<2>()?;
        let from = &mut rest;
        let generation = u32_of(from)?;
        let since = Nanos(u64_of(from)?);
        let openings = u32_of(from)?;
        let length = u16::from_le_bytes(take(from)?);
        let (name, after) = from.split_at_checked(length.into())?;
        let name = std::str::from_utf8(name).ok()?.to_owned();
        *from = after;
        let phase = match state {
            State::Closed => Phase::Closed(read_closed(from)?),
            State::Open => read_open(from)?,
            State::HalfOpen => Phase::HalfOpen(read_permits(from)?),
        };
        from.is_empty().then_some(Self { name, generation, since, openings, phase })
    }

    /// Adds the record to the bytes.
    pub fn write(&self, to: &mut Vec<u8>) {
        let state = match self.phase {
            Phase::Closed(_) => 0,
            Phase::Open { .. } => 1,
            Phase::HalfOpen(_) => 2,
        };
        to.extend([VERSION, state]);
        to.extend(self.generation.to_le_bytes());
        to.extend(self.since.0.to_le_bytes());
        to.extend(self.openings.to_le_bytes());
        to.extend(u16::try_from(self.name.len()).unwrap_or(u16::MAX).to_le_bytes());
        to.extend(self.name.as_bytes());
        match &self.phase {
            Phase::Closed(closed) => write_closed(closed, to),
            Phase::Open { wait, judged } => {
                to.extend(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX).to_le_bytes());
                for number in [judged.calls, judged.failed, judged.slow] {
                    to.extend(number.to_le_bytes());
                }
            }
            Phase::HalfOpen(permits) => write_permits(permits, to),
        }
    }
}

fn read_closed(from: &mut &[u8]) -> Option<Closed> {
    let (consecutive, row_since) = (u32_of(from)?, Nanos(u64_of(from)?));
    let number = usize::from(u8_of(from)?);
    if number > MOST_WINDOWS {
        return None;
    }
    let mut windows: Vec<Window> = Vec::with_capacity(number);
    for _ in 0..number {
        let window = Window::read(from)?;
        if windows.iter().any(|other| other.shape() == window.shape()) {
            return None;
        }
        windows.push(window);
    }
    Some(Closed { windows, consecutive, row_since })
}

fn write_closed(closed: &Closed, to: &mut Vec<u8>) {
    to.extend(closed.consecutive.to_le_bytes());
    to.extend(closed.row_since.0.to_le_bytes());
    to.push(small(closed.windows.len()));
    closed.windows.iter().for_each(|window| window.write(to));
}

fn read_open(from: &mut &[u8]) -> Option<Phase> {
    let wait = Duration::from_nanos(u64_of(from)?);
    let judged = Totals { calls: u32_of(from)?, failed: u32_of(from)?, slow: u32_of(from)? };
    is_sound(judged).then_some(Phase::Open { wait, judged })
}

fn read_permits(from: &mut &[u8]) -> Option<Permits> {
    let [permitted, calls, failed, slow, row, longest_row] = take(from)?.map(u32::from);
    let ticket = u32_of(from)?;
    let number = u8_of(from)?;
    let reported = Totals { calls, failed, slow };
    let sound = is_sound(reported) && row <= longest_row && longest_row <= failed;
    let fits = calls < permitted && calls.saturating_add(number.into()) <= permitted && permitted <= MOST_PERMITS;
    if !sound || !fits {
        return None;
    }
    let mut leases = Vec::with_capacity(number.into());
    for _ in 0..number {
        leases.push(read_lease(from)?);
    }
    Some(Permits { permitted, reported, row, longest_row, ticket, leases })
}

fn read_lease(from: &mut &[u8]) -> Option<Lease> {
    let ticket = u32_of(from)?;
    let (taken, until) = (Nanos(u64_of(from)?), Nanos(u64_of(from)?));
    let answered = match u8_of(from)? {
        0 => None,
        bits @ 4..8 => Some(Call { failed: bits & 1 != 0, slow: bits & 2 != 0 }),
        _ => return None,
    };
    (taken <= until).then_some(Lease { ticket, taken, until, answered })
}

fn write_permits(permits: &Permits, to: &mut Vec<u8>) {
    let Permits { permitted, reported: Totals { calls, failed, slow }, row, longest_row, ticket, leases } = permits;
    to.extend([permitted, calls, failed, slow, row, longest_row].map(|number| small(*number)));
    to.extend(ticket.to_le_bytes());
    to.push(small(leases.len()));
    for lease in leases {
        to.extend(lease.ticket.to_le_bytes());
        to.extend(lease.taken.0.to_le_bytes());
        to.extend(lease.until.0.to_le_bytes());
        to.push(lease.answered.map_or(0, |call| 4 | u8::from(call.failed) | u8::from(call.slow) << 1));
    }
}

fn is_sound(totals: Totals) -> bool {
    totals.failed <= totals.calls && totals.slow <= totals.calls
}

/// Numbers of permits and windows: at most [`MOST_PERMITS`].
fn small(number: impl TryInto<u8>) -> u8 {
    number.try_into().unwrap_or(u8::MAX)
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*bytes)
}

fn u8_of(from: &mut &[u8]) -> Option<u8> {
    take(from).map(|[byte]| byte)
}

fn u32_of(from: &mut &[u8]) -> Option<u32> {
    take(from).map(u32::from_le_bytes)
}

fn u64_of(from: &mut &[u8]) -> Option<u64> {
    take(from).map(u64::from_le_bytes)
}
