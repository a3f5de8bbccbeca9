//! Kong's engine: nginx's `$upstream_header_time`, a number for an upstream that answered, `-` for one that did not, and
//! absent where none took part.

use std::time::Duration;

use sluicegate_common::proxy::Proxy;

use super::{Ending, property};

const HEADER_TIME: &[&str] = &["ngx", "upstream_header_time"];

pub(super) fn of_response(proxy: &dyn Proxy, status: Option<u16>) -> Ending {
    match (last_try(proxy), status) {
        (Some(true), _) => Ending::Answered,
        (Some(false), Some(504)) => Ending::Timeout,
        (Some(false), Some(502 | 503)) => Ending::Reset,
        // 499 and the like: the client's.
        _ => Ending::NotUpstream,
    }
}

/// nginx's own 502 and 504 have a head; what ends without one is the client's doing.
pub(super) fn of_stream(proxy: &dyn Proxy) -> Ending {
    if last_try(proxy) == Some(true) { Ending::Answered } else { Ending::NotUpstream }
}

/// Whether the upstream that was asked last answered; `None` where none was asked. nginx lists the tries with commas, and
/// those after an internal redirect behind a colon.
fn last_try(proxy: &dyn Proxy) -> Option<bool> {
    let times = property(proxy, HEADER_TIME)?;
    let last = tries(&times).last()?;
    match last {
        b"-" => Some(false),
        number if number.first().is_some_and(u8::is_ascii_digit) => Some(true),
        _ => None,
    }
}

/// How long all tries together took; `None` where none was answered.
pub(super) fn took(proxy: &dyn Proxy) -> Option<Duration> {
    let times = property(proxy, HEADER_TIME)?;
    let answered = tries(&times).filter_map(seconds);
    answered.fold(None, |sum, took| Some(sum.unwrap_or(Duration::ZERO).saturating_add(took)))
}

fn tries(times: &[u8]) -> impl Iterator<Item = &[u8]> {
    times.split(|byte| b",:".contains(byte)).map(<[u8]>::trim_ascii)
}

/// `0.012`, always with milliseconds.
fn seconds(text: &[u8]) -> Option<Duration> {
    let (seconds, millis) = std::str::from_utf8(text).ok()?.split_once('.')?;
    Some(Duration::from_secs(seconds.parse().ok()?).saturating_add(Duration::from_millis(millis.parse().ok()?)))
}
