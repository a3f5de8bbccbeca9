//! JSON with templates in its strings.

use deserr::{Deserr, IntoValue, ValuePointerRef};
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
        match self {
            Self::Text(template) => vec![template],
            Self::Fixed(_) => Vec::new(),
            Self::Array(elements) => elements.iter().flat_map(Self::templates).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, member)| member.templates()).collect(),
        }
    }
}

/// Reads any JSON; its depth is bounded by the parser.
impl Deserr<ConfigErrors> for Json {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        compile(value.into(), location)
    }
}

fn compile(value: Value, location: ValuePointerRef<'_>) -> Result<Json, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let json = match value {
        Value::String(_) => return Template::deserialize_from_value(value.into_value(), location).map(Json::Text),
        Value::Null | Value::Bool(_) | Value::Number(_) => Json::Fixed(value),
        Value::Array(elements) => {
            let elements = elements.into_iter().enumerate();
            let compiled = elements.map(|(index, element)| compile(element, location.push_index(index)));
            Json::Array(compiled.filter_map(|element| errors.take(element)).collect())
        }
        Value::Object(members) => {
            let mut compiled = Vec::with_capacity(members.len());
            for (name, member) in members {
                if let Some(member) = errors.take(compile(member, location.push_key(&name))) {
                    compiled.push((name, member));
                }
            }
            Json::Object(compiled)
        }
    };
    errors.into_result(json)
}
