//! What is done to a response.
//!
//! Templates and matches read the request, which is out of reach by then: they are worked out when the request comes by.

use std::convert::Infallible;

use sluicegate_common::config::Statuses;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::template::Scope;

use crate::dropped::{Dropped, DroppedOps};
use crate::headers;

use crate::op::{Due, Dues, MAX_TOTAL, MissingValue, ResponseEdit, ResponseOp};
use crate::target::may_have_body;

/// What each op comes to for the response to this request.
///
/// # Errors
/// A template has no value, and the config wants the request refused then.
pub fn work_out<'o>(
    ops: &'o [ResponseOp],
    scope: &Scope<'_>,
    head: &RequestHead<'_>,
    cx: &Cx<'_>,
) -> Result<Dues, MissingValue<'o>> {
    let work_out = |op: &'o ResponseOp| match (&op.when, op.does.value()) {
        (Some(when), _) if !when.matches(head, cx) => Ok(Due::Skipped),
        (_, Some(value)) => value.of(scope, |text| text),
        (_, None) => Ok(Due::AsWritten),
    };
    Dues::work_out(ops, work_out)
}

/// What each op comes to where the request was answered before it got here: what needs the request is left out.
pub fn without_request(ops: &[ResponseOp]) -> Dues {
    let needs_request =
        |op: &ResponseOp| op.when.is_some() || op.does.value().is_some_and(|value| value.template.literal().is_none());
    let due = |op| Ok::<_, Infallible>(if needs_request(op) { Due::Skipped } else { Due::AsWritten });
    Dues::work_out(ops, due).unwrap_or_default()
}

/// Carries the ops out. One that cannot be is left out and noted.
pub fn carry_out(ops: &[ResponseOp], dues: &Dues, head: &mut ResponseHead<'_>, dropped: &DroppedOps, cx: &Cx<'_>) {
    for (at, op) in ops.iter().enumerate() {
        if is_for(op.statuses.as_ref(), head) && !head.edits().exceed(MAX_TOTAL) {
            dropped.note(carry_out_one(&op.does, dues.of(at), head), cx);
        }
    }
}

fn carry_out_one(edit: &ResponseEdit, due: &Due, head: &mut ResponseHead<'_>) -> Result<(), Dropped> {
    let Some(value) = due.value(edit.value())? else { return Ok(()) };
    match edit {
        ResponseEdit::Header(names, action) => {
            action.edit(value, &|_| false, |edit| headers::edit(head, names, edit))?
        }
        ResponseEdit::Status(status) if head.status().is_some_and(may_have_body) => {
            head.set(":status", status.to_string())?;
        }
        ResponseEdit::Status(_) => return Err(Dropped::Target("status")),
    }
    Ok(())
}

fn is_for(statuses: Option<&Statuses>, head: &ResponseHead<'_>) -> bool {
    statuses.is_none_or(|statuses| head.status().is_some_and(|status| statuses.contains(status)))
}
