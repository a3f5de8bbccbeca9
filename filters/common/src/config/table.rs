//! Objects whose names are the user's: `{"<name>": value}`.

use deserr::{Deserr, IntoValue, Map, Value, ValuePointerRef};

use super::collect::wrong_type;
use super::error::{ConfigError, ConfigErrors};
use super::location::path_of;
use super::text::{Text, refused};

/// An object whose names are the user's, in their order. Use it instead of `BTreeMap` or `HashMap`: deserr's
/// implementations for those drop an entry with an error and go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<K, T>(Vec<(K, T)>);

impl<K, T> Table<K, T> {
    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(name, _)| name)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, T> IntoIterator for Table<K, T> {
    type Item = (K, T);
    type IntoIter = std::vec::IntoIter<(K, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Text + Ord, T: Deserr<ConfigErrors>> Deserr<ConfigErrors> for Table<K, T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let mut table: Vec<(K, T)> = Vec::new();
        entries(value, location, &mut |name, value, location, errors| {
            let key = errors.take(K::parse(name).ok_or_else(|| refused(K::EXPECTED, K::found(name), location)));
            let value = errors.take(T::deserialize_from_value(value, location));
            let (Some(key), Some(value)) = (key, value) else { return };
            match table.binary_search_by(|(known, _)| known.cmp(&key)) {
                Err(free) => table.insert(free, (key, value)),
                Ok(_) => errors.push(taken(location)),
            }
        })?;
        Ok(Self(table))
    }
}

/// Reads an entry of an object, and notes what is wrong with it.
type Each<'a, V> = dyn FnMut(&str, Value<V>, ValuePointerRef<'_>, &mut ConfigErrors) + 'a;

/// Hands each entry of an object to `each`. Once for all tables.
fn entries<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    each: &mut Each<'_, V>,
) -> Result<(), ConfigErrors> {
    let Value::Map(object) = value else { return Err(wrong_type(&value, "an object", location)) };
    let mut errors = ConfigErrors::new();
    for (name, value) in object.into_iter() {
        each(&name, value.into_value(), location.push_key(&name), &mut errors);
    }
    errors.into_result(())
}

fn taken(location: ValuePointerRef<'_>) -> ConfigError {
    ConfigError::invalid(path_of(location), "stands here twice, in another spelling")
}

#[cfg(test)]
mod tests;
