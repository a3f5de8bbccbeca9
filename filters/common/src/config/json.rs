//! Bytes -> JSON value (RFC 8259), stricter than most parsers: no name twice in an object, bounded depth.

use std::fmt;

use deserr::ValuePointerRef;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::error::{ConfigError, ConfigErrorKind, ConfigErrors};
use super::location::path_of;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// How many names that stand twice are told. A path is as long as its names: to write one for each of many would cost
/// what a text says squared, and texts come from clients, too.
pub const MAX_DUPLICATES: usize = 16;

/// Parses one JSON text.
///
/// A name that stands twice in an object is refused at any depth (RFC 8259 section 4 leaves open which one
/// counts, so a reviewer may see one value and the gateway use the other), and so is all that follows the text.
///
/// # Errors
/// The first syntax error with its line and column, or else the first [`MAX_DUPLICATES`] duplicate names.
pub fn parse(bytes: &[u8]) -> Result<Value, ConfigErrors> {
    let syntax = |message: String| ConfigErrors::from(ConfigError::new("", ConfigErrorKind::Syntax(message)));
    if bytes.trim_ascii().is_empty() {
        return Err(ConfigError::invalid("", EMPTY).into());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| syntax(format!("the byte at offset {} is not UTF-8", error.valid_up_to())))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut duplicates = Duplicates::default();
    let seed = Element { location: ValuePointerRef::Origin, depth: 0, duplicates: &mut duplicates };
    let value = seed.deserialize(&mut deserializer).map_err(|error| syntax(error.to_string()))?;
    deserializer.end().map_err(|error| syntax(error.to_string()))?;
    duplicates.errors.into_result(value)
}

const EMPTY: &str = "is empty: give the plugin its configuration as a JSON object (Envoy: a StringValue \
     {\"@type\": \"type.googleapis.com/google.protobuf.StringValue\", \"value\": \"{...}\"} in `configuration`)";

/// Names that stand twice.
#[derive(Default)]
struct Duplicates {
    /// The first [`MAX_DUPLICATES`].
    errors: ConfigErrors,
    /// How many of them there were, equal ones included.
    told: usize,
}

impl Duplicates {
    fn add(&mut self, location: ValuePointerRef<'_>) {
        if self.told < MAX_DUPLICATES {
            self.told = self.told.saturating_add(1);
            self.errors.push(ConfigError::new(path_of(location), ConfigErrorKind::DuplicateName));
        }
    }
}

/// One value at its place in the text.
struct Element<'a> {
    location: ValuePointerRef<'a>,
    depth: usize,
    duplicates: &'a mut Duplicates,
}

impl Element<'_> {
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        match self.depth.checked_add(1) {
            Some(depth) if depth <= MAX_DEPTH => Ok(depth),
            _ => Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut array = Vec::new();
        while let Some(value) = elements.next_element_seed(Element {
            location: self.location.push_index(array.len()),
            depth,
            duplicates: &mut *self.duplicates,
        })? {
            array.push(value);
        }
        // Most lists are short: room for more would be most of what they take.
        array.shrink_to_fit();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let location = self.location.push_key(&name);
            let value = fields.next_value_seed(Element { location, depth, duplicates: &mut *self.duplicates })?;
            if !object.contains_key(&name) {
                object.insert(name, value);
            } else {
                self.duplicates.add(location);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
