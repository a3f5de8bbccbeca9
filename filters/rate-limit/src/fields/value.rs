//! The values of fields. Each is one allocation.

use std::time::Duration;

use sluicegate_common::limit_use::LimitUse;

/// The largest integer of a structured field has 15 digits (RFC 9651 section 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// Bytes of `"name";q=4294967295;w=999999999999999, ` besides the name.
pub(super) const ITEM: usize = 35;

/// `"name";q=100;w=60, ..` (section 3 of the draft): how much is allowed, and in which time.
pub(super) fn policies(uses: &[LimitUse]) -> String {
    list(uses, |list, limit| {
        parameter(list, ";q=", limit.quota.into());
        parameter(list, ";w=", seconds(limit.window).max(1));
    })
}

/// `"name";r=12;t=34, ..` (section 4 of the draft): what is left, and for how long there is no more.
pub(super) fn standings(uses: &[LimitUse]) -> String {
    list(uses, |list, limit| {
        parameter(list, ";r=", limit.remaining.into());
        parameter(list, ";t=", seconds(limit.more_in));
    })
}

/// `100;w=60`, as drafts up to the sixth have it.
pub(super) fn nameless_policy(limit: &LimitUse) -> String {
    let mut text = String::with_capacity(ITEM);
    parameter(&mut text, "", limit.quota.into());
    parameter(&mut text, ";w=", seconds(limit.window).max(1));
    text
}

/// Decimal digits.
pub(super) fn integer(number: u64) -> String {
    itoa::Buffer::new().format(number).to_owned()
}

/// Whole seconds, rounded up.
pub(super) fn seconds(time: Duration) -> u64 {
    let begun = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(begun).min(MAX_INTEGER)
}

/// A List of Strings with parameters (RFC 9651 section 4.1.1). Names of limits hold nothing to escape.
fn list(uses: &[LimitUse], parameters: fn(&mut String, &LimitUse)) -> String {
    let size = uses.iter().map(|limit| limit.name.len().saturating_add(ITEM));
    let mut list = String::with_capacity(size.fold(0, usize::saturating_add));
    for limit in uses {
        list.push_str(if list.is_empty() { "\"" } else { ", \"" });
        list.push_str(&limit.name);
        list.push('"');
        parameters(&mut list, limit);
    }
    list
}

fn parameter(text: &mut String, key: &str, number: u64) {
    text.push_str(key);
    text.push_str(itoa::Buffer::new().format(number));
}
