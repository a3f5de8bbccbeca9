//! Objects whose names are the user's: `{"<name>": value}`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use deserr::{Deserr, IntoValue, Map, Value, ValuePointerRef};

use super::collect::wrong_type;
use super::error::{ConfigError, ConfigErrors};
use super::location::path_of;
use super::text::Text;

/// An object whose names are the user's. Use it instead of `BTreeMap` or `HashMap`: deserr's implementations for
/// those drop an entry with an error and go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<K, T>(pub BTreeMap<K, T>);

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Text + Ord, T: Deserr<ConfigErrors>> Deserr<ConfigErrors> for Table<K, T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let Value::Map(object) = value else { return Err(wrong_type(&value, "an object", location)) };
        let mut errors = ConfigErrors::new();
        let mut table = BTreeMap::new();
        for (name, value) in object.into_iter() {
            let location = location.push_key(&name);
            let key =
                K::parse(&name).ok_or_else(|| ConfigError::expected(path_of(location), K::EXPECTED, K::found(&name)));
            let key = errors.take(key);
            let value = errors.take(T::deserialize_from_value(value.into_value(), location));
            let (Some(key), Some(value)) = (key, value) else { continue };
            match table.entry(key) {
                Entry::Vacant(free) => _ = free.insert(value),
                Entry::Occupied(_) => {
                    errors.push(ConfigError::invalid(path_of(location), "stands here twice, in another spelling"));
                }
            }
        }
        errors.into_result(Self(table))
    }
}

#[cfg(test)]
mod tests;
