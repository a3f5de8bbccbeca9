//! The leaves of a scenario file: bytes, header lists, patterns, durations.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteVec;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Headers;
use crate::scenario::Pattern;

/// Text in quotes, or `{bytes: '\xff'}` or `{base64: /w==}` for what YAML cannot write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match PatternYaml::deserialize(deserializer)?.0 {
            Pattern::Exactly(bytes) => Ok(Text(bytes)),
            _ => Err(D::Error::custom("`contains` and `matches` describe what is expected, not what is sent")),
        }
    }
}

/// A [`Text`], `{contains: text}` or `{matches: expression}`.
#[derive(Clone, Debug)]
pub struct PatternYaml(pub Pattern);

impl<'de> Deserialize<'de> for PatternYaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PatternVisitor)
    }
}

struct PatternVisitor;

impl<'de> Visitor<'de> for PatternVisitor {
    type Value = PatternYaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text (in quotes where YAML sees more than text), {bytes: ..}, {base64: ..}, {contains: ..} or {matches: ..}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PatternYaml, E> {
        Ok(PatternYaml(Pattern::from(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PatternYaml, A::Error> {
        let Some((key, text)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("expected one of base64, bytes, contains, matches, found {}"));
        };
        let pattern = match key.as_str() {
            "bytes" => Pattern::Exactly(<Vec<u8>>::unescape_bytes(&text)),
            "base64" => Pattern::Exactly(STANDARD.decode(&text).map_err(A::Error::custom)?),
            "contains" => Pattern::Contains(text.into_bytes()),
            "matches" => Pattern::matching(&text).map_err(A::Error::custom)?,
            other => return Err(A::Error::unknown_field(other, &["base64", "bytes", "contains", "matches"])),
        };
        match map.next_key::<String>()? {
            None => Ok(PatternYaml(pattern)),
            Some(second) => Err(A::Error::custom(format!("expected {key} alone, found {second} as well"))),
        }
    }
}

/// Fields by name: a map of name to value or list of values, or a list of `[name, value]`.
#[derive(Clone, Debug)]
pub struct Fields<T>(pub Vec<(Vec<u8>, T)>);

impl<T> Default for Fields<T> {
    fn default() -> Self {
        Fields(Vec::new())
    }
}

impl Fields<Text> {
    pub fn into_headers(self) -> Headers {
        self.0.into_iter().map(|(name, Text(value))| (name, value)).collect()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor(std::marker::PhantomData))
    }
}

struct FieldsVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = Fields<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of header names to values, or a list of [name, value]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<T>, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, values)) = map.next_entry::<String, OneOrMany<T>>()? {
            fields.extend(values.0.into_iter().map(|value| (name.clone().into_bytes(), value)));
        }
        Ok(Fields(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fields<T>, A::Error> {
        let mut fields = Vec::new();
        while let Some((Text(name), value)) = list.next_element::<(Text, T)>()? {
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

/// One value, or a list of them: a header's lines.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(std::marker::PhantomData))
    }
}

struct OneOrManyVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text (in quotes where YAML sees more than text), or a list of lines")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany<T>, E> {
        let one = serde::de::value::StrDeserializer::<E>::new(text);
        Ok(OneOrMany(vec![T::deserialize(one)?]))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany<T>, A::Error> {
        let one = serde::de::value::MapAccessDeserializer::new(map);
        Ok(OneOrMany(vec![T::deserialize(one)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany<T>, A::Error> {
        let mut many = Vec::new();
        while let Some(one) = list.next_element()? {
            many.push(one);
        }
        Ok(OneOrMany(many))
    }
}

/// Demands on fields, by lower-cased name.
#[derive(Clone, Debug, Default)]
pub struct FieldPatterns(pub Vec<(String, Vec<Pattern>)>);

impl<'de> Deserialize<'de> for FieldPatterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::<PatternYaml>::deserialize(deserializer)?;
        let mut patterns: Vec<(String, Vec<Pattern>)> = Vec::new();
        for (name, PatternYaml(pattern)) in fields.0 {
            let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
            match patterns.iter_mut().find(|(known, _)| *known == name) {
                Some((_, lines)) => lines.push(pattern),
                None => patterns.push((name, vec![pattern])),
            }
        }
        Ok(FieldPatterns(patterns))
    }
}

/// A duration with its unit: `1500ms`, `2h 30m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |error| D::Error::custom(format!("expected a duration like 1500ms, found {text}: {error}"));
        humantime::parse_duration(&text).map(Span).map_err(wrong)
    }
}

/// A time as RFC 3339 has it, kept as nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub u64);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |error: String| {
            D::Error::custom(format!("expected a time like 2026-01-01T00:00:00Z, found {text}: {error}"))
        };
        let time = humantime::parse_rfc3339(&text).map_err(|error| wrong(error.to_string()))?;
        let since = time.duration_since(std::time::UNIX_EPOCH).map_err(|error| wrong(error.to_string()))?;
        u64::try_from(since.as_nanos()).map(Instant).map_err(|error| wrong(error.to_string()))
    }
}
