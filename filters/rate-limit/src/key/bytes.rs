//! The bytes of a key: a kind, a length and a value for each part, so that neither two parts nor two kinds of value run
//! into one another.

/// The longest value, in bytes; what stands behind is cut off.
pub const MAX_VALUE: usize = 256;

/// Bytes before each value: the kind and the length, big-endian.
pub(super) const PREFIX: usize = 3;

/// What a value is. The consumer `1.2.3.4` is no address.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    /// A missing part that all who lack it share.
    Shared,
    /// The address in the place of a missing part.
    AddressInstead,
    Address,
    Consumer,
    Credential,
    Groups,
    ClaimString,
    ClaimNumber,
    ClaimBool,
    Header,
    Parameter,
    Cookie,
    Path,
    PathTemplate,
    Method,
    Host,
    Route,
    Const,
}

/// A key's bytes in the making.
pub(super) struct KeyBytes(Vec<u8>);

impl KeyBytes {
    /// In the memory of another, whose bytes are forgotten.
    pub(super) fn in_place_of(mut other: Vec<u8>) -> Self {
        other.clear();
        Self(other)
    }

    /// Adds a part; `None`, and nothing is added, where the value is empty.
    pub(super) fn push(&mut self, kind: Kind, value: &[u8]) -> Option<()> {
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        let length = u16::try_from(value.len()).ok().filter(|length| *length > 0)?;
        self.0.push(kind as u8);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
        Some(())
    }

    /// As [`KeyBytes::push`], letters in lower case.
    pub(super) fn push_lower(&mut self, kind: Kind, value: &[u8]) -> Option<()> {
        let start = self.0.len().saturating_add(PREFIX);
        self.push(kind, value)?;
        self.0.get_mut(start..)?.make_ascii_lowercase();
        Some(())
    }

    /// Adds a part that has no value.
    pub(super) fn push_mark(&mut self, kind: Kind) {
        self.0.extend_from_slice(&[kind as u8, 0, 0]);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
