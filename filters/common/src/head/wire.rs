//! A header map as the host hands it over, parsed in place.
//!
//! Layout (proxy-wasm ABI, "serialized map"): the count, then per field the lengths of name and value, all `u32`
//! little-endian; then per field the name, a NUL, the value, a NUL.

use crate::proxy::Status;

/// Header fields over one buffer of the host; no field is copied.
#[derive(Debug, Clone, Default)]
pub struct HeaderMap {
    wire: Vec<u8>,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
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
        let fields = spans(&wire).ok_or(Status::ParseFailure)?;
        Ok(Self { wire, fields })
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
        self.fields.iter().map(|field| (self.bytes(field.name), self.bytes(field.value)))
    }

    /// The values of every field of that name (ASCII case-insensitive), in order.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value of that name.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn bytes(&self, span: Span) -> &[u8] {
        self.wire.get(span.start..span.end).unwrap_or_default()
    }
}

fn spans(wire: &[u8]) -> Option<Vec<Field>> {
    let count = word(wire, 0)?;
    let lengths_end = count.checked_mul(8)?.checked_add(4)?;
    if lengths_end > wire.len() {
        return None; // before `with_capacity` believes a hostile count
    }
    let mut fields = Vec::with_capacity(count);
    let mut data = lengths_end;
    for at in (4..lengths_end).step_by(8) {
        let name = take(wire, &mut data, word(wire, at)?)?;
        let value = take(wire, &mut data, word(wire, at.checked_add(4)?)?)?;
        fields.push(Field { name, value });
    }
    Some(fields)
}

fn word(wire: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; 4] = wire.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// The next part of the data area and past its NUL.
fn take(wire: &[u8], data: &mut usize, length: usize) -> Option<Span> {
    let span = Span { start: *data, end: data.checked_add(length)? };
    if span.end > wire.len() {
        return None;
    }
    *data = span.end.checked_add(1)?;
    Some(span)
}
