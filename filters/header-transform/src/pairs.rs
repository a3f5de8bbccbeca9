//! Edits of lists of pairs: the parameters of a query, the cookies of `Cookie` lines.
//!
//! A list is lines of parts. A part that is a pair has a name and a value; others are never touched. What an edit does
//! not change keeps its bytes and its place. No edit takes time quadratic in what a client sends.

mod syntax;

use std::collections::BTreeSet;

pub use syntax::{Pair, Syntax, Unwritable};

use crate::names::{Case, Names};

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

/// The lines after the edit; `None` where it changes nothing. A line that loses its last part goes, and a pair is
/// created at the end of the last line. Only an exact name can be created.
///
/// # Errors
/// The edit would write something the list cannot hold.
pub fn edit<S: Syntax>(lines: &[&[u8]], names: &Names, edit: &Edit<'_>) -> Result<Option<Vec<Vec<u8>>>, Unwritable> {
    let parts: Vec<Part> = lines.iter().enumerate().flat_map(|(line, text)| parts::<S>(line, text, names)).collect();
    let absent = !parts.iter().any(|part| part.selected);
    let created = match edit {
        Edit::Append(value) => Some(value),
        Edit::Set(value) | Edit::SetIfAbsent(value) if absent => Some(value),
        _ => None,
    };
    let created = match names.exact().zip(created) {
        Some((name, value)) => Some(syntax::pair::<S>(name.as_bytes(), value)?),
        None => None,
    };
    let fates = fates::<S>(&parts, edit)?;
    if created.is_none() && fates.iter().all(|fate| *fate == Fate::Stays) {
        return Ok(None);
    }
    let fated: Vec<(&Part, &Fate)> = parts.iter().zip(&fates).collect();
    let lines = fated.chunk_by(|(one, _), (next, _)| one.line == next.line);
    let mut edited: Vec<Vec<u8>> = lines.filter_map(join::<S>).collect();
    if let Some(pair) = created {
        append::<S>(&mut edited, &pair);
    }
    Ok(Some(edited))
}

struct Part<'a> {
    /// The index of its line.
    line: usize,
    text: &'a [u8],
    pair: Option<Pair<'a>>,
    selected: bool,
}

fn parts<'a, S: Syntax>(line: usize, text: &'a [u8], names: &Names) -> impl Iterator<Item = Part<'a>> {
    text.split(|&byte| byte == S::SEPARATOR).map(move |text| {
        let pair = S::pair(text);
        let selected = pair.as_ref().is_some_and(|pair| names.selects(&pair.name, Case::Sensitive));
        Part { line, text, pair, selected }
    })
}

/// What becomes of a part.
#[derive(PartialEq)]
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<u8>),
}

fn fates<S: Syntax>(parts: &[Part<'_>], edit: &Edit<'_>) -> Result<Vec<Fate>, Unwritable> {
    let of_selected = |decide: &mut dyn FnMut(&Pair<'_>) -> Result<Fate, Unwritable>| {
        let fate = |part: &Part<'_>| match &part.pair {
            Some(pair) if part.selected => decide(pair),
            _ => Ok(Fate::Stays),
        };
        parts.iter().map(fate).collect()
    };
    match edit {
        Edit::SetIfAbsent(_) | Edit::Append(_) => of_selected(&mut |_| Ok(Fate::Stays)),
        Edit::Remove => of_selected(&mut |_| Ok(Fate::Goes)),
        Edit::Rename(new_name) => renamed::<S>(parts, new_name),
        Edit::Set(value) | Edit::ReplaceIfExists(value) => {
            let mut seen = BTreeSet::new();
            of_selected(&mut |pair| {
                let first = seen.insert(pair.name.to_vec());
                if first { with_value::<S>(pair, value) } else { Ok(Fate::Goes) }
            })
        }
        Edit::Rewrite(new_value) => of_selected(&mut |pair| {
            new_value(&pair.value).map_or(Ok(Fate::Stays), |value| with_value::<S>(pair, &value))
        }),
    }
}

fn with_value<S: Syntax>(pair: &Pair<'_>, value: &[u8]) -> Result<Fate, Unwritable> {
    if *pair.value == *value { Ok(Fate::Stays) } else { pair.with_value::<S>(value).map(Fate::Becomes) }
}

fn renamed<S: Syntax>(parts: &[Part<'_>], new_name: NewText<'_>) -> Result<Vec<Fate>, Unwritable> {
    let changed = |pair: &Pair<'_>| new_name(&pair.name).filter(|new| **new != *pair.name);
    let selected = |part: &Part<'_>| part.pair.as_ref().filter(|_| part.selected).and_then(changed);
    let new_names: Vec<Option<Vec<u8>>> = parts.iter().map(selected).collect();
    let taken: BTreeSet<&[u8]> = new_names.iter().flatten().map(Vec::as_slice).collect();
    let fate = |(part, new_name): (&Part<'_>, &Option<Vec<u8>>)| match (&part.pair, new_name) {
        (Some(pair), Some(new_name)) => pair.with_name::<S>(new_name).map(Fate::Becomes),
        (Some(pair), None) if !part.selected && taken.contains(&*pair.name) => Ok(Fate::Goes),
        _ => Ok(Fate::Stays),
    };
    parts.iter().zip(&new_names).map(fate).collect()
}

/// A line of what is left of its parts; `None` where they went and left nothing.
fn join<S: Syntax>(parts: &[(&Part<'_>, &Fate)]) -> Option<Vec<u8>> {
    let left = parts.iter().filter_map(|(part, fate)| match fate {
        Fate::Stays => Some(part.text),
        Fate::Goes => None,
        Fate::Becomes(text) => Some(text),
    });
    let left: Vec<&[u8]> = left.collect();
    let line = left.join(&S::SEPARATOR);
    if left.len() == parts.len() {
        return Some(line);
    }
    let first_went = matches!(parts, [(_, Fate::Goes), ..]);
    let nothing_left = left.iter().all(|part| S::start(part).is_empty());
    (!nothing_left).then(|| if first_went { S::start(&line).to_vec() } else { line })
}

/// Puts `pair` at the end of the last line, in the place of a last part that is empty.
fn append<S: Syntax>(lines: &mut Vec<Vec<u8>>, pair: &[u8]) {
    let line = lines.pop().unwrap_or_default();
    let mut parts: Vec<&[u8]> = line.split(|&byte| byte == S::SEPARATOR).collect();
    parts.pop_if(|last| S::start(last).is_empty());
    let gap = if parts.is_empty() { b"" } else { S::GAP };
    let pair = [gap, pair].concat();
    parts.push(&pair);
    lines.push(parts.join(&S::SEPARATOR));
}

#[cfg(test)]
pub(crate) mod tests;
