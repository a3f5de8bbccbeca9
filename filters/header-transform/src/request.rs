//! What is done to a request.
//!
//! First every op is worked out on the request as this filter found it; only then are they carried out, one after the
//! other. So no template and no match ever reads what an op has written.

use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::identity::{remove_spellings, spells};
use sluicegate_common::pairs::{Edit, Edited, Names, cookies, query as parameters};
use sluicegate_common::path::query;
use sluicegate_common::template::Scope;

use crate::dropped::{Dropped, DroppedOps};
use crate::headers;
use crate::op::{Due, Dues, MAX_TOTAL, MissingValue, RequestEdit, RequestOp};
use crate::target::{changed_path, is_host, is_method, is_path};

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
) -> Result<Dues, MissingValue<'o>> {
    let work_out = |op: &'o RequestOp| match (&op.when, op.does.value(), &op.does) {
        (Some(when), ..) if !when.matches(head, cx) => Ok(Due::Skipped),
        (_, Some(value), RequestEdit::Path(_)) => {
            value.of(scope, |text| parameters::encoded(&text).into_owned().into())
        }
        (_, Some(value), _) => value.of(scope, |text| text),
        (_, None, _) => Ok(Due::AsWritten),
    };
    Dues::work_out(ops, work_out)
}

/// Carries the ops out. One that cannot be is left out and noted.
///
/// # Errors
/// [`Dropped::TooLong`]: the request is to be refused.
pub fn carry_out(
    ops: &[RequestOp],
    dues: &Dues,
    head: &mut RequestHead<'_>,
    dropped: &DroppedOps,
    cx: &Cx<'_>,
) -> Result<(), Dropped> {
    remove_claimed_identity(ops, head, dropped, cx);
    let changes_path = changes_path(ops);
    let came = changes_path.then(|| head.target().to_vec());
    if changes_path {
        // A client's own would tell the upstream of a path that never was.
        dropped.note(remove_spellings(&[ORIGINAL_PATH], head).map_err(Into::into), cx);
    }
    for (at, op) in ops.iter().enumerate() {
        let reserved = |name: &[u8]| is_reserved(ops, &op.does, name);
        match carry_out_one(&op.does, dues.of(at), head, &reserved) {
            Err(Dropped::TooLong) => return Err(Dropped::TooLong),
            outcome => dropped.note(outcome, cx),
        }
        if head.edits().exceed(MAX_TOTAL) {
            return Err(Dropped::TooLong);
        }
    }
    if let Some(came) = came.filter(|came| query::split(came).0 != query::split(head.target()).0) {
        dropped.note(head.set(ORIGINAL_PATH, came).map_err(Into::into), cx);
    }
    Ok(())
}

/// `reserved` are names that no rename brings about.
fn carry_out_one(
    edit: &RequestEdit,
    due: &Due,
    head: &mut RequestHead<'_>,
    reserved: &dyn Fn(&[u8]) -> bool,
) -> Result<(), Dropped> {
    let Some(value) = due.value(edit.value())? else { return Ok(()) };
    match edit {
        RequestEdit::Header(names, action) => {
            action.edit(value, reserved, |edit| headers::edit(head, names, edit))?;
        }
        RequestEdit::Query(names, action) => action.edit(value, reserved, |edit| edit_query(names, edit, head))?,
        RequestEdit::Cookie(names, action) => action.edit(value, reserved, |edit| edit_cookies(names, edit, head))?,
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

fn changes_path(ops: &[RequestOp]) -> bool {
    ops.iter().any(|op| matches!(op.does, RequestEdit::Path(_)))
}

/// Whether the gateway tells something under this name, so that nothing of the client's is to get it by a rename.
fn is_reserved(ops: &[RequestOp], renames: &RequestEdit, name: &[u8]) -> bool {
    let tells_identity = |op: &RequestOp| match (renames, &op.does) {
        (RequestEdit::Header(..), RequestEdit::Header(Names::Exact(header), _)) => spells(name, header),
        (RequestEdit::Query(..), RequestEdit::Query(Names::Exact(own), _))
        | (RequestEdit::Cookie(..), RequestEdit::Cookie(Names::Exact(own), _)) => name == own.as_bytes(),
        _ => false,
    };
    let tells_path = matches!(renames, RequestEdit::Header(..)) && spells(name, ORIGINAL_PATH) && changes_path(ops);
    tells_path || ops.iter().any(|op| op.writes_identity() && tells_identity(op))
}

/// Removes what the client says where an op writes who was verified to be calling: that is never the client's to say, in
/// no spelling of a header, also where the op is not for this request.
pub fn remove_claimed_identity(ops: &[RequestOp], head: &mut RequestHead<'_>, dropped: &DroppedOps, cx: &Cx<'_>) {
    for op in ops.iter().filter(|op| op.writes_identity()) {
        let removed = match &op.does {
            RequestEdit::Header(Names::Exact(header), _) => remove_spellings(&[header], head).map_err(Into::into),
            // Unread, the whole header goes: nothing is known of what it holds.
            RequestEdit::Cookie(..) if head.failure().is_some() => head.remove("cookie").map_err(Into::into),
            RequestEdit::Query(names, _) => edit_query(names, &Edit::Remove, head),
            RequestEdit::Cookie(names, _) => edit_cookies(names, &Edit::Remove, head),
            _ => Ok(()),
        };
        dropped.note(removed, cx);
    }
}

fn edit_query(names: &Names, edit: &Edit<'_>, head: &mut RequestHead<'_>) -> Result<(), Dropped> {
    if !is_path(head.target()) {
        return Err(Dropped::Target("query"));
    }
    let Edited { changed, refused } = parameters::edit(head.target(), names, edit);
    if let Some(target) = changed {
        head.set(":path", target)?;
    }
    refused.map_or(Ok(()), |why| Err(why.into()))
}

fn edit_cookies(names: &Names, edit: &Edit<'_>, head: &mut RequestHead<'_>) -> Result<(), Dropped> {
    let lines: Vec<&[u8]> = head.values("cookie").collect();
    let Edited { changed, refused } = cookies::edit(&lines, names, edit);
    if let Some(lines) = changed {
        headers::write_lines(head, "cookie", lines)?;
    }
    refused.map_or(Ok(()), |why| Err(why.into()))
}
