//! The configuration of filters.

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
mod policy;
mod secret;
mod size;
mod status;
mod suggest;
mod table;
mod text;
mod timestamp;
mod unit;
mod whole;

pub use common_keys::{COMMON, Object, Split, split};
pub use env::Env;
pub use error::{ConfigError, ConfigErrorKind, ConfigErrors, quoted};
pub use header_name::HeaderName;
pub use header_value::HeaderValue;
pub use json::{MAX_DEPTH, parse as parse_json};
pub use layers::{Built, BuiltRule, DEFAULT_RULE, Layers, layers};
pub use merge_patch::merge_patch;
pub use name::Name;
pub use one_of::{one_key, take_type};
pub use or_off::OrOff;
pub use policy::{DecisionRecord, InternalError, Mode, Policy};
pub use secret::{RawSecret, RawSecretOrDigest, Secret, SecretOrDigest, Sha256};
pub use size::Size;
pub use status::{Status, StatusPattern, Statuses};
pub use table::Table;
pub use text::{Text, text_from_value};
pub use whole::{Percent, Whole};

/// Reads a filter's raw config out of an object.
///
/// # Errors
/// All that are found, each with its place in the object.
pub fn read<T: deserr::Deserr<ConfigErrors>>(object: Object) -> Result<T, ConfigErrors> {
    deserr::deserialize(serde_json::Value::Object(object))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
mod tests;
