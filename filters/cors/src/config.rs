//! What config says, and what it becomes.

use std::collections::BTreeSet;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, Object, OrOff, Text, Whole, read};

use crate::allow_origin::Origins;
use crate::exposed::Exposed;
use crate::method::Method;
use crate::origin::Origin;
use crate::pattern::{Expression, Pattern};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A compiled policy.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who may read answers.
    pub origins: Origins,
    /// Methods a preflight may ask for.
    pub allow_methods: Vec<Method>,
    /// Request headers a preflight may ask for.
    pub allow_headers: Headers,
    /// Response headers a page may read.
    pub expose_headers: Exposed,
    /// Whether requests with cookies and the like may be made.
    pub allow_credentials: bool,
    /// How long a browser may remember a preflight's answer, whole seconds.
    pub max_age: Option<Duration>,
    /// Whether public pages may reach in from the Internet.
    pub allow_private_network: bool,
    /// Whether preflights go upstream.
    pub preflight_continue: bool,
    /// 200..=299.
    pub preflight_status: u16,
    /// What becomes of other requests from origins that are not allowed.
    pub on_disallowed_origin: OnDisallowedOrigin,
    /// The value of `Timing-Allow-Origin`.
    pub timing_allow_origins: Option<String>,
}

/// `on_disallowed_origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum OnDisallowedOrigin {
    /// The upstream answers, and the browser keeps the answer from the page.
    #[default]
    Forward,
    /// 403, unless the request comes from the same origin.
    Reject,
}

/// A list of header names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Headers {
    /// `*` is among them.
    Any,
    /// These alone.
    Named(BTreeSet<String>),
}

impl Headers {
    /// Whether the list holds this name, given in lower case.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(names) => names.contains(name),
        }
    }
}

impl From<Vec<HeaderName>> for Headers {
    fn from(names: Vec<HeaderName>) -> Self {
        if names.iter().any(|name| name.as_str() == "*") {
            return Self::Any;
        }
        // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
        let mut named = BTreeSet::new();
        named.extend(names.into_iter().map(HeaderName::into_string));
        Self::Named(named)
    }
}

/// An element of `allow_origins` or `timing_allow_origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OriginOrAny {
    Any,
    Origin(Origin),
}

impl OriginOrAny {
    fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Origin(origin) => origin.as_str(),
        }
    }

    fn origin(self) -> Option<Origin> {
        match self {
            Self::Any => None,
            Self::Origin(origin) => Some(origin),
        }
    }
}

impl Text for OriginOrAny {
    const EXPECTED: &'static str = "an origin such as \"https://app.example.com\", or \"*\"";

    fn parse(text: &str) -> Option<Self> {
        if text == "*" { Some(Self::Any) } else { Origin::parse(text).map(Self::Origin) }
    }

    fn found(text: &str) -> String {
        Origin::found(text)
    }
}

sluicegate_common::deserr_text!(OriginOrAny);
sluicegate_common::described_text!(OriginOrAny: "origin");

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawConfig {
    /// Exact origins, `scheme://host[:port]`, or `"*"` for every origin.
    #[config(default)]
    allow_origins: Vec<OriginOrAny>,
    /// `https://*.example.com`: one or more whole labels, not the apex. `http://localhost:*`: any port or none. Both
    /// may be combined.
    #[config(default)]
    allow_origin_patterns: Vec<Pattern>,
    /// Regular expressions ([regex-lite](https://docs.rs/regex-lite), linear time). They match the whole origin,
    /// anchored or not.
    #[config(default)]
    allow_origin_regex: Vec<Expression>,
    /// Methods a preflight may ask for; `"*"` for all. Case-sensitive, as browsers are: `PATCH`, not `patch`. CONNECT,
    /// TRACE and TRACK are refused.
    #[config(default = default_methods())]
    allow_methods: Vec<Method>,
    /// Request headers a preflight may ask for; `"*"` for all, `authorization` included.
    #[config(default)]
    allow_headers: Vec<HeaderName>,
    /// Response headers a page may read; `"*"` for all. Those that the gateway itself sets, the id of the request and
    /// what is left of limits, are exposed besides.
    #[config(default)]
    expose_headers: Vec<HeaderName>,
    /// Whether pages may send cookies and HTTP authentication. Refused together with `"*"` in `allow_origins`.
    #[config(default)]
    allow_credentials: bool,
    /// How long a browser may remember a preflight's answer, whole seconds (Chromium cuts at 2 h, Firefox at 24 h).
    /// `"off"` sends no header: 5 s.
    #[config(default = OrOff::On(DAY))]
    max_age: OrOff<Duration>,
    /// Answers `Access-Control-Request-Private-Network: true`: public pages may reach an API in a private network.
    #[config(default)]
    allow_private_network: bool,
    /// Allows `Origin: null`: sandboxed frames, local files, some redirects. Any site can make such a frame: think
    /// twice with credentials.
    #[config(default)]
    allow_null_origin: bool,
    /// Sends preflights upstream. The status is the upstream's, the CORS headers are still the policy's.
    #[config(default)]
    preflight_continue: bool,
    /// Status of the answer to a preflight.
    #[config(default = None, shown = "204")]
    preflight_status: Option<Whole<200, 299>>,
    /// What becomes of an actual request from an origin that is not allowed.
    #[config(default)]
    on_disallowed_origin: OnDisallowedOrigin,
    /// Value of `Timing-Allow-Origin` on actual answers, or `["*"]`. Empty leaves the upstream's.
    #[config(default)]
    timing_allow_origins: Vec<OriginOrAny>,
}

fn default_methods() -> Vec<Method> {
    ["GET", "HEAD", "POST"].map(Method::new).into()
}

/// The JSON Schema of a configuration.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn schema() -> serde_json::Value {
    sluicegate_common::describe::filter::<RawConfig>("cors", &[])
}

/// The README with its tables anew; `None`: it has no markers.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn tables(readme: &str) -> Option<String> {
    use sluicegate_common::describe::{Described, table};

    table(readme, "cors", &RawConfig::fields())
}

impl Config {
    /// Reads the filter's own fields.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(object: Object) -> Result<Self, ConfigErrors> {
        read::<RawConfig>(object)?.try_into()
    }
}

impl RawConfig {
    /// What is wrong across fields.
    fn check(&self) -> ConfigErrors {
        let mut errors = ConfigErrors::new();
        if self.allow_origins.is_empty() && self.allow_origin_patterns.is_empty() && self.allow_origin_regex.is_empty()
        {
            let message = "no origin is allowed: name one here, in \"allow_origin_patterns\" or \"allow_origin_regex\"";
            errors.push(ConfigError::invalid("allow_origins", message));
        }
        if self.allow_credentials && self.allow_origins.contains(&OriginOrAny::Any) {
            let expected = "false where \"allow_origins\" holds \"*\" (any site could act as the user)";
            errors.push(ConfigError::expected("allow_credentials", expected, "true"));
        }
        if let OrOff::On(max_age) = self.max_age
            && max_age.subsec_nanos() > 0
        {
            errors.push(ConfigError::expected("max_age", "whole seconds", format!("{max_age:?}")));
        }
        errors
    }
}

impl TryFrom<RawConfig> for Config {
    type Error = ConfigErrors;

    fn try_from(raw: RawConfig) -> Result<Self, ConfigErrors> {
        raw.check().into_result(())?;
        let timing: Vec<&str> = raw.timing_allow_origins.iter().map(OriginOrAny::as_str).collect();
        let timing_allow_origins = (!timing.is_empty()).then(|| timing.join(", "));
        let any = raw.allow_origins.contains(&OriginOrAny::Any);
        let exact = raw.allow_origins.into_iter().filter_map(OriginOrAny::origin).collect();
        let mut origins = Origins::new(exact, raw.allow_origin_patterns, raw.allow_origin_regex);
        (origins.any, origins.null) = (any, raw.allow_null_origin);
        Ok(Self {
            origins,
            timing_allow_origins,
            allow_methods: raw.allow_methods,
            allow_headers: raw.allow_headers.into(),
            expose_headers: Headers::from(raw.expose_headers).into(),
            allow_credentials: raw.allow_credentials,
            max_age: raw.max_age.on(),
            allow_private_network: raw.allow_private_network,
            preflight_continue: raw.preflight_continue,
            preflight_status: raw.preflight_status.and_then(|status| status.get().try_into().ok()).unwrap_or(204),
            on_disallowed_origin: raw.on_disallowed_origin,
        })
    }
}

#[cfg(test)]
mod tests;
