//! The `Vary` header (RFC 9110 section 12.5.5): what a stored answer depends on.

use std::borrow::Cow;

use sluicegate_common::head::{EditError, ResponseHead, StaticName};

const VARY: StaticName = StaticName::new("vary");

/// Makes the answer vary by a list of headers and by `more` as well, the upstream's own list kept.
///
/// A head that was not read is not read for it: an answer without Vary costs a cheap miss, and a line of its own makes
/// one list with the upstream's (RFC 9110 section 5.3).
pub(crate) fn add<'n>(
    head: &mut ResponseHead<'_>,
    list: &str,
    more: impl Iterator<Item = &'n str>,
) -> Result<(), EditError> {
    let mut names = Cow::Borrowed(list);
    for name in more {
        if elements(names.as_bytes()).any(|known| known.eq_ignore_ascii_case(name.as_bytes())) {
            continue;
        }
        let names = names.to_mut();
        if !names.is_empty() {
            *names += ", ";
        }
        *names += name;
    }
    if names.is_empty() {
        return Ok(());
    }
    if head.is_read() || head.is_edited(VARY.as_str()) {
        return match merge(head.values(VARY.as_str()), &names) {
            Some(value) => head.set(VARY, value),
            None => Ok(()),
        };
    }
    match head.probe(VARY.as_str()) {
        None => head.set(VARY, names.as_bytes()),
        Some(first) => match lacking(&[&first], &names) {
            missing if missing.is_empty() => Ok(()),
            missing => head.append(VARY, missing.join(&b", "[..])),
        },
    }
}

/// The list with those of `names` that it lacks; `None` where it lacks none.
fn merge<'a>(lines: impl Iterator<Item = &'a [u8]>, names: &str) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = lines.filter(|line| elements(line).next().is_some()).collect();
    let missing = lacking(&lines, names);
    (!missing.is_empty()).then(|| [lines, missing].concat().join(&b", "[..]))
}

/// Those of `names` that these lines lack: none where they are `*`, which covers everything.
fn lacking<'n>(lines: &[&[u8]], names: &'n str) -> Vec<&'n [u8]> {
    let has = |name: &[u8]| lines.iter().any(|line| elements(line).any(|found| found.eq_ignore_ascii_case(name)));
    let mut missing = Vec::new();
    if !has(b"*") {
        missing.extend(elements(names.as_bytes()).filter(|name| !has(name)));
    }
    missing
}

/// The elements of a list (RFC 9110 section 5.6.1), empty ones left out.
pub(crate) fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(trim).filter(|element| !element.is_empty())
}

/// Without optional white space (RFC 9110 section 5.6.3) around it.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests;
