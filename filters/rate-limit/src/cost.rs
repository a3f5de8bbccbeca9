//! How much a request takes of a limit: `"cost": {"fixed": 5}`, or
//! `"cost": {"header": {"name": "x-cost", "default": 1, "max": 50}}`.
//!
//! 1. The header is a list of whole numbers (RFC 9110 section 5.6.1), its lines and their elements. The greatest counts:
//!    what a client puts beside the number of a proxy before us never makes a request cheaper.
//! 2. An element below 1, or one that is no number, counts 1. A number above `max` counts `max`.
//! 3. A request without the header costs `default` (1 unless given).
//! 4. `max` has to be given: without it one request could use up a limit that others share.
//!
//! Where nobody but the client writes the header, the client chooses its own cost from 1 to `max`: let the proxy before
//! this filter set or remove it.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, Whole, one_key, path_of};
use sluicegate_common::head::RequestHead;

/// A cost as a config writes it: the most a request takes at once is a million.
type Units = Whole<1, 1_000_000>;

/// A compiled `cost`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cost {
    /// Every request costs the same, 1..=1,000,000.
    Fixed(u32),
    /// A header says it.
    Header {
        /// Which.
        name: HeaderName,
        /// The cost without it, 1..=`max`.
        default: u32,
        /// The most that counts, 1..=1,000,000.
        max: u32,
    },
}

impl Default for Cost {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

impl Cost {
    /// What the request costs, at least 1.
    #[must_use]
    pub fn of(&self, head: &RequestHead<'_>) -> u32 {
        let (name, default, max) = match self {
            Self::Fixed(units) => return *units,
            Self::Header { name, default, max } => (name.as_str(), *default, *max),
        };
        let elements = head.values(name).flat_map(|line| line.split(|&byte| byte == b','));
        elements.map(|element| units(element.trim_ascii()).clamp(1, max)).max().unwrap_or(default)
    }

    /// Whether it reads the request's head.
    #[must_use]
    pub fn reads_headers(&self) -> bool {
        matches!(self, Self::Header { .. })
    }
}

/// A whole number of any length; 0 for what is none.
fn units(text: &[u8]) -> u32 {
    let mut digits = text.iter().map(|&byte| char::from(byte).to_digit(10));
    let number = digits.try_fold(0_u32, |number, digit| Some(number.saturating_mul(10).saturating_add(digit?)));
    number.unwrap_or(0)
}

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawHeader {
    /// The header that says it.
    name: HeaderName,
    /// What a request without the header takes, at most `max`.
    #[config(default, shown = "1")]
    default: Option<Units>,
    /// The most that counts.
    max: Units,
}

impl Deserr<ConfigErrors> for Cost {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["fixed", "header"])?;
        let location = location.push_key(key);
        if key == "fixed" {
            return Units::deserialize_from_value(value, location).map(|units| Self::Fixed(number(units)));
        }
        let RawHeader { name, default, max } = Deserr::deserialize_from_value(value, location)?;
        let (default, max) = (default.map_or(1, number), number(max));
        if default > max {
            let (expected, found) = (format!("at most \"max\", {max}"), default.to_string());
            return Err(ConfigError::expected(path_of(location.push_key("default")), expected, found).into());
        }
        Ok(Self::Header { name, default, max })
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Cost {
    fn schema() -> serde_json::Value {
        use sluicegate_common::describe::{Field, one_key};

        one_key(&[
            Field::of::<Units>("fixed", "What every request takes.", None),
            Field::of::<RawHeader>("header", "A header says what the request takes.", None),
        ])
    }

    fn kind() -> String {
        "object".into()
    }

    fn shown(&self) -> serde_json::Value {
        match self {
            Self::Fixed(units) => serde_json::json!({ "fixed": units }),
            Self::Header { name, default, max } => {
                serde_json::json!({ "header": { "name": name.as_str(), "default": default, "max": max } })
            }
        }
    }
}

fn number(units: Units) -> u32 {
    u32::try_from(units.get()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
