//! Edits of lists of pairs: the parameters of a query, the cookies of `Cookie` lines.
//!
//! A list is lines of parts. A part that is a pair has a name and a value; others are never touched. What an edit does
//! not change keeps its bytes and its place.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use crate::names::{Case, Names};

/// What is done to the pairs of some names.
pub enum Edit<'a> {
    /// They go.
    Remove,
    /// They get the name that this makes of theirs, in their places; `None` leaves a pair its name. Pairs that stood
    /// under a new name and are not selected themselves go.
    Rename(&'a dyn Fn(&[u8]) -> Option<Vec<u8>>),
    /// The first one gets this value and the others go; where there is none, one is created.
    Set(&'a [u8]),
    /// Where there is none, one is created.
    SetIfAbsent(&'a [u8]),
    /// The first one of each name gets this value and the others of that name go.
    ReplaceIfExists(&'a [u8]),
    /// One more is created.
    Append(&'a [u8]),
    /// Each gets the value that this makes of its own; `None` leaves it.
    Rewrite(&'a dyn Fn(&[u8]) -> Option<Vec<u8>>),
}

/// What an edit wanted to write, and the list cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritable {
    /// A name.
    Name,
    /// A value.
    Value,
}

/// How a list is written.
pub trait Syntax {
    /// What stands between two parts.
    const SEPARATOR: u8;
    /// What stands between a separator and a pair that is created.
    const GAP: &'static [u8];

    /// The pair that a part is.
    fn pair(part: &[u8]) -> Option<Pair<'_>>;

    /// A line as it stands when the part before it went. Empty if it has nothing to say.
    fn start(line: &[u8]) -> &[u8];

    /// Writes a name.
    fn name(name: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable>;

    /// Writes a value.
    fn value(value: &[u8]) -> Result<Cow<'_, [u8]>, Unwritable>;
}

/// A pair as it is read, and the bytes it is written with.
pub struct Pair<'a> {
    pub name: Cow<'a, [u8]>,
    pub value: Cow<'a, [u8]>,
    /// Before the name.
    pub before: &'a [u8],
    /// The name.
    pub written_name: &'a [u8],
    /// Behind the name: nothing, or from the `=` on.
    pub behind: &'a [u8],
}

struct Part<'a> {
    line: usize,
    text: &'a [u8],
    pair: Option<Pair<'a>>,
}

/// What becomes of a part.
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<u8>),
}

/// The lines after the edit; `None` where it changes nothing. A line that loses its last part goes. Nothing is created
/// where `names` are not one exact name.
///
/// # Errors
/// The edit would write something the list cannot hold.
pub fn edit<S: Syntax>(lines: &[&[u8]], names: &Names, edit: &Edit<'_>) -> Result<Option<Vec<Vec<u8>>>, Unwritable> {
    let parts: Vec<Part> = lines.iter().enumerate().flat_map(|(line, text)| parts::<S>(line, text)).collect();
    let absent = !parts.iter().any(|part| part.selected(names).is_some());
    let created = match edit {
        Edit::Append(value) => Some(value),
        Edit::Set(value) | Edit::SetIfAbsent(value) if absent => Some(value),
        _ => None,
    };
    let created = names.exact().zip(created);
    let fates = fates::<S>(&parts, names, edit)?;
    if created.is_none() && fates.iter().all(|fate| matches!(fate, Fate::Stays)) {
        return Ok(None);
    }
    let fated: Vec<(Part, Fate)> = parts.into_iter().zip(fates).collect();
    let mut lines: Vec<Vec<u8>> =
        fated.chunk_by(|(one, _), (next, _)| one.line == next.line).filter_map(line::<S>).collect();
    if let Some((name, value)) = created {
        append::<S>(&mut lines, &[&*S::name(name.as_bytes())?, b"=", &*S::value(value)?].concat());
    }
    Ok(Some(lines))
}

fn parts<S: Syntax>(line: usize, text: &[u8]) -> impl Iterator<Item = Part<'_>> {
    text.split(|&byte| byte == S::SEPARATOR).map(move |text| Part { line, text, pair: S::pair(text) })
}

fn fates<S: Syntax>(parts: &[Part<'_>], names: &Names, edit: &Edit<'_>) -> Result<Vec<Fate>, Unwritable> {
    let of_selected = |decide: &mut dyn FnMut(&Pair<'_>) -> Result<Fate, Unwritable>| {
        parts.iter().map(|part| part.selected(names).map_or(Ok(Fate::Stays), &mut *decide)).collect()
    };
    match edit {
        Edit::SetIfAbsent(_) | Edit::Append(_) => Ok(parts.iter().map(|_| Fate::Stays).collect()),
        Edit::Remove => of_selected(&mut |_| Ok(Fate::Goes)),
        Edit::Rename(rename) => renamed::<S>(parts, names, rename),
        Edit::Set(value) | Edit::ReplaceIfExists(value) => {
            let mut seen = BTreeSet::new();
            of_selected(&mut |pair| {
                if seen.insert(pair.name.to_vec()) { pair.with_value::<S>(value) } else { Ok(Fate::Goes) }
            })
        }
        Edit::Rewrite(rewrite) => of_selected(&mut |pair| match rewrite(&pair.value) {
            Some(value) => pair.with_value::<S>(&value),
            None => Ok(Fate::Stays),
        }),
    }
}

fn renamed<S: Syntax>(
    parts: &[Part<'_>],
    names: &Names,
    rename: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<Fate>, Unwritable> {
    let new_name = |pair: &Pair<'_>| rename(&pair.name).filter(|new| **new != *pair.name);
    let new_names: Vec<Option<Vec<u8>>> = parts.iter().map(|part| part.selected(names).and_then(new_name)).collect();
    let taken: BTreeSet<&[u8]> = new_names.iter().flatten().map(Vec::as_slice).collect();
    let fate = |(part, new_name): (&Part<'_>, &Option<Vec<u8>>)| match (&part.pair, new_name) {
        (Some(pair), Some(name)) => Ok(Fate::Becomes([pair.before, &S::name(name)?, pair.behind].concat())),
        (Some(pair), None) if taken.contains(&*pair.name) && part.selected(names).is_none() => Ok(Fate::Goes),
        _ => Ok(Fate::Stays),
    };
    parts.iter().zip(&new_names).map(fate).collect()
}

/// A line of what is left of its parts; `None` where they went and left nothing.
fn line<S: Syntax>(parts: &[(Part<'_>, Fate)]) -> Option<Vec<u8>> {
    let left: Vec<&[u8]> = parts.iter().filter_map(|(part, fate)| fate.text(part)).collect();
    if left.len() == parts.len() {
        return Some(left.join(&S::SEPARATOR));
    }
    if left.iter().all(|part| S::start(part).is_empty()) {
        return None;
    }
    let line = left.join(&S::SEPARATOR);
    let first_went = matches!(parts, [(_, Fate::Goes), ..]);
    Some(if first_went { S::start(&line).to_vec() } else { line })
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

impl<'a> Part<'a> {
    fn selected(&self, names: &Names) -> Option<&Pair<'a>> {
        self.pair.as_ref().filter(|pair| names.selects(&pair.name, Case::Sensitive))
    }
}

impl Pair<'_> {
    fn with_value<S: Syntax>(&self, value: &[u8]) -> Result<Fate, Unwritable> {
        if *self.value == *value {
            return Ok(Fate::Stays);
        }
        Ok(Fate::Becomes([self.before, self.written_name, b"=", &S::value(value)?].concat()))
    }
}

impl Fate {
    fn text<'a>(&'a self, part: &Part<'a>) -> Option<&'a [u8]> {
        match self {
            Self::Stays => Some(part.text),
            Self::Goes => None,
            Self::Becomes(text) => Some(text),
        }
    }
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a name that cannot be written",
            Self::Value => "a value that cannot be written",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
