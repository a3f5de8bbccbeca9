//! A header map as the host hands it over, read in place.
//!
//! Layout (proxy-wasm ABI, "serialized map"): the count, then per field the lengths of name and value, all `u32`
//! little-endian; then per field the name, a NUL, the value, a NUL.

use crate::proxy::Status;

/// Header fields in one buffer of the host. No field is copied and none indexed: a look-up walks the lengths, which
/// stand together, and compares a name only where its length fits.
#[derive(Debug, Clone, Default)]
pub struct HeaderMap {
    wire: Vec<u8>,
    /// Where the lengths end and the first name starts.
    lengths_end: usize,
}

/// The length of the count, and of each length.
const WORD: usize = 4;

/// A name and its value: where the name starts, and how long both are.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    name: usize,
    value: usize,
}

impl Field {
    /// Where the next field's name starts.
    fn end(self) -> usize {
        self.start.wrapping_add(self.name).wrapping_add(self.value).wrapping_add(2)
    }
}

impl HeaderMap {
    /// Takes the host's bytes. An empty buffer is an empty map.
    ///
    /// # Errors
    /// [`Status::ParseFailure`] when counts and lengths do not fit the buffer.
    pub fn parse(wire: Vec<u8>) -> Result<Self, Status> {
        if wire.is_empty() {
            return Ok(Self::default());
        }
        let lengths_end = check(&wire).ok_or(Status::ParseFailure)?;
        Ok(Self { wire, lengths_end })
    }

    /// The same layout, from pairs.
    #[must_use]
    pub fn serialize<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Vec<u8> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut wire = Vec::new();
        wire.extend(u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (name, value) in pairs {
            wire.extend(length(name.as_ref()));
            wire.extend(length(value.as_ref()));
        }
        for (name, value) in pairs {
            for part in [name.as_ref(), value.as_ref()] {
                wire.extend_from_slice(part);
                wire.push(0);
            }
        }
        wire
    }

    /// Every field in the host's order: name as the host spells it, value as sent.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields().map(|field| (self.name(field), self.value(field)))
    }

    /// The values of every field of that name (ASCII case-insensitive), in order.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(move |field| self.is(*field, name)).map(|field| self.value(field))
    }

    /// The first value of that name.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields().find(|field| self.is(*field, name)).map(|field| self.value(field))
    }

    /// Whether there is one field of that name alone, with this value.
    #[must_use]
    pub fn holds_only(&self, name: &[u8], value: &[u8]) -> bool {
        let mut fields = self.fields().filter(|field| self.is(*field, name));
        fields.next().is_some_and(|field| self.value(field) == value) && fields.next().is_none()
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths().len()
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    fn lengths(&self) -> &[[u8; 2 * WORD]] {
        self.wire.get(WORD..self.lengths_end).unwrap_or_default().as_chunks().0
    }

    fn fields(&self) -> impl Iterator<Item = Field> {
        let mut start = self.lengths_end;
        self.lengths().iter().map(move |lengths| {
            let [a, b, c, d, e, f, g, h] = *lengths;
            let field = Field { start, name: length([a, b, c, d]), value: length([e, f, g, h]) };
            start = field.end();
            field
        })
    }

    fn is(&self, field: Field, name: &[u8]) -> bool {
        field.name == name.len() && same(self.name(field), name)
    }

    fn name(&self, field: Field) -> &[u8] {
        self.part(field.start, field.name)
    }

    fn value(&self, field: Field) -> &[u8] {
        self.part(field.start.wrapping_add(field.name).wrapping_add(1), field.value)
    }

    /// Never past the end: [`check`] saw to that.
    fn part(&self, start: usize, length: usize) -> &[u8] {
        self.wire.get(start..start.wrapping_add(length)).unwrap_or_default()
    }
}

/// Whether two names are the same, ASCII case-insensitively. They are looked at from their ends: those of one length
/// that differ often begin alike.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b || a.eq_ignore_ascii_case(b))
}

/// Where the lengths of a well-formed map end.
fn check(wire: &[u8]) -> Option<usize> {
    let (count, rest) = wire.split_first_chunk()?;
    let lengths_end = length(*count).checked_mul(2 * WORD)?.checked_add(WORD)?;
    let lengths = rest.get(..lengths_end.checked_sub(WORD)?)?;
    let mut data = lengths_end;
    for length_of in lengths.as_chunks().0 {
        let end = data.checked_add(length(*length_of))?;
        if end > wire.len() {
            return None;
        }
        data = end.checked_add(1)?; // Past its NUL.
    }
    Some(lengths_end)
}

fn length(word: [u8; WORD]) -> usize {
    usize::try_from(u32::from_le_bytes(word)).unwrap_or(usize::MAX)
}
