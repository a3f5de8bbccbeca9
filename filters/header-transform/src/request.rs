//! What is done to a request.
//!
//! First every op is worked out on the request as this filter found it; only then are they carried out, one after the
//! other. So no template and no match ever reads what an op has written.

use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::identity::spells;
use sluicegate_common::path::query;
use sluicegate_common::template::{Scope, Source};

use crate::dropped::{Dropped, DroppedOps};
use crate::names::Names;
use crate::op::{Action, Due, MissingValue, RequestEdit, RequestOp};
use crate::target::{changed_path, is_host, is_method};
use crate::{cookies, headers, query as parameters};

/// Where the target as it came is recorded when its path changes.
const ORIGINAL_PATH: &str = "x-original-path";

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
    let work_out = |op: &'o RequestOp| match (&op.when, op.does.value(), &op.does) {
        (Some(when), ..) if !when.matches(head, cx) => Ok(Due::Skipped),
        (_, Some(value), RequestEdit::Path(_)) => {
            value.of(scope, |text| parameters::encoded(&text).into_owned().into())
        }
        (_, Some(value), _) => value.of(scope, |text| text),
        (_, None, _) => Ok(Due::AsWritten),
    };
    ops.iter().map(work_out).collect()
}

/// Carries the ops out. One that cannot be is left out and noted.
pub fn carry_out(ops: &[RequestOp], due: &[Due], head: &mut RequestHead<'_>, dropped: &DroppedOps, cx: &Cx<'_>) {
    let changes_path = ops.iter().any(|op| matches!(op.does, RequestEdit::Path(_)));
    let came = changes_path.then(|| head.target().to_vec());
    if changes_path && head.get(ORIGINAL_PATH).is_some() {
        // A client's own would tell the upstream of a path that never was.
        dropped.note(head.remove(ORIGINAL_PATH).map_err(Into::into), cx);
    }
    for op in ops {
        dropped.note(remove_spellings(&op.does, head), cx);
    }
    for (op, due) in ops.iter().zip(due) {
        dropped.note(carry_out_one(&op.does, due, head), cx);
    }
    if let Some(came) = came.filter(|came| query::split(came).0 != query::split(head.target()).0) {
        dropped.note(head.set(ORIGINAL_PATH, came).map_err(Into::into), cx);
    }
}

fn carry_out_one(edit: &RequestEdit, due: &Due, head: &mut RequestHead<'_>) -> Result<(), Dropped> {
    let Some(value) = due.value(edit.value())? else { return Ok(()) };
    match edit {
        RequestEdit::Header(names, action) => action.edit(value, |edit| headers::edit(head, names, edit))?,
        RequestEdit::Query(names, action) => {
            if let Some(target) = action.edit(value, |edit| parameters::edit(head.target(), names, edit))? {
                head.set(":path", target)?;
            }
        }
        RequestEdit::Cookie(names, action) => {
            let lines: Vec<&[u8]> = head.values("cookie").collect();
            if let Some(lines) = action.edit(value, |edit| cookies::edit(&lines, names, edit))? {
                headers::write_lines(head, "cookie", lines)?;
            }
        }
        RequestEdit::Path(change) => {
            if let Some(target) = changed_path(head.target(), change, value)? {
                head.set(":path", target)?;
            }
        }
        RequestEdit::Method(change) => match change.of(head.method(), value) {
            Some(method) if is_method(head.method()) && is_method(&method) => head.set(":method", method)?,
            Some(_) => return Err(Dropped::Target("method")),
            None => {}
        },
        RequestEdit::Host(change) => match change.of(head.host(), value) {
            Some(host) if is_host(&host) => head.set("host", host)?,
            Some(_) => return Err(Dropped::Target("host")),
            None => {}
        },
    }
    Ok(())
}

/// A header that an op sets from the verified identity tells the upstream who is calling: in no spelling is it the client's
/// to send, also where the op is not for this request.
fn remove_spellings(edit: &RequestEdit, head: &mut RequestHead<'_>) -> Result<(), Dropped> {
    let RequestEdit::Header(Names::Exact(header), Action::Set(value)) = edit else { return Ok(()) };
    if !value.template.sources().any(Source::is_identity) {
        return Ok(());
    }
    let found = head.iter().map(|(name, _)| name).filter(|name| spells(name, header));
    let found: Vec<String> = found.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect();
    found.into_iter().try_for_each(|name| head.remove(name)).map_err(Into::into)
}
