//! Which authenticators a request must satisfy: `require`.
//!
//! ```json
//! {"require": {"any": [{"use": "users"}, {"all": [{"use": "partners"}, {"use": "ops"}]}]}}
//! ```
//!
//! 1. `{"use": name}`: the credential of this authenticator is there and valid.
//! 2. `{"any": [..]}`: in order, the first element of which a credential is present decides, valid or not: no other
//!    makes up for an invalid one.
//! 3. `{"all": [..]}`: every element is satisfied. The request comes from whom the first of them names. Where one
//!    credential is present, none may be missing.
//! 4. `{"optional": ..}`: as inside; but if no credential is present, the request passes and comes from nobody.
//! 5. `{"public": {}}`: asks for nothing. In `any` it makes the others optional, wherever it stands.
//! 6. Left out, it is the one authenticator there is. With several it has to be written: nothing is public unasked.
//! 7. `any`, `all` and `optional` nest at most [`MAX_NESTING`] deep.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, did_you_mean, one_key, quoted};

mod evaluate;

pub use evaluate::{Outcome, Verdict};

/// How deep `any`, `all` and `optional` may nest.
pub const MAX_NESTING: usize = 4;

/// `require` as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawRequire {
    /// `{"use": name}`.
    Use(String),
    /// `{"any": [..]}`.
    Any(Vec<RawRequire>),
    /// `{"all": [..]}`.
    All(Vec<RawRequire>),
    /// `{"optional": ..}`.
    Optional(Box<RawRequire>),
    /// `{"public": {}}`.
    Public,
}

/// `{}`.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct Nothing {}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for RawRequire {
    fn schema() -> serde_json::Value {
        use sluicegate_common::describe::{Field, one_key};

        // Inside it is what the top's field is.
        let inner = serde_json::json!({ "$ref": "#/properties/require" });
        let list = serde_json::json!({ "type": "array", "items": inner, "minItems": 1 });
        let field = |name, doc, schema| Field { name, doc, kind: Self::kind(), schema, default: None };
        one_key(&[
            field("use", "A valid credential of this authenticator.", String::schema()),
            field("any", "The first element of which a credential is present decides, valid or not.", list.clone()),
            field("all", "Every element; the request comes from whom the first of them names.", list),
            field("optional", "As inside; without any credential the request is anonymous.", inner),
            field("public", "Nothing; credentials are not looked at.", Nothing::schema()),
        ])
    }

    fn kind() -> String {
        "object with one key".into()
    }
}

impl Deserr<ConfigErrors> for RawRequire {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["use", "any", "all", "optional", "public"])?;
        let location = location.push_key(key);
        match key {
            "use" => Deserr::deserialize_from_value(value, location).map(Self::Use),
            "any" => Deserr::deserialize_from_value(value, location).map(Self::Any),
            "all" => Deserr::deserialize_from_value(value, location).map(Self::All),
            "optional" => Self::deserialize_from_value(value, location).map(|inner| Self::Optional(Box::new(inner))),
            _ => Nothing::deserialize_from_value(value, location).map(|Nothing {}| Self::Public),
        }
    }
}

/// `require`, compiled: authenticators are numbered as in the list of names it was compiled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Require {
    /// The credential of this authenticator.
    Use(usize),
    /// The first that is present.
    Any(Vec<Require>),
    /// Each.
    All(Vec<Require>),
    /// The first that is valid. No config says so: it is for logging out, where it matters whose token it is and not
    /// which authenticators a path asks.
    FirstValid(Vec<Require>),
    /// None, or a valid one.
    Optional(Box<Require>),
    /// None.
    Public,
}

impl Require {
    /// Compiles what is written, `authenticators` being the names of all there are.
    ///
    /// # Errors
    /// All there are, under `require`: a name that is none of them, a list without elements, too deep a nesting, or
    /// nothing written where it has to be.
    pub fn compile(raw: Option<RawRequire>, authenticators: &[&str]) -> Result<Self, ConfigErrors> {
        match (raw, authenticators) {
            (Some(raw), _) => raw.compile("require", MAX_NESTING, authenticators),
            (None, [_]) => Ok(Self::Use(0)),
            (None, []) => {
                let message = "no authenticator is configured: configure one, or say {\"public\": {}}";
                Err(ConfigError::invalid("require", message).into())
            }
            (None, several) => {
                let message = format!("there are several authenticators, say which: {}", several.join(", "));
                Err(ConfigError::invalid("require", message).into())
            }
        }
    }

    /// The authenticators that are asked, each once, in the order they are written: whose challenges a 401 carries.
    #[must_use]
    pub fn schemes(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect(&self, found: &mut Vec<usize>) {
        match self {
            Self::Use(authenticator) if found.contains(authenticator) => {}
            Self::Use(authenticator) => found.push(*authenticator),
            Self::Any(elements) | Self::All(elements) | Self::FirstValid(elements) => {
                elements.iter().for_each(|element| element.collect(found))
            }
            Self::Optional(inner) => inner.collect(found),
            Self::Public => {}
        }
    }
}

impl RawRequire {
    /// `room` is how many lists and `optional` may still nest.
    fn compile(self, path: &str, room: usize, names: &[&str]) -> Result<Require, ConfigErrors> {
        let inner = room.checked_sub(1);
        match (self, inner) {
            (Self::Public, _) => Ok(Require::Public),
            (Self::Use(name), _) => find(&name, names).map(Require::Use).map_err(|wrong| wrong.under(path).into()),
            (_, None) => {
                let message = format!("\"any\", \"all\" and \"optional\" nest at most {MAX_NESTING} deep");
                Err(ConfigError::invalid(path, message).into())
            }
            (Self::Any(elements), Some(room)) => list(elements, &format!("{path}.any"), room, names).map(Require::Any),
            (Self::All(elements), Some(room)) => list(elements, &format!("{path}.all"), room, names).map(Require::All),
            (Self::Optional(inner), Some(room)) => {
                let inner = inner.compile(&format!("{path}.optional"), room, names)?;
                Ok(Require::Optional(Box::new(inner)))
            }
        }
    }
}

fn list(elements: Vec<RawRequire>, path: &str, room: usize, names: &[&str]) -> Result<Vec<Require>, ConfigErrors> {
    if elements.is_empty() {
        return Err(ConfigError::expected(path, "at least one element", "none").into());
    }
    let mut errors = ConfigErrors::new();
    let elements = elements.into_iter().enumerate();
    let compiled = elements.map(|(index, element)| element.compile(&format!("{path}[{index}]"), room, names));
    let compiled = compiled.filter_map(|element| errors.take(element)).collect();
    errors.into_result(compiled)
}

fn find(name: &str, names: &[&str]) -> Result<usize, ConfigError> {
    names.iter().position(|known| *known == name).ok_or_else(|| {
        let hint = did_you_mean(name, names.iter().copied());
        let hint = hint.map_or(String::new(), |known| format!(", did you mean {known:?}?"));
        ConfigError::expected("use", "the name of an authenticator", quoted(name) + &hint)
    })
}

#[cfg(test)]
mod tests;
