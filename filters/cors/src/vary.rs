//! The `Vary` header (RFC 9110 section 12.5.5): what a stored answer depends on.

use sluicegate_common::head::{EditError, ResponseHead};

/// Makes the answer vary by these headers as well, the upstream's own list kept.
pub(crate) fn add(head: &mut ResponseHead<'_>, names: &[&str]) -> Result<(), EditError> {
    if names.is_empty() {
        return Ok(());
    }
    match merge(head.values("vary"), names) {
        Some(value) => head.set("vary", value),
        None => Ok(()),
    }
}

/// The list with those of `names` that it lacks; `None` where it lacks none, or is `*` and so covers everything.
fn merge<'a>(lines: impl Iterator<Item = &'a [u8]>, names: &[&str]) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = lines.filter(|line| elements(line).next().is_some()).collect();
    let has = |name: &[u8]| lines.iter().any(|line| elements(line).any(|found| found.eq_ignore_ascii_case(name)));
    if has(b"*") {
        return None;
    }
    let missing: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).filter(|name| !has(name)).collect();
    (!missing.is_empty()).then(|| [lines, missing].concat().join(&b", "[..]))
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
