//! Headers that the service wants to be set.

use sluicegate_common::config::HeaderName;
use sluicegate_common::reply::{is_field_value, may_set};

use super::message::HeaderValue;

/// A name in lower case and a value.
pub type Field = (String, Vec<u8>);

/// The most headers taken from one answer, for either side: hosts have limits, and fail a request beyond them.
const MAX_HEADERS: usize = 32;

/// What refusals say themselves.
const OURS: [&str; 2] = ["cache-control", "retry-after"];

/// Those for the response. `content-*` speaks of a body that the service has not seen; when to come back, and whether to
/// keep a refusal, is said once, by us.
pub fn of_response(headers: Vec<HeaderValue>) -> Vec<Field> {
    let fit = headers
        .into_iter()
        .filter_map(field)
        .filter(|(name, _)| !name.starts_with("content-") && !OURS.contains(&name.as_str()));
    fit.take(MAX_HEADERS).collect()
}

/// Those for the request that are in `allowed`.
pub fn of_request(headers: Vec<HeaderValue>, allowed: &[HeaderName]) -> Vec<Field> {
    let fit = headers.into_iter().filter_map(field).filter(|(name, _)| allowed.iter().any(|a| a.as_str() == name));
    fit.take(MAX_HEADERS).collect()
}

/// Whether the service may be given the header of a request.
pub fn may_be_given(name: &HeaderName) -> bool {
    may_set(name.as_str().as_bytes()) && name.as_str() != "host"
}

fn field(header: HeaderValue) -> Option<Field> {
    let name = header.key.to_ascii_lowercase();
    let value = if header.value.is_empty() { header.raw_value } else { header.value.into_bytes() };
    (may_set(name.as_bytes()) && is_field_value(&value)).then_some((name, value))
}

#[cfg(test)]
mod tests;
