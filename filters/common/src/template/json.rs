//! JSON with templates in its strings.

use deserr::{Deserr, IntoValue, Map as _, Sequence as _, ValuePointerRef};
use serde_json::{Map, Value};

use super::Template;
use crate::config::ConfigErrors;

/// A JSON value whose strings are templates; names of members are not. What a value puts in is escaped, so that it
/// cannot leave its string.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// A string.
    Text(Template),
    /// A number, a boolean or null.
    Fixed(Value),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value with its strings filled in.
    pub fn fill(&self, fill: &dyn Fn(&Template) -> String) -> Value {
        match self {
            Self::Text(template) => Value::String(fill(template)),
            Self::Fixed(value) => value.clone(),
            Self::Array(elements) => elements.iter().map(|element| element.fill(fill)).collect(),
            Self::Object(members) => {
                // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
                let mut object = Map::new();
                for (name, member) in members {
                    object.insert(name.clone(), member.fill(fill));
                }
                Value::Object(object)
            }
        }
    }

    /// All templates in it.
    pub fn templates(&self) -> Vec<&Template> {
        let mut templates = Vec::new();
        self.gather(&mut templates);
        templates
    }

    fn gather<'a>(&'a self, templates: &mut Vec<&'a Template>) {
        match self {
            Self::Text(template) => templates.push(template),
            Self::Fixed(_) => {}
            Self::Array(elements) => elements.iter().for_each(|element| element.gather(templates)),
            Self::Object(members) => members.iter().for_each(|(_, member)| member.gather(templates)),
        }
    }
}

/// Reads any JSON; its depth is bounded by the parser.
#[cfg(not(target_family = "wasm"))]
impl crate::describe::Described for Json {
    fn schema() -> serde_json::Value {
        serde_json::json!({})
    }

    fn kind() -> String {
        "any JSON".into()
    }
}

impl Deserr<ConfigErrors> for Json {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        use deserr::Value as Given;
        let mut errors = ConfigErrors::new();
        let json = match value {
            Given::String(_) => return Template::deserialize_from_value(value, location).map(Self::Text),
            Given::Null => Self::Fixed(Value::Null),
            Given::Boolean(value) => Self::Fixed(value.into()),
            Given::Integer(number) => Self::Fixed(number.into()),
            Given::NegativeInteger(number) => Self::Fixed(number.into()),
            Given::Float(number) => Self::Fixed(number.into()),
            Given::Sequence(elements) => {
                let mut compiled = Vec::with_capacity(elements.len());
                for (index, element) in elements.into_iter().enumerate() {
                    let element = Self::deserialize_from_value(element.into_value(), location.push_index(index));
                    compiled.extend(errors.take(element));
                }
                Self::Array(compiled)
            }
            Given::Map(members) => {
                let mut compiled = Vec::with_capacity(members.len());
                for (name, member) in members.into_iter() {
                    let member = Self::deserialize_from_value(member.into_value(), location.push_key(&name));
                    compiled.extend(errors.take(member).map(|member| (name, member)));
                }
                Self::Object(compiled)
            }
        };
        errors.into_result(json)
    }
}
