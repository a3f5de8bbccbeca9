//! What an edit means, told once more over plain lists of pairs: the editors of real bytes are held against it.

use crate::matcher::anchored;
use proptest::prelude::*;

use super::*;

/// Inputs that each property is tried with.
pub(crate) const CASES: u32 = 10_000;

pub(crate) type Read = (Vec<u8>, Vec<u8>);

/// An [`Edit`] that owns what it holds.
#[derive(Debug, Clone)]
pub(crate) enum AnyEdit {
    Remove,
    Rename(NewText),
    Set(Vec<u8>),
    SetIfAbsent(Vec<u8>),
    ReplaceIfExists(Vec<u8>),
    Append(Vec<u8>),
    Rewrite(NewText),
}

/// What a name or value becomes.
#[derive(Debug, Clone)]
pub(crate) enum NewText {
    Always(Vec<u8>),
    Reversed,
    /// Without its first byte; one of a single byte stays.
    Shorter,
    /// Without this start; one that does not start so stays.
    Without(&'static [u8]),
}

impl NewText {
    fn of(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Always(new) => Some(new.clone()),
            Self::Reversed => Some(text.iter().rev().copied().collect()),
            Self::Shorter => text.get(1..).filter(|rest| !rest.is_empty()).map(<[u8]>::to_vec),
            Self::Without(start) => text.strip_prefix(*start).map(<[u8]>::to_vec),
        }
    }
}

impl AnyEdit {
    pub(crate) fn apply<T>(&self, edit: impl FnOnce(&Edit<'_>) -> T) -> T {
        match self {
            Self::Remove => edit(&Edit::Remove),
            Self::Rename(new) => edit(&Edit::Rename(&|name| new.of(name))),
            Self::Set(value) => edit(&Edit::Set(value)),
            Self::SetIfAbsent(value) => edit(&Edit::SetIfAbsent(value)),
            Self::ReplaceIfExists(value) => edit(&Edit::ReplaceIfExists(value)),
            Self::Append(value) => edit(&Edit::Append(value)),
            Self::Rewrite(new) => edit(&Edit::Rewrite(&|value| new.of(value))),
        }
    }
}

/// A pair after an edit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct After {
    /// Where the pair stood before; `None` for a new one.
    pub(crate) was: Option<usize>,
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) name_is_new: bool,
    pub(crate) value_is_new: bool,
}

/// What can be written.
pub(crate) struct Writable {
    pub(crate) name: fn(&[u8]) -> bool,
    pub(crate) value: fn(&[u8]) -> bool,
}

/// What an edit makes of `before`, and what it refuses.
pub(crate) fn expected(
    before: &[Read],
    names: &Names,
    edit: &AnyEdit,
    writable: &Writable,
) -> (Vec<After>, Option<Unwritable>) {
    let selected = |name: &[u8]| names.selects(name, Case::Sensitive);
    let untouched: Vec<After> = before.iter().enumerate().map(untouched).collect();
    let mut after: Vec<After> = Vec::new();
    let mut refused = None;
    for (index, (name, value)) in before.iter().enumerate() {
        let mut pair = untouched[index].clone();
        let repeated = before[..index].iter().any(|(earlier, _)| earlier == name);
        let stays = match edit {
            AnyEdit::Remove => !selected(name),
            AnyEdit::Rename(new) if selected(name) => {
                match new.of(name).filter(|new| new != name) {
                    Some(new) if !(writable.name)(&new) => refused = Some(Unwritable::Name),
                    Some(new) => pair.name = new,
                    None => {}
                }
                true
            }
            AnyEdit::Rename(new) => !before.iter().any(|(source, _)| {
                selected(source) && source != name && new.of(source).as_ref() == Some(name) && (writable.name)(name)
            }),
            AnyEdit::Set(new) | AnyEdit::ReplaceIfExists(new) if selected(name) => {
                pair.value.clone_from(new);
                !repeated
            }
            AnyEdit::Rewrite(new) if selected(name) => {
                match new.of(value).filter(|new| new != value) {
                    Some(new) if !(writable.value)(&new) => refused = Some(Unwritable::Value),
                    Some(new) => pair.value = new,
                    None => {}
                }
                true
            }
            _ => true,
        };
        if stays {
            pair.name_is_new = pair.name != *name;
            pair.value_is_new = pair.value != *value;
            after.push(pair);
        }
    }
    let absent = !before.iter().any(|(name, _)| selected(name));
    let created = match edit {
        AnyEdit::Append(value) => Some(value),
        AnyEdit::Set(value) | AnyEdit::SetIfAbsent(value) if absent => Some(value),
        _ => None,
    };
    if let (Names::Exact(name), Some(value)) = (names, created) {
        let (name, value) = (name.clone().into_bytes(), value.clone());
        after.push(After { was: None, name, value, name_is_new: true, value_is_new: true });
    }
    if after.iter().any(|pair| pair.name_is_new && !(writable.name)(&pair.name)) {
        return (untouched, Some(Unwritable::Name));
    }
    if after.iter().any(|pair| pair.value_is_new && !(writable.value)(&pair.value)) {
        return (untouched, Some(Unwritable::Value));
    }
    (after, refused)
}

fn untouched((index, (name, value)): (usize, &Read)) -> After {
    After { was: Some(index), name: name.clone(), value: value.clone(), name_is_new: false, value_is_new: false }
}

fn text(texts: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(texts).prop_map(<[u8]>::to_vec)
}

/// Pieces put together, and now and then any bytes.
pub(crate) fn bytes(pieces: &'static [&'static [u8]], length: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![9 => text(pieces), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    proptest::collection::vec(piece, 0..length).prop_map(|pieces| pieces.concat())
}

pub(crate) fn any_names() -> impl Strategy<Value = Names> {
    let exact = proptest::sample::select(&["a", "b", "ab", "a b", "\u{e4}", "other", ""][..]);
    let prefix = proptest::sample::select(&["a", "b", "ab", ""][..]);
    let regex = proptest::sample::select(&["a|b", "[ab]+", ".", ".*", "b?"][..]);
    prop_oneof![
        3 => exact.prop_map(|name| Names::Exact(name.to_owned())),
        1 => prefix.prop_map(|prefix| Names::Prefix(prefix.to_owned())),
        1 => regex.prop_map(|regex| Names::Regex(anchored(regex, true).unwrap())),
    ]
}

pub(crate) fn any_edit() -> impl Strategy<Value = AnyEdit> {
    const TEXTS: &[&[u8]] =
        &[b"a", b"b", b"ab", b"1", b"a b", b"a;b", b"a&b=c", b"%61", b"a+b", b"\"a\"", b"", b"\xe4"];
    let value = || prop_oneof![3 => text(TEXTS), 1 => bytes(TEXTS, 3)];
    let new = || {
        prop_oneof![
            value().prop_map(NewText::Always),
            Just(NewText::Reversed),
            Just(NewText::Shorter),
            Just(NewText::Without(b"a"))
        ]
    };
    prop_oneof![
        Just(AnyEdit::Remove),
        new().prop_map(AnyEdit::Rename),
        value().prop_map(AnyEdit::Set),
        value().prop_map(AnyEdit::SetIfAbsent),
        value().prop_map(AnyEdit::ReplaceIfExists),
        value().prop_map(AnyEdit::Append),
        new().prop_map(AnyEdit::Rewrite),
    ]
}

pub(crate) fn exact(name: &str) -> Names {
    Names::Exact(name.to_owned())
}

pub(crate) fn prefix(prefix: &str) -> Names {
    Names::Prefix(prefix.to_owned())
}

pub(crate) fn regex(text: &str) -> Names {
    Names::Regex(anchored(text, true).unwrap())
}

pub(crate) fn rename(to: &str) -> AnyEdit {
    AnyEdit::Rename(NewText::Always(to.into()))
}

pub(crate) fn rewrite(to: &str) -> AnyEdit {
    AnyEdit::Rewrite(NewText::Always(to.into()))
}

/// An [`Edited`] that changes everything it wants to.
pub(crate) fn all<T>(changed: T) -> Edited<T> {
    Edited { changed: Some(changed), refused: None }
}

/// An [`Edited`] that writes nothing.
pub(crate) fn nothing<T>(why: Unwritable) -> Edited<T> {
    Edited { changed: None, refused: Some(why) }
}

/// `count` pairs of different names that start with `a`, each as long as `pair` and five more.
pub(crate) fn many(count: usize, pair: &str, separator: &str) -> String {
    let pairs: Vec<String> = (0..count).map(|number| format!("a{number:04}{pair}")).collect();
    pairs.join(separator)
}
