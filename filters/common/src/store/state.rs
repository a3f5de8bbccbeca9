//! A state between its reading and its writing.

use super::frame::{self, HEADER};
use super::update::StoreError;

/// The longest state, in bytes. Every reader copies the whole of it.
pub const MAX_STATE: usize = 512 * 1024;

/// The state under a key: what was read, or what takes its place.
///
/// It lives in the buffer the host handed over, so that a rule which rewrites a state of the same
/// length costs no allocation.
#[derive(Debug, Default)]
pub struct State {
    /// A frame whose header is stale once `changed`; empty when there is no state.
    frame: Vec<u8>,
    changed: bool,
}

impl State {
    /// Reads a framed value; anything else is an absent state.
    pub(super) fn read(key: &str, value: Vec<u8>) -> Self {
        match frame::open(key, &value) {
            Some(_) => Self { frame: value, changed: false },
            None => Self::default(),
        }
    }

    /// The state's bytes, `None` when there is none.
    #[must_use]
    pub fn get(&self) -> Option<&[u8]> {
        self.frame.get(HEADER..)
    }

    /// Puts `new` in the state's place. What equals the present state is no change.
    pub fn set(&mut self, new: &[u8]) {
        if self.get() == Some(new) {
            return;
        }
        self.frame.resize(HEADER, 0);
        self.frame.extend_from_slice(new);
        self.changed = true;
    }

    /// The value to write, `None` when nothing changed.
    pub(super) fn into_changed(mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.changed {
            return Ok(None);
        }
        if self.get().is_some_and(|state| state.len() > MAX_STATE) {
            return Err(StoreError::TooLarge);
        }
        frame::seal(key, &mut self.frame).ok_or(StoreError::TooLarge)?;
        Ok(Some(self.frame))
    }
}
