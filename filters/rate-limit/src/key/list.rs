//! `key`: the list of parts as a config writes it.

use std::rc::Rc;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{ConfigError, ConfigErrors, path_of};

use super::part::Part;

/// The most parts of a key.
pub const MAX_PARTS: usize = 8;

/// A list of 1 to [`MAX_PARTS`] parts, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartList(Vec<Part>);

impl PartList {
    pub(super) fn into_parts(self) -> Rc<[Part]> {
        self.0.into()
    }
}

impl Deserr<ConfigErrors> for PartList {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let parts: Vec<Part> = Deserr::deserialize_from_value(value, location)?;
        let mut errors = ConfigErrors::new();
        if parts.is_empty() || parts.len() > MAX_PARTS {
            let (expected, found) = (format!("1 to {MAX_PARTS} parts"), parts.len().to_string());
            errors.push(ConfigError::expected(path_of(location), expected, found));
        }
        for (at, part) in parts.iter().enumerate() {
            if parts.iter().take(at).any(|before| before == part) {
                errors.push(ConfigError::invalid(path_of(location.push_index(at)), "stands in the list already"));
            }
        }
        errors.into_result(Self(parts))
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for PartList {
    fn schema() -> serde_json::Value {
        serde_json::json!({
            "type": "array",
            "items": Part::schema(),
            "minItems": 1,
            "maxItems": MAX_PARTS,
            "uniqueItems": true,
        })
    }

    fn kind() -> String {
        format!("list of 1 to {MAX_PARTS} parts")
    }

    fn shown(&self) -> serde_json::Value {
        self.0.shown()
    }
}

impl PartList {
    /// `["consumer"]`.
    #[must_use]
    pub fn consumer() -> Self {
        Self(vec![Part::Consumer])
    }
}

impl Default for PartList {
    /// `["ip"]`.
    fn default() -> Self {
        Self(vec![Part::Ip])
    }
}
