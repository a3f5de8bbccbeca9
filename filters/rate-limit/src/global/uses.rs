//! What the answer tells of limits, as clients are told.

use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::limit_use::LimitUse;

use super::message::{self, Code, DescriptorStatus, RateLimit};

/// The longest name of a limit.
const MAX_NAME: usize = 63;

/// The longest that leaves room for a number.
const MAX_STEM: usize = 60;

/// Said where the service does not say when.
const SOON: Duration = Duration::from_secs(1);

/// How long until all that refuse the request let it pass. Of a limit that does not say when, all of its window: clients
/// are told so in `RateLimit` as well.
pub fn retry_in(statuses: &[DescriptorStatus]) -> Duration {
    let refusing = statuses.iter().filter(|status| status.code == Code::OverLimit as i32);
    refusing
        .filter_map(|status| until_reset(status).or_else(|| window(status.current_limit.as_ref()?)))
        .max()
        .unwrap_or(SOON)
}

/// The limits of an answer, in order. Each is known by the name that the service gives it, or else by that of its
/// descriptor; `names` are those of the descriptors sent. One whose name another has already, or whose unit is not known, is not
/// told.
pub fn told<'n>(
    statuses: &[DescriptorStatus],
    names: impl Iterator<Item = &'n Rc<str>>,
    refuses: bool,
) -> Vec<LimitUse> {
    let mut uses: Vec<LimitUse> = Vec::new();
    for (status, fallback) in statuses.iter().zip(names) {
        let Some(limit) = &status.current_limit else { continue };
        let Some(window) = window(limit) else { continue };
        let own = name_of([limit.name.as_str()]).map(Rc::from);
        let free = |name: &Rc<str>| uses.iter().all(|other| other.name != *name);
        let Some(name) = own.into_iter().chain([Rc::clone(fallback)]).find(free) else { continue };
        let (quota, remaining) = (limit.requests_per_unit, status.limit_remaining.min(limit.requests_per_unit));
        let more_in = if remaining == quota { Duration::ZERO } else { until_reset(status).unwrap_or(window) };
        let refused = refuses && status.code == Code::OverLimit as i32;
        uses.push(LimitUse { name, quota, window, remaining, more_in, refused });
    }
    uses
}

/// Words as the name of a limit: in lower case, joined by `-`, which also stands for what a name cannot hold. `None`
/// where nothing is left.
pub fn name_of<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let mut name = String::new();
    for word in words {
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.chars().map(|character| match character {
            'a'..='z' | '0'..='9' | '_' => character,
            'A'..='Z' => character.to_ascii_lowercase(),
            _ => '-',
        }));
    }
    name.truncate(MAX_NAME);
    let name = name.trim_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

/// How long until the limit starts afresh, at most its window.
fn until_reset(status: &DescriptorStatus) -> Option<Duration> {
    let until = duration(status.duration_until_reset?);
    let window = status.current_limit.as_ref().and_then(window);
    Some(until.min(window.unwrap_or(YEAR)))
}

/// Nothing where it is negative or out of range.
fn duration(wire: message::Duration) -> Duration {
    let seconds = u64::try_from(wire.seconds).unwrap_or_default();
    let nanos = u32::try_from(wire.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    Duration::new(seconds, nanos.unwrap_or_default())
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days.saturating_mul(86_400))
}

const YEAR: Duration = days(365);

/// `RateLimit.Unit`.
fn window(limit: &RateLimit) -> Option<Duration> {
    Some(match limit.unit {
        1 => Duration::from_secs(1),
        2 => Duration::from_secs(60),
        3 => Duration::from_secs(3600),
        4 => days(1),
        5 => days(30),
        6 => YEAR,
        7 => days(7),
        _ => return None,
    })
}

/// The name with the first number that makes it free; `None` where it is free as it is.
pub fn numbered(name: &str, is_free: impl Fn(&str) -> bool) -> Option<String> {
    if is_free(name) {
        return None;
    }
    let stem = name.get(..MAX_STEM).unwrap_or(name);
    (2_u32..).map(|number| format!("{stem}-{number}")).find(|name| is_free(name))
}

#[cfg(test)]
mod tests;
