//! The one header that was read of a head.

use super::wire::same;

/// The longest name that is kept, in bytes: longer ones are rare enough to read the whole map for.
const LONGEST: usize = 40;

/// A header's name and first value.
#[derive(Debug)]
pub struct Single {
    name: [u8; LONGEST],
    length: usize,
    value: Vec<u8>,
}

impl Single {
    /// `None` for a name that is too long.
    pub fn new(name: &str, value: Vec<u8>) -> Option<Self> {
        let mut single = Self { name: [0; LONGEST], length: name.len(), value };
        single.name.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(single)
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.get(..self.length).is_some_and(|kept| same(kept, name.as_bytes()))
    }

    pub fn value(&self) -> &[u8] {
        &self.value
    }
}
