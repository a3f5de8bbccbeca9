//! What is done to a request.
//!
//! First every op is worked out on the request as this filter found it; only then are they carried out, one after the
//! other. So no template and no match ever reads what an op has written.

use std::borrow::Cow;

use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::identity::spells;
use sluicegate_common::path::{NormalPath, query, segments};
use sluicegate_common::reply::is_field_value;
use sluicegate_common::template::{Scope, Source};

use crate::dropped::Dropped;
use crate::names::Names;
use crate::op::{Action, Change, Due, MissingValue, RequestEdit, RequestOp};
use crate::target::{is_host, is_method};
use crate::{cookies, headers, query as parameters};

/// Where the target as it came is recorded when its path changes.
pub const ORIGINAL_PATH: &str = "x-original-path";

/// What each op comes to for this request.
///
/// # Errors
/// A template has no value, and the config wants the request refused then.
pub fn work_out<'o>(
    ops: &'o [RequestOp],
    scope: &Scope<'_>,
    head: &RequestHead<'_>,
    cx: &Cx<'_>,
) -> Result<Vec<Due>, MissingValue<'o>> {
    let work_out = |op: &'o RequestOp| {
        if op.when.as_ref().is_some_and(|when| !when.matches(head, cx)) {
            return Ok(Due::Skipped);
        }
        let Some(value) = op.does.value() else { return Ok(Due::AsWritten) };
        match op.does {
            RequestEdit::Path(_) => value.of(scope, |text| Cow::Owned(parameters::encoded(&text).into_owned())),
            _ => value.of(scope, |text| text),
        }
    };
    ops.iter().map(work_out).collect()
}

/// Carries the ops out. One that cannot be is left out and noted.
pub fn carry_out(ops: &[RequestOp], due: Vec<Due>, head: &mut RequestHead<'_>, dropped: &Dropped, cx: &Cx<'_>) {
    let target = ops.iter().any(|op| matches!(op.does, RequestEdit::Path(_))).then(|| head.target().to_vec());
    if target.is_some() && head.get(ORIGINAL_PATH).is_some() {
        // A client's own would tell the upstream of a path that never was.
        dropped.unless_written(head.remove(ORIGINAL_PATH), cx);
    }
    for (op, due) in ops.iter().zip(due) {
        if due != Due::Skipped {
            remove_spellings(&op.does, head, dropped, cx);
        }
        let value: &[u8] = match &due {
            Due::Skipped | Due::NoIdentity => continue,
            Due::AsWritten => op.does.value().and_then(|value| value.template.literal()).unwrap_or_default().as_bytes(),
            Due::Filled(value) => value,
        };
        if !is_field_value(value) {
            dropped.note("a control character in the value", cx);
            continue;
        }
        match &op.does {
            RequestEdit::Header(names, action) => {
                dropped.unless_written(action.edit(value, |edit| headers::edit(head, names, edit)), cx);
            }
            RequestEdit::Query(names, action) => {
                match action.edit(value, |edit| parameters::edit(head.target(), names, edit)) {
                    Ok(Some(target)) => dropped.unless_written(head.set(":path", target), cx),
                    Ok(None) => {}
                    Err(why) => dropped.note(why, cx),
                }
            }
            RequestEdit::Cookie(names, action) => {
                let edited = {
                    let lines: Vec<&[u8]> = head.values("cookie").collect();
                    action.edit(value, |edit| cookies::edit(&lines, names, edit))
                };
                match edited {
                    Ok(Some(lines)) => dropped.unless_written(headers::write_lines(head, "cookie", lines), cx),
                    Ok(None) => {}
                    Err(why) => dropped.note(why, cx),
                }
            }
            RequestEdit::Path(change) => change_path(change, value, head, dropped, cx),
            RequestEdit::Method(change) => {
                let fits = is_method(head.method());
                change_to(":method", change.of(head.method(), value), |new| fits && is_method(new), head, dropped, cx);
            }
            RequestEdit::Host(change) => change_to("host", change.of(head.host(), value), is_host, head, dropped, cx),
        }
    }
    if let Some(target) = target.filter(|target| query::split(target).0 != query::split(head.target()).0) {
        dropped.unless_written(head.set(ORIGINAL_PATH, target), cx);
    }
}

/// A header that is set from the verified identity tells the upstream who is calling: in no spelling is it the client's to
/// send.
fn remove_spellings(edit: &RequestEdit, head: &mut RequestHead<'_>, dropped: &Dropped, cx: &Cx<'_>) {
    let RequestEdit::Header(Names::Exact(header), Action::Set(value)) = edit else { return };
    if !value.template.sources().any(Source::is_identity) {
        return;
    }
    let found: Vec<String> = head
        .iter()
        .filter(|(name, _)| spells(name, header))
        .filter_map(|(name, _)| String::from_utf8(name.to_vec()).ok())
        .collect();
    for name in found {
        dropped.unless_written(head.remove(name), cx);
    }
}

fn change_to(
    name: &'static str,
    value: Option<Vec<u8>>,
    fits: impl Fn(&[u8]) -> bool,
    head: &mut RequestHead<'_>,
    dropped: &Dropped,
    cx: &Cx<'_>,
) {
    match value {
        None => {}
        Some(value) if fits(&value) => dropped.unless_written(head.set(name, value), cx),
        Some(_) => dropped.note(format_args!("not a value of {name}"), cx),
    }
}

/// The query stays. What is put in stays one segment, and no change makes a path ambiguous that was not.
fn change_path(change: &Change, value: &[u8], head: &mut RequestHead<'_>, dropped: &Dropped, cx: &Cx<'_>) {
    let (path, query) = query::split(head.target());
    let Some(new) = change.of(path, value) else { return };
    let new = [b"/", new.strip_prefix(b"/").unwrap_or(&new)].concat();
    let is_ambiguous = |path: &[u8]| NormalPath::of(path).ambiguity().is_some();
    let fits = match change {
        // A segment that is a dot or nothing takes itself away, and two slashes at the start may be read as a host.
        Change::Set(value) => {
            let path = new.strip_suffix(if value.template.as_written().ends_with('/') { &b"/"[..] } else { b"" });
            !is_ambiguous(&new) && !segments(path.unwrap_or(&new)).any(|segment| matches!(segment, b"" | b"."))
        }
        Change::Rewrite(_) => (!is_ambiguous(&new) || is_ambiguous(path)) && !new.starts_with(b"//"),
    };
    if !fits {
        return dropped.note("a path that can be read in more than one way", cx);
    }
    if new != path {
        let target = query.map_or_else(|| new.clone(), |query| [&new, &b"?"[..], query].concat());
        dropped.unless_written(head.set(":path", target), cx);
    }
}
