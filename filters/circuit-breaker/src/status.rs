//! What the status page answers: how each breaker stands, in JSON.

use std::time::{Duration, SystemTime};

use sluicegate_common::time::Nanos;

use crate::record::Record;
use crate::rules::{Rules, State};

/// The page, `{"circuitBreakers":[{"name","state","failures","nextAttempt"}]}`, as a policy with these rules sees the
/// records at `now`, in their order. What is due by then, the caller has done before ([`Record::observe_due`]).
///
/// `state` is `CLOSED`, `OPEN` or `HALF_OPEN`. `failures` are calls that failed: while closed those in the policy's
/// window, while open those that opened it, while half open those that had a permit. `nextAttempt`, only while open, is
/// when a first call passes: RFC 3339, UTC, milliseconds.
#[must_use]
pub fn page(records: &[Record], rules: &Rules, now: Nanos) -> Vec<u8> {
    let mut page = String::from(r#"{"circuitBreakers":["#);
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            page.push(',');
        }
        // A time window drops old calls as it is looked at.
        Entry::of(&mut record.clone(), rules, now).write(&mut page);
    }
    page.push_str("]}");
    page.into_bytes()
}

/// How one breaker stands.
#[derive(Debug)]
struct Entry<'a> {
    name: &'a str,
    state: State,
    failures: u32,
    next_attempt: Option<Nanos>,
}

impl<'a> Entry<'a> {
    fn of(record: &'a mut Record, rules: &Rules, now: Nanos) -> Self {
        let failures = record.totals(rules.window, now).failed;
        let next_attempt = record.remaining(rules, now).map(|wait| now.plus(wait));
        Self { name: record.name(), state: record.state(), failures, next_attempt }
    }

    fn write(&self, to: &mut String) {
        let Self { name, state, failures, next_attempt } = *self;
        to.push_str(r#"{"name":"#);
        to.push_str(&serde_json::Value::from(name).to_string());
        to.push_str(r#","state":""#);
        to.push_str(word(state));
        to.push_str(r#"","failures":"#);
        to.push_str(&failures.to_string());
        if let Some(time) = next_attempt.and_then(rfc3339) {
            to.push_str(r#","nextAttempt":""#);
            to.push_str(&time);
            to.push('"');
        }
        to.push('}');
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Open => "OPEN",
        State::HalfOpen => "HALF_OPEN",
    }
}

fn rfc3339(time: Nanos) -> Option<String> {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(time.0))?;
    Some(humantime::format_rfc3339_millis(time).to_string())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
