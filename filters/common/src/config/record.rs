//! What `#[derive(FromConfig)]` leaves to be done once for all types: objects by the names of their fields, and words.

use deserr::{Deserr, ErrorKind, IntoValue, Map, Sequence, Value, ValueKind, ValuePointerRef};

use super::collect::{describe, joined};
use super::error::ConfigErrors;

/// A field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the config.
    pub name: &'static str,
    /// Whether it has no default.
    pub required: bool,
}

/// What becomes of names that no field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are errors.
    Refused,
    /// Other types are read from the same object.
    Ignored,
}

/// What was found of a type's fields.
pub trait Fields<V: IntoValue> {
    /// Reads the field at this position.
    ///
    /// # Errors
    /// What is wrong with its value.
    fn set(&mut self, at: usize, value: Value<V>, location: ValuePointerRef<'_>) -> Result<(), ConfigErrors>;
}

/// Hands each value of the object to its field.
///
/// # Errors
/// It is no object, or all that is wrong with it: values, names without a field, fields without a value.
pub fn read<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    fields: &[Field],
    unknown: Unknown,
    into: &mut dyn Fields<V>,
) -> Result<(), ConfigErrors> {
    let Value::Map(object) = value else { return Err(wrong_kind(value, &[ValueKind::Map], location)) };
    let mut missing: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut errors = None;
    for (name, value) in object.into_iter() {
        let name = name.as_str();
        missing.retain(|missing| *missing != name);
        let read = match fields.iter().position(|field| field.name == name) {
            Some(at) => into.set(at, value.into_value(), location.push_key(name)),
            None if unknown == Unknown::Ignored => Ok(()),
            None => Err(unknown_name::<V>(name, fields, location)),
        };
        if let Err(error) = read {
            errors = Some(joined(errors, error));
        }
    }
    for field in missing {
        errors = Some(joined(errors, describe::<V>(ErrorKind::MissingField { field }, location)));
    }
    errors.map_or(Ok(()), Err)
}

/// Reads an element of an array.
type Each<'a, V> = dyn FnMut(Value<V>, ValuePointerRef<'_>) -> Result<(), ConfigErrors> + 'a;

/// Hands each element of an array to `each`.
///
/// # Errors
/// It is no array, or all that is wrong with the elements.
fn elements<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    each: &mut Each<'_, V>,
) -> Result<(), ConfigErrors> {
    let Value::Sequence(elements) = value else { return Err(wrong_kind(value, &[ValueKind::Sequence], location)) };
    let mut errors = None;
    for (index, element) in elements.into_iter().enumerate() {
        if let Err(error) = each(element.into_value(), location.push_index(index)) {
            errors = Some(joined(errors, error));
        }
    }
    errors.map_or(Ok(()), Err)
}

/// A field's list: deserr's own reader of `Vec` writes the loop into every type.
///
/// # Errors
/// It is no array, or all that is wrong with the elements.
#[inline(never)]
pub fn list<T: Deserr<ConfigErrors>, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<Vec<T>, ConfigErrors> {
    let mut list = Vec::with_capacity(if let Value::Sequence(elements) = &value { elements.len() } else { 0 });
    elements(value, location, &mut |element, location| {
        list.push(self::value(element, location)?);
        Ok(())
    })?;
    Ok(list)
}

/// A field's list, which may be absent.
///
/// # Errors
/// It is no array, or all that is wrong with the elements.
pub fn optional_list<T: Deserr<ConfigErrors>, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<Option<Vec<T>>, ConfigErrors> {
    if matches!(value, Value::Null) { Ok(None) } else { list(value, location).map(Some) }
}

/// A field's value. Not inlined: many fields are of one type.
///
/// # Errors
/// What is wrong with it.
#[inline(never)]
pub fn value<T: Deserr<ConfigErrors>, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<T, ConfigErrors> {
    T::deserialize_from_value(value, location)
}

/// Which of the words the value is.
///
/// # Errors
/// It is none of them, or no string.
pub fn choose<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    words: &[&str],
) -> Result<usize, ConfigErrors> {
    let Value::String(word) = value else { return Err(wrong_kind(value, &[ValueKind::String], location)) };
    let unknown = || describe::<V>(ErrorKind::UnknownValue { value: &word, accepted: words }, location);
    words.iter().position(|known| *known == word).ok_or_else(unknown)
}

/// For a required field that [`read`] has found missing: never told.
#[must_use]
pub fn missing() -> ConfigErrors {
    ConfigErrors::new()
}

fn wrong_kind<V: IntoValue>(
    actual: Value<V>,
    accepted: &'static [ValueKind],
    location: ValuePointerRef<'_>,
) -> ConfigErrors {
    describe(ErrorKind::IncorrectValueKind { actual, accepted }, location)
}

fn unknown_name<V: IntoValue>(name: &str, fields: &[Field], location: ValuePointerRef<'_>) -> ConfigErrors {
    let accepted: Vec<&str> = fields.iter().map(|field| field.name).collect();
    describe::<V>(ErrorKind::UnknownKey { key: name, accepted: &accepted }, location)
}

#[cfg(test)]
mod tests;
