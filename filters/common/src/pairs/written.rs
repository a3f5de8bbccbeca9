//! How much an edit writes, and what it cannot.

use super::Unwritable;

/// What one edit writes at most, in bytes: all its new pairs together. A client can send Envoy 60 KiB of headers by
/// default, and its pairs times its values would be far more than that.
pub const MAX_WRITTEN: usize = 64 * 1024;

/// What an edit has written.
#[derive(Default)]
pub struct Written {
    bytes: usize,
    /// Why the first pair that could not be written was left as it is.
    pub refused: Option<Unwritable>,
}

impl Written {
    /// Counts a new pair.
    ///
    /// # Errors
    /// [`Unwritable::TooLong`], as soon as it is with those before.
    pub fn add(&mut self, pair: Vec<u8>) -> Result<Vec<u8>, Unwritable> {
        self.bytes = self.bytes.saturating_add(pair.len());
        if self.bytes > MAX_WRITTEN { Err(Unwritable::TooLong) } else { Ok(pair) }
    }

    /// Counts a new pair, or notes that it cannot be written.
    ///
    /// # Errors
    /// As [`Written::add`].
    pub fn add_writable(&mut self, pair: Result<Vec<u8>, Unwritable>) -> Result<Option<Vec<u8>>, Unwritable> {
        match pair {
            Ok(pair) => self.add(pair).map(Some),
            Err(why) => {
                self.refused.get_or_insert(why);
                Ok(None)
            }
        }
    }
}
