//! Edits of headers, of a request or a response.
//!
//! Pseudo headers, the host, the headers that belong to the connection, and what Envoy needs to find a route are never
//! edited, whatever a prefix or a regex would select.

use std::collections::BTreeMap;

use sluicegate_common::head::{ConfigName, EditError, Head};
use sluicegate_common::pairs::{Case, Edit, MAX_WRITTEN, Names};
use sluicegate_common::reply::may_set;

use crate::dropped::Dropped;

/// Envoy finds no route for a request without it (`VirtualHostImpl::getRouteFromEntries`).
pub const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Carries out an edit.
///
/// # Errors
/// A value that cannot be written, and then nothing is; or a name that a rename would make and that cannot be written,
/// and then those lines keep their old one.
pub fn edit(head: &mut Head<'_>, names: &Names, edit: &Edit<'_>) -> Result<(), Dropped> {
    match (edit, names.exact().map(ConfigName)) {
        (Edit::Set(value), Some(name)) => head.set(name, *value)?,
        (Edit::Append(value), Some(name)) => head.append(name, *value)?,
        (Edit::SetIfAbsent(value), Some(name)) if head.get(name.0).is_none() => head.set(name, *value)?,
        (Edit::Set(_) | Edit::Append(_) | Edit::SetIfAbsent(_), _) => {}
        (Edit::Remove, Some(name)) => head.remove(name)?,
        (Edit::Remove, None) => selected(head, names).into_iter().try_for_each(|name| head.remove(name))?,
        (Edit::ReplaceIfExists(value), _) => {
            let names = selected(head, names);
            if names.len().saturating_mul(value.len()) > MAX_WRITTEN {
                return Err(Dropped::TooLong);
            }
            names.into_iter().try_for_each(|name| head.set(name, *value))?;
        }
        (Edit::Rewrite(new), _) => rewrite(head, names, new)?,
        (Edit::Rename(new), _) => rename(head, names, new)?,
    }
    Ok(())
}

/// Makes these the lines of a header.
///
/// # Errors
/// As [`Head::set`].
pub fn write_lines(head: &mut Head<'_>, name: &str, lines: Vec<Vec<u8>>) -> Result<(), EditError> {
    let mut lines = lines.into_iter();
    match lines.next() {
        None => head.remove(name),
        Some(first) => {
            head.set(name, first)?;
            lines.try_for_each(|line| head.append(name, line))
        }
    }
}

fn is_editable(name: &[u8]) -> bool {
    may_set(name) && name != b"host" && name != X_FORWARDED_PROTO.as_bytes()
}

/// The names there are that an edit is for, in lower case.
fn selected(head: &Head<'_>, names: &Names) -> Vec<String> {
    if let Some(name) = names.exact() {
        return head.get(name).map(|_| name.to_owned()).into_iter().collect();
    }
    let mut found = Vec::new();
    for (name, _) in head.iter() {
        if matches!(names, Names::Prefix(_)) && !names.selects(name, Case::Insensitive) {
            continue; // Seen without a copy in lower case, as of most.
        }
        let name = name.to_ascii_lowercase();
        if names.selects(&name, Case::Insensitive) && is_editable(&name) && !found.contains(&name) {
            found.push(name);
        }
    }
    found.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect()
}

fn rewrite(head: &mut Head<'_>, names: &Names, new: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Result<(), Dropped> {
    let mut written: usize = 0;
    for name in selected(head, names) {
        let lines: Vec<Vec<u8>> = head.values(&name).map(|old| new(old).unwrap_or_else(|| old.to_vec())).collect();
        if head.values(&name).eq(lines.iter().map(Vec::as_slice)) {
            continue;
        }
        written = lines.iter().map(Vec::len).fold(written, usize::saturating_add);
        if written > MAX_WRITTEN {
            return Err(Dropped::TooLong);
        }
        write_lines(head, &name, lines)?;
    }
    Ok(())
}

/// All lines of a name move; what stood under the new one is gone. Values that get the same name keep their order.
fn rename(head: &mut Head<'_>, names: &Names, new: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Result<(), EditError> {
    let (mut moved, mut left) = (BTreeMap::<String, Vec<Vec<u8>>>::new(), Vec::new());
    let mut refused = Ok(());
    for old in selected(head, names) {
        let Some(name) = new(old.as_bytes()) else { continue };
        let name = String::from_utf8(name.to_ascii_lowercase()).unwrap_or_default();
        if name != old && !is_editable(name.as_bytes()) {
            refused = Err(EditError::Name(name));
            continue;
        }
        let lines = head.values(&old).map(<[u8]>::to_vec);
        moved.entry(name.clone()).or_default().extend(lines);
        if name != old {
            left.push((old, name));
        }
    }
    moved.retain(|name, _| left.iter().any(|(_, new)| new == name));
    left.into_iter().try_for_each(|(old, _)| head.remove(old))?;
    moved.into_iter().try_for_each(|(name, lines)| write_lines(head, &name, lines))?;
    refused
}

#[cfg(test)]
mod tests;
