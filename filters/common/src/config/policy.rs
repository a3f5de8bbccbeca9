//! The policy fields that every filter has.

use crate::config::FromConfig;
use std::collections::BTreeMap;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::common_keys::Object;
use super::error::{ConfigError, ConfigErrorKind, ConfigErrors};
use super::header_name::HeaderName;
use super::header_value::HeaderValue;
use super::location::path_of;
use super::name::Name;
use super::status::StatusCode;
use super::suggest::did_you_mean;
use super::table::Table;
use crate::reply::{ErrorFormat, ErrorOverride, OverrideBody, ReplyPolicy, check_headers};
use crate::template::{Json, Template};

/// `mode`: whether a filter acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub enum Mode {
    /// It acts.
    #[default]
    Enforce,
    /// It decides, counts and logs, and changes nothing.
    Shadow,
    /// It does nothing.
    Off,
}

impl Mode {
    /// The word, as in the config and in metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }
}

/// `on_internal_error`: what becomes of a request when the host fails the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub enum InternalError {
    /// It is refused.
    Deny,
    /// It passes.
    Allow,
}

/// `decision_record`: which decisions access logs can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub enum DecisionRecord {
    /// None.
    Off,
    /// Requests the filter refused or failed on.
    #[default]
    Refusals,
    /// All.
    All,
}

/// The common policy fields of one filter under one rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// `mode`, "enforce" unless given.
    pub mode: Mode,
    /// `on_internal_error`; the filter has its own default.
    pub on_internal_error: Option<InternalError>,
    /// `error_format`, "problem_json" unless given, and `errors`.
    pub replies: ReplyPolicy,
    /// `decision_record`, "refusals" unless given.
    pub decision_record: DecisionRecord,
}

impl Policy {
    /// Reads the policy out of the common fields ([`super::split`]).
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(common: Object) -> Result<Self, ConfigErrors> {
        let raw: RawPolicy = super::read(common)?;
        // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
        let mut overrides = BTreeMap::new();
        for (code, reply) in raw.errors {
            overrides.insert(code.into_string(), reply);
        }
        Ok(Self {
            mode: raw.mode,
            on_internal_error: raw.on_internal_error,
            replies: ReplyPolicy { format: raw.error_format.into(), overrides },
            decision_record: raw.decision_record,
        })
    }

    /// Checks that `errors` names reason codes the filter has: a mistyped one would never apply.
    ///
    /// # Errors
    /// One for each name that is not in `codes`.
    pub fn check_codes(&self, codes: &[&str]) -> Result<(), ConfigErrors> {
        let unknown = self.replies.overrides.keys().filter(|code| !codes.contains(&code.as_str()));
        let errors = unknown.map(|code| {
            let kind = ConfigErrorKind::UnknownField {
                did_you_mean: did_you_mean(code, codes.iter().copied()).map(str::to_owned),
                accepted: codes.iter().map(|&code| code.to_owned()).collect(),
            };
            ConfigError::new(format!("errors.{code}"), kind)
        });
        errors.collect::<ConfigErrors>().into_result(())
    }
}

/// The other common fields have readers of their own, so that unknown ones are none of this type's business.
#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
#[config(allow_unknown)]
struct RawPolicy {
    /// Whether the filter acts; or decides, counts and logs, and changes nothing; or does nothing.
    #[config(default)]
    mode: Mode,
    /// What becomes of a request when the host fails the filter; each filter has its own default.
    #[config(default)]
    on_internal_error: Option<InternalError>,
    /// How refusals are written.
    #[config(default)]
    error_format: RawErrorFormat,
    /// Other replies, by their codes.
    #[config(default)]
    errors: Table<Name, ErrorOverride>,
    /// Which decisions access logs can read.
    #[config(default)]
    decision_record: DecisionRecord,
}

#[derive(Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
enum RawErrorFormat {
    #[default]
    #[config(rename = "problem_json")]
    ProblemJson,
    #[config(rename = "json")]
    Json,
    #[config(rename = "text")]
    Text,
}

impl From<RawErrorFormat> for ErrorFormat {
    fn from(raw: RawErrorFormat) -> Self {
        match raw {
            RawErrorFormat::ProblemJson => Self::ProblemJson,
            RawErrorFormat::Json => Self::Json,
            RawErrorFormat::Text => Self::Text,
        }
    }
}

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
struct RawOverride {
    #[config(default)]
    status: Option<StatusCode>,
    #[config(default)]
    headers: Table<HeaderName, HeaderValue>,
    #[config(default)]
    json: Option<Json>,
    #[config(default)]
    text: Option<Template>,
}

#[cfg(not(target_family = "wasm"))]
impl crate::describe::Described for ErrorOverride {
    fn schema() -> serde_json::Value {
        RawOverride::schema()
    }

    fn kind() -> String {
        "reply".into()
    }

    fn kinds() -> String {
        "replies".into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl crate::describe::Described for Policy {
    fn schema() -> serde_json::Value {
        RawPolicy::schema()
    }

    fn kind() -> String {
        RawPolicy::kind()
    }

    fn fields() -> Vec<crate::describe::Field> {
        RawPolicy::fields()
    }
}

/// Compiled while it is read, so that all that is wrong is told together with what is wrong elsewhere.
impl Deserr<ConfigErrors> for ErrorOverride {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let raw = RawOverride::deserialize_from_value(value, location)?;
        raw.compile().map_err(|errors| errors.under(&path_of(location)))
    }
}

impl RawOverride {
    fn compile(self) -> Result<ErrorOverride, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let body = errors.take(OverrideBody::of(self.json, self.text, &self.headers)).flatten();
        errors.take(check_headers(&self.headers));
        let header = |(name, value): (HeaderName, HeaderValue)| (name.into_string(), value.into_string());
        let headers = self.headers.into_iter().map(header).collect();
        errors.into_result(ErrorOverride { status: self.status.map(StatusCode::code), headers, body })
    }
}

#[cfg(test)]
mod tests;
