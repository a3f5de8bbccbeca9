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
    /// How long names are.
    name_lengths: Lengths,
}

/// Which lengths there are: a bit for each, those of a multiple of 64 more share it. Most names that are looked for are
/// not there, and most of these differ in length from all that are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lengths(u64);

impl Lengths {
    #[inline]
    pub(crate) fn add(&mut self, length: usize) {
        self.0 |= Self::bit(length);
    }

    /// Whether something of that length may be there.
    #[inline]
    pub(crate) fn may_have(self, length: usize) -> bool {
        self.0 & Self::bit(length) != 0
    }

    #[inline]
    fn bit(length: usize) -> u64 {
        1_u64.wrapping_shl(length as u32)
    }
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
    #[inline]
    fn at(start: usize, [a, b, c, d, e, f, g, h]: [u8; 2 * WORD]) -> Self {
        Self { start, name: length([a, b, c, d]), value: length([e, f, g, h]) }
    }

    /// Where the next field's name starts.
    #[inline]
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
        let (lengths_end, name_lengths) = check(&wire).ok_or(Status::ParseFailure)?;
        Ok(Self { wire, lengths_end, name_lengths })
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

    /// Hands out the names, in the host's order.
    pub(super) fn each_name<'m>(&'m self, mut see: impl FnMut(&'m [u8])) {
        for field in self.fields() {
            see(self.name(field));
        }
    }

    /// Every field in the host's order: name as the host spells it, value as sent.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields().map(|field| (self.name(field), self.value(field)))
    }

    /// The values of every field of that name (ASCII case-insensitive), in order.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.fields_as_long_as(name);
        std::iter::from_fn(move || rest.next_of(name).map(|field| self.value(field)))
    }

    /// The first value of that name.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields_as_long_as(name).next_of(name).map(|field| self.value(field))
    }

    /// Whether there is one field of that name alone, with this value.
    #[must_use]
    pub fn holds_only(&self, name: &[u8], value: &[u8]) -> bool {
        let mut fields = self.fields_as_long_as(name);
        fields.next_of(name).is_some_and(|field| self.value(field) == value) && fields.next_of(name).is_none()
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

    fn fields(&self) -> Fields<'_> {
        Fields { wire: &self.wire, lengths: self.lengths(), start: self.lengths_end }
    }

    /// No field where none has a name of that length, else all.
    #[inline]
    fn fields_as_long_as(&self, name: &[u8]) -> Fields<'_> {
        if self.name_lengths.may_have(name.len()) { self.fields() } else { Fields::default() }
    }

    fn name(&self, field: Field) -> &[u8] {
        self.part(field.start, field.name)
    }

    fn value(&self, field: Field) -> &[u8] {
        self.part(field.start.wrapping_add(field.name).wrapping_add(1), field.value)
    }

    fn part(&self, start: usize, length: usize) -> &[u8] {
        part(&self.wire, start, length)
    }
}

/// Never past the end: [`check`] saw to that.
fn part(wire: &[u8], start: usize, length: usize) -> &[u8] {
    wire.get(start..start.wrapping_add(length)).unwrap_or_default()
}

/// The fields that are still to come.
#[derive(Default)]
struct Fields<'m> {
    wire: &'m [u8],
    lengths: &'m [[u8; 2 * WORD]],
    /// Where the next one starts.
    start: usize,
}

impl Fields<'_> {
    /// The next one of that name. In one loop, since most that is asked of a head is whether it has a name.
    fn next_of(&mut self, name: &[u8]) -> Option<Field> {
        while let Some((lengths, rest)) = self.lengths.split_first() {
            let field = Field::at(self.start, *lengths);
            self.lengths = rest;
            self.start = field.end();
            if field.name == name.len() && same(part(self.wire, field.start, field.name), name) {
                return Some(field);
            }
        }
        None
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    #[inline]
    fn next(&mut self) -> Option<Field> {
        let (lengths, rest) = self.lengths.split_first()?;
        let field = Field::at(self.start, *lengths);
        self.lengths = rest;
        self.start = field.end();
        Some(field)
    }
}

/// The bit that tells upper from lower case, in eight bytes.
const CASE: u64 = u64::from_ne_bytes([0x20; 8]);

/// A number that is the same for all spellings of a name and seldom for two names: its first and its last eight bytes.
#[inline]
pub(super) fn hash(name: &[u8]) -> u64 {
    let word = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => u64::from_ne_bytes(*first).rotate_left(8) ^ u64::from_ne_bytes(*last),
        _ => name.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    word | CASE
}

/// Whether two names are the same, ASCII case-insensitively. Eight bytes at a time and from their ends: those of one
/// length that differ often begin alike.
pub(super) fn same(mut a: &[u8], mut b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    while let (Some((before_a, x)), Some((before_b, y))) = (a.split_last_chunk(), b.split_last_chunk()) {
        let differing = u64::from_ne_bytes(*x) ^ u64::from_ne_bytes(*y);
        if differing != 0 && (differing & !CASE != 0 || !x.eq_ignore_ascii_case(y)) {
            return false;
        }
        (a, b) = (before_a, before_b);
    }
    a.iter().zip(b).all(|(a, b)| a == b || a.eq_ignore_ascii_case(b))
}

/// Where the lengths of a well-formed map end, and how long its names are.
fn check(wire: &[u8]) -> Option<(usize, Lengths)> {
    let (count, rest) = wire.split_first_chunk()?;
    let lengths_end = length(*count).checked_mul(2 * WORD)?.checked_add(WORD)?;
    let lengths = rest.get(..lengths_end.checked_sub(WORD)?)?;
    let (mut data, mut name_lengths) = (lengths_end, Lengths::default());
    for field in lengths.as_chunks().0 {
        let Field { name, value, .. } = Field::at(data, *field);
        name_lengths.add(name);
        // Each is followed by a NUL.
        data = data.checked_add(name)?.checked_add(value)?.checked_add(2)?;
        if data > wire.len().saturating_add(1) {
            return None;
        }
    }
    Some((lengths_end, name_lengths))
}

fn length(word: [u8; WORD]) -> usize {
    usize::try_from(u32::from_le_bytes(word)).unwrap_or(usize::MAX)
}
