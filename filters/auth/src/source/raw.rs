//! Sources as the config says them.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, Text, path_of};
use sluicegate_common::pairs::cookies::is_cookie_name;

use super::prefix::Prefix;
use super::{Place, Source, Sources};

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawSource {
    /// A header. Not `Host`, `Cookie`, `Connection`, `Content-Length`, `Transfer-Encoding` or `TE`.
    #[config(default)]
    header: Option<HeaderName>,
    /// A parameter of the query.
    #[config(default)]
    query: Option<ParameterName>,
    /// A cookie.
    #[config(default)]
    cookie: Option<CookieName>,
    /// What stands before it: `"Bearer "`, a scheme and a blank, of either case; or text such as `"key-"`.
    /// `Authorization` needs a scheme.
    #[config(default)]
    prefix: Option<Prefix>,
}

struct ParameterName(String);

impl Text for ParameterName {
    const EXPECTED: &'static str = "the name of a parameter, decoded";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

struct CookieName(String);

impl Text for CookieName {
    const EXPECTED: &'static str = "the name of a cookie, a token (RFC 6265 section 4.1.1)";

    fn parse(text: &str) -> Option<Self> {
        is_cookie_name(text.as_bytes()).then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(ParameterName, CookieName);
sluicegate_common::described_text!(ParameterName: "name", CookieName: "name");

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Source {
    fn schema() -> serde_json::Value {
        let one = |key: &str| serde_json::json!({ "required": [key] });
        let mut schema = RawSource::schema();
        if let serde_json::Value::Object(schema) = &mut schema {
            schema.insert("oneOf".to_owned(), ["header", "query", "cookie"].map(one).into_iter().collect());
        }
        schema
    }

    fn kind() -> String {
        "place".into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Sources {
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": "array", "items": Source::schema(), "minItems": 1 })
    }

    fn kind() -> String {
        Vec::<Source>::kind()
    }
}

/// Headers that are more than a credential: they cannot be taken away.
const NOT_FOR_CREDENTIALS: [&str; 6] = ["connection", "content-length", "cookie", "host", "te", "transfer-encoding"];

impl RawSource {
    fn compile(self, path: &str) -> Result<Source, ConfigError> {
        let prefix = self.prefix.unwrap_or_default();
        let place = match (self.header, self.query, self.cookie) {
            (Some(header), None, None) => header_place(header.into_string(), &prefix, path)?,
            (None, Some(ParameterName(name)), None) => Place::Query(name),
            (None, None, Some(CookieName(name))) => Place::Cookie(name),
            _ => return Err(ConfigError::invalid(path, "needs one of \"header\", \"query\" and \"cookie\"")),
        };
        Ok(Source { place, prefix })
    }
}

fn header_place(name: String, prefix: &Prefix, path: &str) -> Result<Place, ConfigError> {
    if NOT_FOR_CREDENTIALS.contains(&name.as_str()) {
        let expected = "a header of its own for credentials";
        return Err(ConfigError::expected(format!("{path}.header"), expected, format!("{name:?}")));
    }
    if matches!(name.as_str(), "authorization" | "proxy-authorization") && matches!(prefix, Prefix::Text(_)) {
        let expected = "a scheme and a blank such as \"Bearer \" (RFC 9110 section 11.4)";
        return Err(ConfigError::expected(format!("{path}.prefix"), expected, "no blank"));
    }
    Ok(Place::Header(name))
}

impl Deserr<ConfigErrors> for Source {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let raw = RawSource::deserialize_from_value(value, location)?;
        raw.compile(&path_of(location)).map_err(Into::into)
    }
}

/// `from`: `[{"header": name, "prefix": "Bearer "}, {"query": name}, {"cookie": name}]`, each with or without a prefix.
impl Deserr<ConfigErrors> for Sources {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let sources = Vec::<Source>::deserialize_from_value(value, location)?;
        if sources.is_empty() {
            return Err(ConfigError::invalid(path_of(location), "names no place: no credential could be shown").into());
        }
        Ok(Self(sources))
    }
}
