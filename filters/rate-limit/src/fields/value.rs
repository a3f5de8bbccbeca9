//! The values of fields, made in memory that is used over and over.

use std::time::Duration;

use sluicegate_common::limit_use::LimitUse;

/// The largest integer of a structured field has 15 digits (RFC 9651 section 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// `"name";q=100;w=60, ..` (section 3 of the draft): how much is allowed, and in which time.
pub(super) fn policies<'t>(uses: &[LimitUse], text: &'t mut String) -> &'t str {
    list(uses, text, |list, limit| {
        parameter(list, ";q=", limit.quota.into());
        parameter(list, ";w=", seconds(limit.window).max(1));
    })
}

/// `"name";r=12;t=34, ..` (section 4 of the draft): what is left, and for how long there is no more.
pub(super) fn standings<'t>(uses: &[LimitUse], text: &'t mut String) -> &'t str {
    list(uses, text, |list, limit| {
        parameter(list, ";r=", limit.remaining.into());
        parameter(list, ";t=", seconds(limit.more_in));
    })
}

/// `100;w=60`, as drafts up to the sixth have it.
pub(super) fn nameless_policy<'t>(limit: &LimitUse, text: &'t mut String) -> &'t str {
    text.clear();
    parameter(text, "", limit.quota.into());
    parameter(text, ";w=", seconds(limit.window).max(1));
    text
}

/// Decimal digits.
pub(super) fn integer(number: u64, text: &mut String) -> &str {
    text.clear();
    parameter(text, "", number);
    text
}

/// Whole seconds, rounded up.
pub(super) fn seconds(time: Duration) -> u64 {
    let begun = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(begun).min(MAX_INTEGER)
}

/// A List of Strings with parameters (RFC 9651 section 4.1.1). Names of limits hold nothing to escape.
fn list<'t>(uses: &[LimitUse], text: &'t mut String, parameters: fn(&mut String, &LimitUse)) -> &'t str {
    text.clear();
    for limit in uses {
        text.push_str(if text.is_empty() { "\"" } else { ", \"" });
        text.push_str(&limit.name);
        text.push('"');
        parameters(text, limit);
    }
    text
}

fn parameter(text: &mut String, key: &str, number: u64) {
    text.push_str(key);
    text.push_str(itoa::Buffer::new().format(number));
}
