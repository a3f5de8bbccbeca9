//! Reading and changing shared state, whatever the host.

use std::fmt;
use std::num::NonZeroU32;

use super::state::{MAX_STATE, State};
use super::{NO_SUCH_CAS, SharedData};
use crate::proxy::Status;

/// How often an update or a read tries.
pub const ROUNDS: u32 = 32;

/// Why shared state could not be read or changed. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// Others changed the entry in each of [`ROUNDS`] rounds.
    Contention,
    /// The host refused a call.
    Host(Status),
    /// The new state exceeds [`MAX_STATE`].
    TooLarge,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contention => write!(f, "shared data changed in each of {ROUNDS} rounds"),
            Self::Host(status) => write!(f, "shared data: {status}"),
            Self::TooLarge => write!(f, "shared data: expected a state of at most {MAX_STATE} bytes"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<Status> for StoreError {
    fn from(status: Status) -> Self {
        Self::Host(status)
    }
}

/// Atomic state on top of any [`SharedData`].
pub trait SharedStore {
    /// The state under `key`.
    ///
    /// # Errors
    /// [`StoreError::Host`]; [`StoreError::Contention`] when no two reads agreed.
    fn read(&self, key: &str) -> Result<State, StoreError>;

    /// Lets `decide` look at the state under `key` and change it, as if nobody else did meanwhile.
    ///
    /// `decide` runs once per round and only its last run counts, so it must be a pure function of
    /// the state: what it tells the caller is its verdict `T`.
    ///
    /// # Errors
    /// [`StoreError`]; the state is as it was.
    fn update<T>(&self, key: &str, decide: impl FnMut(&mut State) -> T) -> Result<T, StoreError>;
}

impl<D: SharedData + ?Sized> SharedStore for D {
    fn read(&self, key: &str) -> Result<State, StoreError> {
        let mut reader = Reader::default();
        for _ in 0..ROUNDS {
            if let Some(entry) = reader.look(self, key)? {
                return Ok(entry.state);
            }
        }
        Err(StoreError::Contention)
    }

    fn update<T>(&self, key: &str, mut decide: impl FnMut(&mut State) -> T) -> Result<T, StoreError> {
        let mut reader = Reader::default();
        let mut create = Some(NO_SUCH_CAS);
        for _ in 0..ROUNDS {
            let Some(Entry { mut state, version }) = reader.look(self, key)? else { continue };
            let verdict = decide(&mut state);
            let Some(value) = state.into_changed(key)? else { return Ok(verdict) };
            let cas = match version {
                Version::Absent => create,
                Version::Present(cas) => cas.map(NonZeroU32::get),
            };
            match self.set(key, &value, cas) {
                Ok(()) => return Ok(verdict),
                // In Envoy this means that somebody else has created the entry, for good: it
                // cannot be found absent again, and be overwritten by a write against no version.
                Err(Status::CasMismatch) if version == Version::Absent => create = None,
                Err(Status::CasMismatch) => {}
                Err(status) => return Err(status.into()),
            }
        }
        Err(StoreError::Contention)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Absent,
    /// Without a number where the host gave none (Kong's engine, when its counter wraps).
    Present(Option<NonZeroU32>),
}

struct Entry {
    state: State,
    version: Version,
}

/// Looks at one key, and remembers the version of a value it could not read.
#[derive(Default)]
struct Reader {
    unreadable: Option<Version>,
}

impl Reader {
    /// The entry, or `None` when it must be looked at again: a value that is not ours may be one
    /// that is just being written. Seen twice at the same version, it is a stranger's.
    fn look<D: SharedData + ?Sized>(&mut self, data: &D, key: &str) -> Result<Option<Entry>, StoreError> {
        let Some((value, cas)) = data.get(key)? else {
            return Ok(Some(Entry { state: State::default(), version: Version::Absent }));
        };
        let version = Version::Present(cas);
        let state = State::read(key, value);
        if state.get().is_none() && self.unreadable != Some(version) {
            self.unreadable = Some(version);
            return Ok(None);
        }
        Ok(Some(Entry { state, version }))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod interleaving;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
