//! Points in time: `"2027-01-01T00:00:00Z"`.

use super::text::Text;
use crate::time::Nanos;

/// A time of RFC 3339 section 5.6, with `T` and `Z` in upper case, up to nine digits of a fraction, and no leap second;
/// from 1970 to 2554, the range of [`Nanos`].
impl Text for Nanos {
    const EXPECTED: &'static str = "a time such as \"2027-01-01T00:00:00Z\" (RFC 3339)";

    fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T')?;
        let (time, east, offset) = offset(rest)?;
        let local = days(date)?.checked_mul(86_400)?;
        let (clock, fraction) = time.split_once('.').map_or((time, Some(0)), |(clock, digits)| (clock, nanos(digits)));
        let local = local.checked_add(seconds(clock)?)?;
        let utc = if east { local.checked_sub(offset)? } else { local.checked_add(offset)? };
        utc.checked_mul(1_000_000_000)?.checked_add(fraction?).map(Self)
    }
}

crate::deserr_text!(Nanos);

/// Days from 1970-01-01 to a date `2027-01-31`.
fn days(date: &str) -> Option<u64> {
    let mut parts = date.splitn(3, '-');
    let year = digits(parts.next()?, 4, 1970..=9999)?;
    let month = digits(parts.next()?, 2, 1..=12)?;
    let day = digits(parts.next()?, 2, 1..=days_of_month(year, month))?;
    let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: u64 = (1..month).map(|month| days_of_month(year, month)).sum();
    years.checked_add(months)?.checked_add(day.checked_sub(1)?)
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Seconds of a clock `23:59:59`.
fn seconds(clock: &str) -> Option<u64> {
    let (minutes, second) = clock.rsplit_once(':')?;
    minutes_of(minutes)?.checked_mul(60)?.checked_add(digits(second, 2, 0..=59)?)
}

/// Minutes of a clock `23:59`.
fn minutes_of(clock: &str) -> Option<u64> {
    let (hour, minute) = clock.split_once(':')?;
    digits(hour, 2, 0..=23)?.checked_mul(60)?.checked_add(digits(minute, 2, 0..=59)?)
}

/// The time without its offset from UTC, whether that is east of it, and by how many seconds.
fn offset(time: &str) -> Option<(&str, bool, u64)> {
    if let Some(utc) = time.strip_suffix('Z') {
        return Some((utc, true, 0));
    }
    let (local, east, offset) = match time.split_once('+') {
        Some((local, offset)) => (local, true, offset),
        None => time.split_once('-').map(|(local, offset)| (local, false, offset))?,
    };
    Some((local, east, minutes_of(offset)?.checked_mul(60)?))
}

/// Nanoseconds of the digits after the decimal point.
fn nanos(digits: &str) -> Option<u64> {
    let shown = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if shown { format!("{digits:0<9}").parse().ok() } else { None }
}

fn digits(text: &str, length: usize, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
    let shown = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if shown { text.parse().ok().filter(|number| range.contains(number)) } else { None }
}

#[cfg(test)]
mod tests;
