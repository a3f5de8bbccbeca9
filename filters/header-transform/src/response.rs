//! What is done to a response.
//!
//! Templates and matches read the request, which is out of reach by then: they are worked out when the request comes by.

use sluicegate_common::config::Statuses;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::reply::is_field_value;
use sluicegate_common::template::Scope;

use crate::dropped::Dropped;
use crate::headers;
use crate::op::{Due, MissingValue, ResponseEdit, ResponseOp};
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
) -> Result<Vec<Due>, MissingValue<'o>> {
    let work_out = |op: &'o ResponseOp| match (&op.when, op.does.value()) {
        (Some(when), _) if !when.matches(head, cx) => Ok(Due::Skipped),
        (_, Some(value)) => value.of(scope, |text| text),
        (_, None) => Ok(Due::AsWritten),
    };
    ops.iter().map(work_out).collect()
}

/// What each op comes to where the request was answered before it got here: what needs the request is left out.
pub fn without_request(ops: &[ResponseOp]) -> Vec<Due> {
    let needs_request =
        |op: &ResponseOp| op.when.is_some() || op.does.value().is_some_and(|value| value.template.literal().is_none());
    ops.iter().map(|op| if needs_request(op) { Due::Skipped } else { Due::AsWritten }).collect()
}

/// Carries the ops out. One that cannot be is left out and noted.
pub fn carry_out(ops: &[ResponseOp], due: &[Due], head: &mut ResponseHead<'_>, dropped: &Dropped, cx: &Cx<'_>) {
    for (op, due) in ops.iter().zip(due) {
        let value: &[u8] = match due {
            Due::Skipped | Due::NoIdentity => continue,
            Due::AsWritten => op.does.value().and_then(|value| value.template.literal()).unwrap_or_default().as_bytes(),
            Due::Filled(value) => value,
        };
        if !is_for(op.statuses.as_ref(), head) {
            continue;
        }
        if !is_field_value(value) {
            dropped.note("a control character in the value", cx);
            continue;
        }
        dropped.unless_written(
            match &op.does {
                ResponseEdit::Header(names, action) => action.edit(value, |edit| headers::edit(head, names, edit)),
                ResponseEdit::Status(_) if !head.status().is_some_and(may_have_body) => {
                    dropped.note("a status without a body keeps to itself", cx);
                    Ok(())
                }
                ResponseEdit::Status(status) => head.set(":status", status.to_string()),
            },
            cx,
        );
    }
}

fn is_for(statuses: Option<&Statuses>, head: &ResponseHead<'_>) -> bool {
    statuses.is_none_or(|statuses| head.status().is_some_and(|status| statuses.contains(status)))
}
