//! The grammar of a config, from its bytes to a filter's types. All errors are listed, not only the first.
//!
//! 1. [`parse_json`]: bytes -> JSON. No name twice in an object, bounded depth.
//! 2. [`layers`]: the top, and for each rule the top with the rule's patch (RFC 7396), sums replaced whole. No field is
//!    null.
//! 3. [`split`]: the fields all filters have ([`Policy`]), and those of this one.
//! 4. [`read`]: object -> `RawConfig`, as the user wrote it. Unknown fields are errors.
//! 5. `TryFrom`: `RawConfig` -> `Config`, everything compiled, the rules across fields checked.
//!
//! A filter declares 4 and 5. The types of single values are here ([`Name`], [`Size`], [`OrOff`], [`HeaderName`],
//! [`Statuses`], [`Percent`], [`Pointer`], [`Whole`], [`RawSecret`], `std::time::Duration`,
//! [`Nanos`](crate::time::Nanos)); its own ones implement [`Text`]. Sums read with [`one_key`] or [`take_type`],
//! objects with names of the user as [`Table`].
//! An `Option` needs `#[config(default)]` like any other field that may be left out.
//!
//! ```
//! use std::time::Duration;
//! use sluicegate_common::config::{
//!     ConfigError, ConfigErrors, FromConfig, HeaderName, OrOff, layers, parse_json, read, split,
//! };
//!
//! #[derive(FromConfig)]
//! struct RawConfig {
//!     header: HeaderName,
//!     #[config(default = OrOff::On(Duration::from_secs(5)))]
//!     timeout: OrOff<Duration>,
//!     #[config(default)]
//!     retries: u8,
//! }
//!
//! struct Config { header: String, timeout: Option<Duration>, retries: u8 }
//!
//! impl TryFrom<RawConfig> for Config {
//!     type Error = ConfigErrors;
//!
//!     fn try_from(raw: RawConfig) -> Result<Self, ConfigErrors> {
//!         let mut errors = ConfigErrors::new();
//!         let timeout = raw.timeout.on();
//!         if raw.retries > 0 && timeout.is_none() {
//!             errors.push(ConfigError::invalid("retries", "needs a \"timeout\": without one no try ends"));
//!         }
//!         errors.into_result(Self { header: raw.header.into_string(), timeout, retries: raw.retries })
//!     }
//! }
//!
//! let json = br#"{"timeout": "5 s", "retrys": 1, "mode": "shadow", "moed": "off", "rules": [
//!     {"name": "slow", "match": {"methods": ["POST"]}, "config": {"header": ":path"}}]}"#;
//! let layers = layers(parse_json(json)?, &[]);
//! let errors = layers.build(Ok, |_rule, object, _top| read::<RawConfig>(split(object).own).and_then(Config::try_from));
//! assert_eq!(errors.err().unwrap_or_default().to_string(), r#"
//! moed: unknown field, did you mean "mode"?
//! retrys: unknown field, did you mean "retries"?
//! timeout: expected a duration such as "1500ms" (units ns, us, ms, s, m, h, d), or "off", found "5 s"
//! header: required field is missing
//! rules[0].config.header: expected a header name such as "x-correlation-id", found ":path""#.trim_start());
//! # Ok::<(), ConfigErrors>(())
//! ```

mod collect;
mod common_keys;
mod duration;
mod env;
mod error;
mod header_name;
mod header_value;
mod json;
mod layers;
mod location;
mod merge_patch;
mod name;
mod nulls;
mod one_of;
mod or_off;
mod patch;
mod pointer;
mod policy;
#[doc(hidden)]
pub mod record;
mod secret;
mod size;
mod status;
mod suggest;
mod table;
mod text;
mod timestamp;
mod unique;
mod unit;
mod whole;

pub use common_keys::{COMMON, Object, Split, TOP_ONLY, split, with_only};
pub use env::Env;
pub use error::{ConfigError, ConfigErrorKind, ConfigErrors, quoted};
pub use header_name::HeaderName;
pub use header_value::HeaderValue;
pub use json::{MAX_DEPTH, parse as parse_json};
pub use layers::{Built, BuiltRule, DEFAULT_RULE, Layers, Top, layers};
pub use location::path_of;
pub use merge_patch::merge_patch;
pub use name::Name;
pub use one_of::{one_key, take_type};
pub use or_off::OrOff;
pub use pointer::Pointer;
pub use policy::{DecisionRecord, InternalError, Mode, Policy};
pub use secret::{RawSecret, RawSecretOrDigest, Secret, SecretOrDigest, Sha256};
pub use size::Size;
pub use sluicegate_config_derive::FromConfig;
pub use status::{StatusCode, StatusPattern, Statuses};
pub use suggest::did_you_mean;
pub use table::Table;
pub use text::{Text, text_from_value};
pub use unique::check_unique;
pub use whole::{Percent, Whole};

/// Reads a filter's raw config out of an object.
///
/// # Errors
/// All that are found, each with its place in the object.
pub fn read<T: deserr::Deserr<ConfigErrors>>(object: Object) -> Result<T, ConfigErrors> {
    deserr::deserialize(serde_json::Value::Object(object))
}

#[cfg(test)]
mod tests;
