//! Claims as headers for the upstream: `claims_to_headers`.

use std::fmt::{self, Write};
use std::rc::Rc;

use serde_json::{Number, Value};
use sluicegate_common::config::{FromConfig, Object, Pointer};
use sluicegate_common::reply::is_field_value;

use crate::reason::Reason;

/// One claim in one header. Strings, numbers and booleans stand there as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimHeader {
    pub(super) claim: Pointer,
    /// The header.
    pub(super) name: Rc<str>,
    pub(super) encoding: Encoding,
}

/// How arrays and objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum Encoding {
    /// Arrays as JSON in ASCII; objects are refused.
    #[default]
    Auto,
    /// Arrays and objects as JSON in ASCII.
    Json,
    /// The elements of an array, joined by commas. Those that are empty or hold a comma are refused, and so are arrays
    /// and objects in it.
    Csv,
}

/// A header as the upstream is to see it.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamHeader {
    /// Its name, in lower case.
    pub name: Rc<str>,
    /// Its only value; without one it is not to be there.
    pub value: Option<String>,
}

/// Without the value.
impl fmt::Debug for UpstreamHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamHeader").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ClaimHeader {
    /// The header, without a value where the claim is absent or null.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: what the claim holds cannot stand in a header.
    pub fn of(&self, claims: &Object) -> Result<UpstreamHeader, Reason> {
        Ok(UpstreamHeader { name: Rc::clone(&self.name), value: self.value(claims)? })
    }

    fn value(&self, claims: &Object) -> Result<Option<String>, Reason> {
        let text = match (self.claim.find(claims), self.encoding) {
            (None | Some(Value::Null), _) => return Ok(None),
            (Some(Value::Array(list)), Encoding::Csv) => csv(list)?,
            (Some(value @ Value::Array(_)), Encoding::Auto | Encoding::Json)
            | (Some(value @ Value::Object(_)), Encoding::Json) => json(value)?,
            (Some(value), _) => scalar(value)?,
        };
        Ok(Some(text))
    }
}

/// A string that reaches the upstream as it is, a number or a boolean.
fn scalar(value: &Value) -> Result<String, Reason> {
    match value {
        // A space at an end would be cut off on the way (RFC 9110 section 5.5), and one name become another.
        Value::String(text)
            if is_field_value(text.as_bytes()) && !text.contains('\t') && text.trim_matches(' ') == text =>
        {
            Ok(text.clone())
        }
        Value::Number(number) if is_exact(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Reason::Malformed),
    }
}

fn csv(list: &[Value]) -> Result<String, Reason> {
    let element = |value: &Value| scalar(value).ok().filter(|text| !text.is_empty() && !text.contains(','));
    let elements: Option<Vec<String>> = list.iter().map(element).collect();
    elements.map(|elements| elements.join(",")).ok_or(Reason::Malformed)
}

/// Without white space, and what is no printable ASCII escaped.
fn json(value: &Value) -> Result<String, Reason> {
    if !holds_exact_numbers(value) {
        return Err(Reason::Malformed);
    }
    let text = value.to_string();
    let mut ascii = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, ' '..='~') {
            ascii.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            write!(ascii, "\\u{unit:04x}").map_err(|_| Reason::Malformed)?;
        }
    }
    Ok(ascii)
}

/// Whether all readers take its numbers for the same.
#[must_use]
pub fn holds_exact_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_exact(number),
        Value::Array(list) => list.iter().all(holds_exact_numbers),
        Value::Object(object) => object.values().all(holds_exact_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// Whether the number is the one in the token: whole numbers beyond 64 bits are read as the nearest of few, so that two
/// ids would be one.
fn is_exact(number: &Number) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    !number.is_f64() || number.as_f64().is_some_and(|value| value.abs() < EXACT)
}

#[cfg(test)]
mod tests;
