//! Places in JSON objects: `"/realm_access/roles"`.

use serde_json::Value;

use super::common_keys::Object;
use super::text::Text;

/// A JSON Pointer into an object (RFC 6901), in its string representation. The empty one, the object itself, is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// The name of what it points to; of an element its index.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The value at the place, `null` included (RFC 6901 section 4). Allocates nothing.
    #[must_use]
    pub fn find<'v>(&self, object: &'v Object) -> Option<&'v Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(object.get(first)?, |value, token| match value {
            Value::Object(fields) => fields.get(token),
            Value::Array(elements) => elements.get(index(token)?),
            _ => None,
        })
    }
}

/// An array's index: digits without a leading zero. `-`, the element after the last one, is never there.
fn index(token: &str) -> Option<usize> {
    let canonical = token.bytes().all(|b| b.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if canonical { token.parse().ok() } else { None }
}

impl Text for Pointer {
    const EXPECTED: &'static str = "a JSON Pointer such as \"/realm_access/roles\" (RFC 6901)";

    fn parse(text: &str) -> Option<Self> {
        text.strip_prefix('/')?.split('/').map(token).collect::<Option<_>>().map(Self)
    }
}

crate::deserr_text!(Pointer);

/// A reference token without its escapes: `~0` is `~`, `~1` is `/`, and no other follows a `~`.
fn token(escaped: &str) -> Option<String> {
    let mut parts = escaped.split('~');
    let mut token = parts.next()?.to_owned();
    for part in parts {
        let (character, rest) = match part.strip_prefix('0') {
            Some(rest) => ('~', rest),
            None => ('/', part.strip_prefix('1')?),
        };
        token.push(character);
        token.push_str(rest);
    }
    Some(token)
}

#[cfg(test)]
mod tests;
