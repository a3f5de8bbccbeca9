//! Edits to a header map: recorded while the chain runs, written to the host once.

use std::fmt;

use super::name::{AsName, is_token};
use super::wire::{Lengths, hash, same};

/// Why an edit was refused. The name is shown, the value never: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// The name is not a token.
    Name(String),
    /// The value holds CR, LF or NUL: the host would take it and the codec fail later, or a header be injected.
    Value(String),
    /// Pseudo headers can be set, but neither removed (Envoy answers 404, Kong's engine crashes) nor repeated.
    Pseudo(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?} is no header name"),
            Self::Value(name) => write!(f, "the value for {name} holds CR, LF or NUL"),
            Self::Pseudo(name) => write!(f, "{name} can only be set"),
        }
    }
}

impl std::error::Error for EditError {}

/// Where edits are written.
pub trait HeaderSink {
    /// All fields of that name become this one.
    fn replace(&self, name: &str, value: &[u8]);
    /// One more field of that name.
    fn add(&self, name: &str, value: &[u8]);
    /// No field of that name.
    fn remove(&self, name: &str);
}

/// The recorded edits. Those of one name stand together, in the order in which they are written.
///
/// Nothing is taken out of the record before it is written: what a later edit takes the place of is passed over, so
/// that going back to a [`Mark`] copies nothing.
#[derive(Debug, Default)]
pub struct Edits {
    record: Vec<Edit>,
    names: String,
    values: Vec<u8>,
    /// How long names are; it may also have lengths of some that were taken back.
    name_lengths: Lengths,
}

#[derive(Debug, Clone, Copy)]
struct Edit {
    op: Op,
    name: Known,
    value: Span,
    /// How long the record was when this edit lost its place, [`STANDS`] while it has it.
    gone: usize,
}

const STANDS: usize = usize::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    /// The first of its name: the host's own fields go.
    Set,
    /// The first of its name: the host's own fields go, and there is no other.
    Remove,
    /// The first of its name, behind the host's own fields.
    Append,
    /// Behind others of its name.
    More,
    /// None: what stood before of a name has gone.
    Forget,
}

#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: usize,
    end: usize,
}

/// A name that was recorded.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    text: Span,
    /// The [`hash()`] of the text: a hundred names may be of one length, and are told apart without a look at them.
    hash: u64,
}

/// A state of the edits to go back to.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    record: usize,
    names: usize,
    values: usize,
}

/// What edits say of one name.
pub(super) struct Edited<'a> {
    /// The host's own fields of this name are gone.
    pub(super) replaced: bool,
    /// The first value that edits brought.
    pub(super) first: Option<&'a [u8]>,
}

impl Edits {
    pub(super) fn of(&self, name: &[u8]) -> Option<Edited<'_>> {
        let edit = self.first(name)?;
        let first = (edit.op != Op::Remove).then(|| self.value(edit));
        Some(Edited { replaced: edit.op != Op::Append, first })
    }

    pub(super) fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.standing(name).filter(|edit| edit.op != Op::Remove).map(|edit| self.value(edit))
    }

    pub(super) fn added(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let adds = self.all().filter(|edit| edit.op != Op::Remove);
        adds.map(|edit| (self.name(edit).as_bytes(), self.value(edit)))
    }

    pub(super) fn set(&mut self, name: impl AsName, value: &[u8]) -> Result<(), EditError> {
        if !name.is_checked() {
            check_name(name.text())?;
        }
        check_value(name.text(), value)?;
        let name = self.forget(name.text());
        self.push(Op::Set, name, value);
        Ok(())
    }

    pub(super) fn append(&mut self, name: impl AsName, value: &[u8]) -> Result<(), EditError> {
        if !name.is_checked() {
            check_plain(name.text())?;
        }
        check_value(name.text(), value)?;
        self.push_behind(name.text(), value);
        Ok(())
    }

    /// `absent`: the host has no field of that name, so that none recorded is all there is to do.
    pub(super) fn remove(&mut self, name: impl AsName, absent: bool) -> Result<(), EditError> {
        if !name.is_checked() {
            check_plain(name.text())?;
        }
        if absent {
            self.keep_host(name.text());
        } else {
            let name = self.forget(name.text());
            self.push(Op::Remove, name, b"");
        }
        Ok(())
    }

    /// Takes back all edits of a name.
    pub(super) fn keep_host(&mut self, name: &str) {
        if self.first(name.as_bytes()).is_some() {
            let name = self.forget(name);
            self.push(Op::Forget, name, b"");
        }
    }

    /// Writes every edit, each name once, and forgets them.
    pub fn write(&mut self, sink: &dyn HeaderSink) {
        for edit in self.all() {
            let name = self.name(edit);
            match edit.op {
                Op::Set => sink.replace(name, self.value(edit)),
                Op::Remove => sink.remove(name),
                Op::Append | Op::More => sink.add(name, self.value(edit)),
                Op::Forget => {}
            }
        }
        self.clear();
    }

    /// Whether the names and values to be written have more than `limit` bytes.
    #[must_use]
    pub fn exceed(&self, limit: usize) -> bool {
        // All that was ever recorded is more than what stands, and need not be added up.
        self.names.len().saturating_add(self.values.len()) > limit && self.size() > limit
    }

    pub(super) fn size(&self) -> usize {
        let of =
            |edit: &Edit| edit.value.len().saturating_add(if edit.op == Op::More { 0 } else { edit.name.text.len() });
        self.all().map(of).fold(0, usize::saturating_add)
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// Forgets every edit; as much memory as most heads need stays for others.
    pub fn clear(&mut self) {
        const EDITS: usize = 64;
        const BYTES: usize = 4096;
        self.name_lengths = Lengths::default();
        self.record.clear();
        self.record.shrink_to(EDITS);
        self.names.clear();
        self.names.shrink_to(BYTES);
        self.values.clear();
        self.values.shrink_to(BYTES);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { record: self.record.len(), names: self.names.len(), values: self.values.len() }
    }

    pub(super) fn undo(&mut self, to: Mark) {
        if self.record.len() == to.record {
            return;
        }
        self.record.truncate(to.record);
        self.names.truncate(to.names);
        self.values.truncate(to.values);
        for edit in &mut self.record {
            if edit.gone >= to.record {
                edit.gone = STANDS;
            }
        }
    }

    /// What will be written.
    fn all(&self) -> impl Iterator<Item = &Edit> {
        self.record.iter().filter(|edit| edit.gone == STANDS && edit.op != Op::Forget)
    }

    fn standing<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a Edit> {
        let hash = hash(name);
        self.all().filter(move |edit| edit.name.is(name, hash, &self.names))
    }

    /// The first of a name that stands.
    fn first(&self, name: &[u8]) -> Option<&Edit> {
        if !self.name_lengths.may_have(name.len()) {
            return None;
        }
        let hash = hash(name);
        self.all().find(|edit| edit.name.is(name, hash, &self.names))
    }

    /// All edits of a name lose their place, to one that is pushed next; the name, where it stands.
    fn forget(&mut self, name: &str) -> Known {
        let (mut known, gone, hash) = (None, self.record.len(), hash(name.as_bytes()));
        if self.name_lengths.may_have(name.len()) {
            for edit in &mut self.record {
                if edit.gone == STANDS && edit.name.is(name.as_bytes(), hash, &self.names) {
                    known = Some(edit.name);
                    edit.gone = gone;
                }
            }
        }
        known.unwrap_or_else(|| {
            let start = self.names.len();
            self.names.push_str(name);
            self.name_lengths.add(name.len());
            Known { text: Span { start, end: self.names.len() }, hash }
        })
    }

    /// One more value of a name, whose edits are written together, after those of other names.
    fn push_behind(&mut self, name: &str, value: &[u8]) {
        let from = self.record.len();
        let was_last = self.record.last().map(|last| last.name);
        let op = match self.of(name.as_bytes()) {
            None => Op::Append,
            Some(Edited { first: None, .. }) => Op::Set,
            Some(_) => Op::More,
        };
        if op == Op::More && was_last.is_some_and(|last| same(self.text(last).as_bytes(), name.as_bytes())) {
            let name = was_last.unwrap_or_default();
            return self.push(op, name, value);
        }
        let name = self.forget(name);
        for at in 0..from {
            if let Some(edit) = self.record.get(at).copied()
                && op == Op::More
                && edit.gone == from
            {
                self.record.push(Edit { gone: STANDS, ..edit });
            }
        }
        self.push(op, name, value);
    }

    fn push(&mut self, op: Op, name: Known, value: &[u8]) {
        let start = self.values.len();
        self.values.extend_from_slice(value);
        self.record.push(Edit { op, name, value: Span { start, end: self.values.len() }, gone: STANDS });
    }

    fn name(&self, edit: &Edit) -> &str {
        self.text(edit.name)
    }

    fn text(&self, name: Known) -> &str {
        self.names.get(name.text.start..name.text.end).unwrap_or_default()
    }

    fn value(&self, edit: &Edit) -> &[u8] {
        self.values.get(edit.value.start..edit.value.end).unwrap_or_default()
    }
}

impl Known {
    /// Whether it is that name, which has that hash; `names` is where its own text stands.
    #[inline]
    fn is(self, name: &[u8], hash: u64, names: &str) -> bool {
        self.hash == hash && same(names.as_bytes().get(self.text.start..self.text.end).unwrap_or_default(), name)
    }
}

impl Span {
    #[inline]
    fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

fn check_name(name: &str) -> Result<(), EditError> {
    let token = name.strip_prefix(':').unwrap_or(name);
    if is_token(token.as_bytes()) { Ok(()) } else { Err(EditError::Name(name.into())) }
}

fn check_plain(name: &str) -> Result<(), EditError> {
    check_name(name)?;
    if name.starts_with(':') { Err(EditError::Pseudo(name.into())) } else { Ok(()) }
}

fn check_value(name: &str, value: &[u8]) -> Result<(), EditError> {
    let splits = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
    let (words, rest) = value.as_chunks();
    let found = words.iter().any(|word| has_low_byte(*word) && word.iter().any(splits)) || rest.iter().any(splits);
    if found { Err(EditError::Value(name.into())) } else { Ok(()) }
}

/// Whether one of eight bytes is below 16, as CR, LF and NUL are; for bytes of 128 and above it may say so wrongly.
fn has_low_byte(word: [u8; 8]) -> bool {
    const HIGH_HALVES: u64 = u64::from_ne_bytes([0xf0; 8]);
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let halves = u64::from_ne_bytes(word) & HIGH_HALVES;
    halves.wrapping_sub(ONES) & !halves & TOPS != 0
}
