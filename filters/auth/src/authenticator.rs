//! Authenticators: where the credentials of each stand, and how one is judged.

use deserr::{Deserr, IntoValue, Map, Value, ValuePointerRef};
use sluicegate_common::config::{ConfigError, ConfigErrorKind, ConfigErrors, Env, Object, read, take_type};

use crate::api_key::{ApiKeys, RawApiKeys};
use crate::basic::{Basic, RawBasic};
use crate::deny::Scheme;
use crate::jwt::config::Register;
use crate::jwt::{Jwt, RawJwt};
use crate::source::Sources;

/// An entry of `authenticators`.
#[derive(Debug)]
pub struct Authenticator {
    /// Its name.
    pub name: String,
    /// Where its credentials stand.
    pub sources: Sources,
    /// How they are judged.
    pub kind: Kind,
}

/// What kind of credential it judges.
#[derive(Debug)]
pub enum Kind {
    /// JSON Web Tokens.
    Jwt(Jwt),
    /// API keys.
    ApiKey(ApiKeys),
    /// User names and passwords.
    Basic(Basic),
}

impl Authenticator {
    /// The authenticator of tokens, if it is one.
    #[must_use]
    pub fn jwt(&self) -> Option<&Jwt> {
        match &self.kind {
            Kind::Jwt(jwt) => Some(jwt),
            Kind::ApiKey(_) | Kind::Basic(_) => None,
        }
    }

    /// How a 401 asks for its credentials.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match self.kind {
            Kind::Jwt(_) => Scheme::Bearer,
            Kind::ApiKey(_) => Scheme::ApiKey,
            Kind::Basic(_) => Scheme::Basic,
        }
    }
}

/// An entry of `authenticators` as written.
pub struct RawAuthenticator {
    from: Option<Sources>,
    kind: RawKind,
}

enum RawKind {
    Jwt(RawJwt),
    ApiKey(Object),
    Basic(Object),
}

impl RawAuthenticator {
    /// Whether it is one of tokens, be there something wrong with it or not.
    #[must_use]
    pub fn judges_tokens(&self) -> bool {
        matches!(self.kind, RawKind::Jwt(_))
    }

    /// Compiles the entry called `name`; `register` takes sets of keys in that issuers publish.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place in the config.
    pub fn compile(self, name: &str, env: &Env, register: Register<'_>) -> Result<Authenticator, ConfigErrors> {
        let at = format!("authenticators.{name}");
        let (scheme, kind) = match self.kind {
            RawKind::Jwt(raw) => (Some("Bearer"), Kind::Jwt(raw.compile(&at, env, register)?)),
            RawKind::ApiKey(own) => {
                let keys = read::<RawApiKeys>(own).and_then(|raw| raw.compile(env));
                (None, Kind::ApiKey(keys.map_err(|errors| errors.under(&at))?))
            }
            RawKind::Basic(own) => {
                let users = read::<RawBasic>(own).and_then(|raw| raw.compile(env));
                (Some("Basic"), Kind::Basic(users.map_err(|errors| errors.under(&at))?))
            }
        };
        let sources = self.from.or_else(|| scheme.map(Sources::authorization));
        let sources = sources.ok_or_else(|| ConfigError::new(format!("{at}.from"), ConfigErrorKind::MissingField))?;
        Ok(Authenticator { name: name.to_owned(), sources, kind })
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for RawAuthenticator {
    fn schema() -> serde_json::Value {
        sluicegate_common::describe::tagged(&crate::config::authenticator_fields())
    }

    fn kind() -> String {
        "authenticator".into()
    }
}

impl Deserr<ConfigErrors> for RawAuthenticator {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (kind, mut rest) = take_type(value, location, &["jwt", "api_key", "basic"])?;
        let mut errors = ConfigErrors::new();
        let from = match &mut rest {
            Value::Map(fields) if kind != "basic" => fields.remove("from"),
            _ => None,
        };
        let from = from.map(|from| Sources::deserialize_from_value(from.into_value(), location.push_key("from")));
        let from = from.and_then(|from| errors.take(from));
        let kind = errors.take(match kind {
            "jwt" => RawJwt::deserialize_from_value(rest, location).map(RawKind::Jwt),
            // They are read by themselves: secrets in them remember their place.
            "api_key" => Ok(RawKind::ApiKey(object(rest))),
            _ => Ok(RawKind::Basic(object(rest))),
        });
        match kind {
            Some(kind) if errors.is_empty() => Ok(Self { from, kind }),
            _ => Err(errors),
        }
    }
}

fn object<V: IntoValue>(value: Value<V>) -> Object {
    match value.into() {
        serde_json::Value::Object(object) => object,
        _ => Object::new(),
    }
}
