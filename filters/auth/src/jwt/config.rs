//! What config says of an authenticator of type `jwt`, and what it becomes.

use std::rc::Rc;
use std::time::Duration;

use deserr::{Deserr, IntoValue, ValuePointerRef};
use sluicegate_common::config::{
    ConfigError, ConfigErrors, Env, FromConfig, HeaderName, Name, Pointer, RawSecret, Size, check_unique, one_key,
    quoted,
};
use sluicegate_common::identity::is_name;
use sluicegate_common::reply::may_set;

use super::claim_header::{ClaimHeader, Encoding};
use super::consumer::Naming;
use super::issuer::{Issuer, Keys};
use super::remote::RawRemote;
use super::{Jwt, short};
use crate::jose::{Algorithm, Key, KeySet};

const MINUTE: Duration = Duration::from_secs(60);
const TOKEN_SIZE: Size = Size::from_bytes(16 << 10);

/// The authenticator as written, without its `type` and `from`.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawJwt {
    /// Whose tokens are taken.
    issuers: Vec<RawIssuer>,
    /// How far issuers' clocks may be off, for `exp`, `nbf` and `iat`.
    #[config(default = MINUTE)]
    clock_skew: Duration,
    /// Claims that must be there, not null.
    #[config(default = vec!["exp".to_owned()])]
    require_claims: Vec<String>,
    /// Longer ones are malformed.
    #[config(default = TOKEN_SIZE)]
    max_token_size: Size,
    /// The most between `iat` and `exp`, which must then both be there.
    #[config(default)]
    max_lifetime: Option<Duration>,
    /// The `typ` of the header, with or without `application/`.
    #[config(default)]
    typ: Option<String>,
    /// The claim that chooses the issuer entry by its `name`.
    #[config(default)]
    key_claim: Option<Pointer>,
    /// Claims for the service, `{claim, header, encoding}`. Strings, numbers and booleans as they are; arrays by
    /// `encoding`: `"auto"` and `"json"` as JSON in ASCII, `"csv"` joined by commas; objects with `"json"` alone. What
    /// cannot stand in a header makes the token malformed.
    #[config(default)]
    claims_to_headers: Vec<RawClaimHeader>,
    /// The header for the payload, as in the token (base64url).
    #[config(default)]
    forward_payload_header: Option<HeaderName>,
}

/// An element of `issuers` as written.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawIssuer {
    /// Unique among all authenticators; the prefix of consumers' ids.
    name: Name,
    /// The `iss`, byte by byte. One entry may have none: it takes the tokens that no other takes.
    #[config(default)]
    issuer: Option<String>,
    /// One of them must be in `aud`. Empty: any will do.
    #[config(default)]
    audiences: Vec<String>,
    /// `HS256` `HS384` `HS512` `RS256` `RS384` `RS512` `PS256` `PS384` `PS512` `ES256` `EdDSA` (Ed25519).
    algorithms: Vec<Algorithm>,
    /// `{"secret": ..}`, at least 32 bytes and no PEM; `{"pem": ".."}`, one public key; `{"jwks": {"keys": [..]}}`;
    /// `{"remote": ..}`.
    keys: RawKeys,
    /// Whose the token is. `prefixed`: `<name>:<claim>`. `"map": "registered"`: the claim is the id of a listed
    /// consumer, without the name of any issuer and `:` in front, else 403. `{"fixed": "id"}`: this one. By default a
    /// token without `sub` is `<name>:`.
    #[config(default, shown = "{\"claim\": \"/sub\", \"map\": \"prefixed\"}")]
    consumer: Option<RawNaming>,
    /// Groups: a string or an array of strings.
    #[config(default)]
    groups_claim: Option<Pointer>,
}

enum RawKeys {
    Jwks(serde_json::Value),
    Pem(String),
    Secret(RawSecret),
    Remote(RawRemote),
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for RawKeys {
    fn schema() -> serde_json::Value {
        use sluicegate_common::describe::{Field, one_key};

        let keys = serde_json::json!({ "type": "array", "items": { "type": "object" } });
        let jwks = serde_json::json!({ "type": "object", "properties": { "keys": keys }, "required": ["keys"] });
        one_key(&[
            Field { name: "jwks", doc: "A key set.", kind: "key set".into(), schema: jwks, default: None },
            Field::of::<String>("pem", "One public key.", None),
            Field::of::<RawSecret>("secret", "At least 32 bytes and no PEM.", None),
            Field::of::<RawRemote>("remote", "Published keys.", None),
        ])
    }

    fn kind() -> String {
        "one of four".into()
    }
}

impl Deserr<ConfigErrors> for RawKeys {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["jwks", "pem", "secret", "remote"])?;
        let location = location.push_key(key);
        match key {
            "jwks" => Ok(Self::Jwks(value.into())),
            "pem" => Deserr::deserialize_from_value(value, location).map(Self::Pem),
            "secret" => Deserr::deserialize_from_value(value, location).map(Self::Secret),
            _ => Deserr::deserialize_from_value(value, location).map(Self::Remote),
        }
    }
}

/// `{"claim": "/sub", "map": "prefixed"}` or `{"fixed": "john"}`.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawNaming {
    /// The claim that says whose it is.
    #[config(default)]
    claim: Option<Pointer>,
    /// How it does: behind the name of the issuer, or as the id of a listed consumer.
    #[config(default)]
    map: Option<Map>,
    /// Whose all tokens are, without `claim` and `map`.
    #[config(default)]
    fixed: Option<String>,
}

#[derive(Clone, Copy, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum Map {
    Prefixed,
    Registered,
}

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawClaimHeader {
    /// Where it stands in the token.
    claim: Pointer,
    /// The header that it is written to; clients cannot set it.
    header: HeaderName,
    /// How arrays and objects are written.
    #[config(default)]
    encoding: Encoding,
}

/// Takes in the keys that the issuer entry of this name publishes, and gives them a number ([`Keys::Remote`]).
pub type Register<'a> = &'a mut dyn FnMut(RawRemote, &str) -> Result<usize, ConfigErrors>;

impl RawJwt {
    /// Compiles it. `at` is its place in the config: `authenticators.users`.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place in the config.
    pub fn compile(self, at: &str, env: &Env, register: Register<'_>) -> Result<Jwt, ConfigErrors> {
        let mut errors = self.check().under(at);
        let mut issuers = Vec::with_capacity(self.issuers.len());
        for (index, issuer) in self.issuers.into_iter().enumerate() {
            issuers.extend(errors.take(issuer.compile(&format!("{at}.issuers[{index}]"), env, register)));
        }
        errors.into_result(Jwt {
            issuers,
            key_claim: self.key_claim,
            max_token_size: self.max_token_size.len(),
            media_type: self.typ.map(|typ| short(&typ).to_owned()),
            clock_skew: self.clock_skew,
            require_claims: self.require_claims,
            max_lifetime: self.max_lifetime,
            claims_to_headers: self.claims_to_headers.into_iter().map(RawClaimHeader::compile).collect(),
            forward_payload_header: self.forward_payload_header.map(|header| header.as_str().into()),
        })
    }

    /// What is wrong across fields.
    fn check(&self) -> ConfigErrors {
        let mut errors = ConfigErrors::new();
        if self.issuers.is_empty() {
            errors.push(ConfigError::invalid("issuers", "needs at least one issuer"));
        }
        errors.take(check_unique("issuers", "name", self.issuers.iter().map(|issuer| issuer.name.as_str())));
        if self.key_claim.is_none() {
            errors.extend(self.check_choice());
        }
        if self.max_token_size.is_empty() {
            errors.push(ConfigError::expected("max_token_size", "at least one byte", "none"));
        }
        if self.max_lifetime.is_some_and(|max| max.is_zero()) {
            errors.push(ConfigError::expected("max_lifetime", "more than no time", "none"));
        }
        errors.extend(self.check_headers());
        errors
    }

    /// Without `key_claim` an `iss` is one entry's.
    fn check_choice(&self) -> ConfigErrors {
        let mut errors = ConfigErrors::new();
        for (index, issuer) in self.issuers.iter().enumerate() {
            let same = |other: &RawIssuer| other.issuer == issuer.issuer;
            let Some(first) = self.issuers.iter().position(same).filter(|&first| first < index) else { continue };
            errors.push(match &issuer.issuer {
                None => ConfigError::invalid(
                    format!("issuers[{index}]"),
                    format!("needs an \"issuer\": issuers[{first}] takes the tokens of those that are not named"),
                ),
                Some(name) => ConfigError::invalid(
                    format!("issuers[{index}].issuer"),
                    format!("the tokens of {} go to issuers[{first}]", quoted(name)),
                ),
            });
        }
        errors
    }

    fn check_headers(&self) -> ConfigErrors {
        let mut errors = ConfigErrors::new();
        let names = || self.claims_to_headers.iter().map(|header| header.header.as_str());
        errors.take(check_unique("claims_to_headers", "header", names()));
        let places = names().enumerate().map(|(index, name)| (format!("claims_to_headers[{index}].header"), name));
        let payload = self.forward_payload_header.as_ref().map(HeaderName::as_str);
        for (place, name) in places.chain(payload.map(|name| ("forward_payload_header".to_owned(), name))) {
            if !may_set(name.as_bytes()) {
                errors.push(ConfigError::invalid(
                    place,
                    format!("{name} belongs to the connection: the proxy writes it"),
                ));
            }
        }
        if payload.is_some_and(|payload| names().any(|name| name == payload)) {
            errors.push(ConfigError::invalid("forward_payload_header", "the header is one of \"claims_to_headers\""));
        }
        errors
    }
}

impl RawIssuer {
    fn compile(self, at: &str, env: &Env, register: Register<'_>) -> Result<Issuer, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.algorithms.is_empty() {
            let message = "needs at least one algorithm: the token does not choose";
            errors.push(ConfigError::invalid(format!("{at}.algorithms"), message));
        }
        let keys = errors.take(self.keys.compile(self.name.as_str(), &format!("{at}.keys"), env, register));
        if let Some(Keys::Fixed(keys)) = &keys
            && !self.algorithms.is_empty()
            && !self.algorithms.iter().any(|&algorithm| keys.fits(algorithm))
        {
            let message = "none of \"keys\" is one for any of these algorithms";
            errors.push(ConfigError::invalid(format!("{at}.algorithms"), message));
        }
        let naming = self.consumer.map_or(Ok(Naming::PrefixedSubject), RawNaming::compile);
        let naming = errors.take(naming.map_err(|error| error.under(&format!("{at}.consumer"))));
        let (Some(keys), Some(naming)) = (keys, naming) else { return Err(errors) };
        errors.into_result(Issuer {
            name: Rc::from(self.name.as_str()),
            issuer: self.issuer,
            audiences: self.audiences,
            algorithms: self.algorithms,
            keys,
            naming,
            groups_claim: self.groups_claim,
        })
    }
}

impl RawKeys {
    fn compile(self, issuer: &str, at: &str, env: &Env, register: Register<'_>) -> Result<Keys, ConfigErrors> {
        let at = |key: &str| format!("{at}.{key}");
        let keys = match self {
            Self::Remote(remote) => {
                let number = register(remote, issuer).map_err(|errors| errors.under(&at("remote")))?;
                return Ok(Keys::Remote(number));
            }
            Self::Jwks(jwks) => KeySet::inline(&jwks).map_err(|errors| errors.under(&at("jwks")))?,
            Self::Pem(pem) => Key::from_pem(&pem).map_err(|error| error.under(&at("pem")))?.into(),
            // It remembers its place.
            Self::Secret(secret) => {
                Key::from_secret(secret.resolve(env)?.expose()).map_err(|error| error.under(&at("secret")))?.into()
            }
        };
        Ok(Keys::Fixed(keys))
    }
}

impl RawNaming {
    fn compile(self) -> Result<Naming, ConfigError> {
        match (self.claim, self.map, self.fixed) {
            (Some(claim), None | Some(Map::Prefixed), None) => Ok(Naming::Prefixed(claim)),
            (Some(claim), Some(Map::Registered), None) => Ok(Naming::Registered(claim)),
            (None, None, Some(id)) if is_name(&id) => Ok(Naming::Fixed(id)),
            (None, None, Some(id)) => Err(ConfigError::expected(
                "fixed",
                "an id without commas, control characters and spaces at the ends",
                quoted(&id),
            )),
            _ => Err(ConfigError::invalid("", "needs either \"claim\", and \"map\" if you like, or \"fixed\"")),
        }
    }
}

impl RawClaimHeader {
    fn compile(self) -> ClaimHeader {
        ClaimHeader { claim: self.claim, name: self.header.as_str().into(), encoding: self.encoding }
    }
}

#[cfg(test)]
mod tests;
