//! Edits of lists of pairs: the parameters of a query, the cookies of `Cookie` lines.
//!
//! A list is lines of parts. A part that is a pair has a name and a value; others are never touched. What an edit does
//! not change keeps its bytes and its place. No edit takes time quadratic in what a client sends.

pub mod cookies;
mod names;
pub mod query;
mod syntax;
mod written;

use std::collections::BTreeSet;

pub use names::{Case, Names};
pub use syntax::{Pair, Syntax, Unwritable};
pub use written::MAX_WRITTEN;

use written::Written;

/// What a name or a value becomes; `None` leaves it.
pub type NewText<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// What is done to the pairs of some names.
pub enum Edit<'a> {
    /// They go.
    Remove,
    /// They get new names, in their places. Pairs that stood under such a name and are not selected themselves go.
    Rename(NewText<'a>),
    /// The first one of each name gets this value and the others of that name go; where there is none at all, one is
    /// created.
    Set(&'a [u8]),
    /// Where there is none, one is created. An empty value is one.
    SetIfAbsent(&'a [u8]),
    /// As [`Edit::Set`], but none is created.
    ReplaceIfExists(&'a [u8]),
    /// One more is created.
    Append(&'a [u8]),
    /// They get new values, each by itself.
    Rewrite(NewText<'a>),
}

/// What came of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited<T> {
    /// What is there now; `None` where it is what it was.
    pub changed: Option<T>,
    /// Why not all was written. A new name of [`Edit::Rename`] or a new value of [`Edit::Rewrite`] that cannot be written
    /// leaves that pair as it is and no other: the client who sent it does not decide about the rest. For every other
    /// edit, and for [`Unwritable::TooLong`], nothing at all was written.
    pub refused: Option<Unwritable>,
}

/// Edits the pairs of `names`. A line that loses its last part goes, and a pair is created at the end of the last line.
/// Only an exact name can be created.
pub fn edit<S: Syntax>(lines: &[&[u8]], names: &Names, edit: &Edit<'_>) -> Edited<Vec<Vec<u8>>> {
    let mut parts: Vec<Part<'_>> =
        lines.iter().enumerate().flat_map(|(line, text)| parts::<S>(line, text, names)).collect();
    let mut written = Written::default();
    let decided = match created(&parts, names, edit) {
        Some((name, value)) => syntax::pair::<S>(name.as_bytes(), value).and_then(|pair| written.add(pair)).map(Some),
        None => decide::<S>(&mut parts, edit, &mut written).map(|()| None),
    };
    let created = match decided {
        Ok(created) => created,
        Err(why) => return Edited { changed: None, refused: Some(why) },
    };
    if created.is_none() && parts.iter().all(|part| part.fate == Fate::Stays) {
        return Edited { changed: None, refused: written.refused };
    }
    let lines = parts.chunk_by(|one, next| one.line == next.line);
    let mut edited: Vec<Vec<u8>> = lines.filter_map(join::<S>).collect();
    if let Some(pair) = created {
        append::<S>(&mut edited, &pair);
    }
    Edited { changed: Some(edited), refused: written.refused }
}

struct Part<'a> {
    /// The index of its line.
    line: usize,
    text: &'a [u8],
    pair: Option<Pair<'a>>,
    selected: bool,
    fate: Fate,
}

/// What becomes of a part.
#[derive(PartialEq)]
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<u8>),
}

fn parts<'a, S: Syntax>(line: usize, text: &'a [u8], names: &Names) -> impl Iterator<Item = Part<'a>> {
    text.split(|&byte| byte == S::SEPARATOR).map(move |text| {
        let pair = S::pair(text);
        let selected = pair.as_ref().is_some_and(|pair| names.selects(&pair.name, Case::Sensitive));
        Part { line, text, pair, selected, fate: Fate::Stays }
    })
}

/// The name and the value of the pair that the edit creates. An edit that creates one does nothing else.
fn created<'e>(parts: &[Part<'_>], names: &'e Names, edit: &Edit<'e>) -> Option<(&'e str, &'e [u8])> {
    let value = match edit {
        Edit::Append(value) => value,
        Edit::Set(value) | Edit::SetIfAbsent(value) if !parts.iter().any(|part| part.selected) => value,
        _ => return None,
    };
    names.exact().map(|name| (name, *value))
}

fn decide<S: Syntax>(parts: &mut [Part<'_>], edit: &Edit<'_>, written: &mut Written) -> Result<(), Unwritable> {
    if let Edit::Rename(new_name) = edit {
        return rename::<S>(parts, new_name, written);
    }
    let mut seen = BTreeSet::new();
    for Part { pair, selected, fate, .. } in parts {
        let Some(pair) = pair.as_ref().filter(|_| *selected) else { continue };
        *fate = match edit {
            Edit::Remove => Fate::Goes,
            Edit::Set(value) | Edit::ReplaceIfExists(value) => {
                if !seen.insert(&pair.name) {
                    Fate::Goes
                } else if *pair.value == **value {
                    Fate::Stays
                } else {
                    Fate::Becomes(written.add(pair.with_value::<S>(value)?)?)
                }
            }
            Edit::Rewrite(new_value) => match new_value(&pair.value).filter(|new| **new != *pair.value) {
                Some(value) => written.add_writable(pair.with_value::<S>(&value))?.map_or(Fate::Stays, Fate::Becomes),
                None => Fate::Stays,
            },
            Edit::Rename(_) | Edit::SetIfAbsent(_) | Edit::Append(_) => Fate::Stays,
        };
    }
    Ok(())
}

fn rename<S: Syntax>(parts: &mut [Part<'_>], new_name: NewText<'_>, written: &mut Written) -> Result<(), Unwritable> {
    let mut taken = BTreeSet::new();
    for Part { pair, selected, fate, .. } in parts.iter_mut() {
        let Some(pair) = pair.as_ref().filter(|_| *selected) else { continue };
        let Some(name) = new_name(&pair.name).filter(|new| **new != *pair.name) else { continue };
        if let Some(text) = written.add_writable(pair.with_name::<S>(&name))? {
            *fate = Fate::Becomes(text);
            taken.insert(name);
        }
    }
    for part in parts.iter_mut().filter(|part| !part.selected) {
        if part.pair.as_ref().is_some_and(|pair| taken.contains(&*pair.name)) {
            part.fate = Fate::Goes;
        }
    }
    Ok(())
}

/// A line of what is left of its parts; `None` where they went and left nothing.
fn join<S: Syntax>(parts: &[Part<'_>]) -> Option<Vec<u8>> {
    let left = parts.iter().filter_map(|part| match &part.fate {
        Fate::Stays => Some(part.text),
        Fate::Goes => None,
        Fate::Becomes(text) => Some(text),
    });
    let left: Vec<&[u8]> = left.collect();
    let line = left.join(&S::SEPARATOR);
    if left.len() == parts.len() {
        return Some(line);
    }
    let first_went = matches!(parts, [Part { fate: Fate::Goes, .. }, ..]);
    let nothing_left = left.iter().all(|part| S::start(part).is_empty());
    (!nothing_left).then(|| if first_went { S::start(&line).to_vec() } else { line })
}

/// Puts `pair` at the end of the last line, in the place of a last part that is empty.
fn append<S: Syntax>(lines: &mut Vec<Vec<u8>>, pair: &[u8]) {
    let mut line = lines.pop().unwrap_or_default();
    let last = line.rsplit(|&byte| byte == S::SEPARATOR).next().unwrap_or_default();
    if S::start(last).is_empty() {
        line.truncate(line.len().saturating_sub(last.len()));
    } else {
        line.push(S::SEPARATOR);
    }
    if !line.is_empty() {
        line.extend_from_slice(S::GAP);
    }
    line.extend_from_slice(pair);
    lines.push(line);
}

#[cfg(test)]
pub(crate) mod tests;
