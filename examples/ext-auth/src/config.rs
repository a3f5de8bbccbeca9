//! What config says, and what it becomes.

use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, HeaderName, InternalError, Object, Text, read};

/// A compiled config.
#[derive(Debug)]
pub struct Config {
    /// At least one.
    pub services: Vec<Service>,
    /// How long each may take; whole milliseconds, at least 1.
    pub timeout: Duration,
    /// Request headers the services see.
    pub headers: Vec<HeaderName>,
    /// Headers of the answers that the upstream sees.
    pub copy_headers: Vec<HeaderName>,
    /// The header of an answer that names the consumer, who is made known to the filters behind.
    pub consumer_header: Option<HeaderName>,
    /// Whether the body of an answer is made known as verified claims.
    pub publish_claims: bool,
    /// What a failing service means for the request.
    pub on_service_failure: InternalError,
}

/// Who is asked.
#[derive(Debug, FromConfig)]
pub struct Service {
    /// Envoy: the cluster's name.
    pub cluster: Visible,
    /// `:authority` of the question.
    pub authority: Visible,
    /// `:path` of the question.
    pub path: Path,
}

/// Printable ASCII without spaces, not empty.
#[derive(Debug)]
pub struct Visible(pub String);

impl Text for Visible {
    const EXPECTED: &'static str = "printable ASCII without spaces";

    fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
}

/// An absolute path, with a query if need be.
#[derive(Debug)]
pub struct Path(pub String);

impl Text for Path {
    const EXPECTED: &'static str = "a path such as \"/check\"";

    fn parse(text: &str) -> Option<Self> {
        let Visible(path) = Visible::parse(text)?;
        path.starts_with('/').then_some(Self(path))
    }
}

sluicegate_common::deserr_text!(Visible, Path);

#[derive(FromConfig)]
struct RawConfig {
    services: Vec<Service>,
    #[config(default = Duration::from_secs(1))]
    timeout: Duration,
    #[config(default)]
    headers: Vec<HeaderName>,
    #[config(default)]
    copy_headers: Vec<HeaderName>,
    #[config(default)]
    consumer_header: Option<HeaderName>,
    #[config(default)]
    publish_claims: bool,
    #[config(default = InternalError::Deny)]
    on_service_failure: InternalError,
}

impl Config {
    /// Reads the filter's own fields.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(object: Object) -> Result<Self, ConfigErrors> {
        let raw: RawConfig = read(object)?;
        let mut errors = ConfigErrors::new();
        if raw.services.is_empty() {
            errors.push(ConfigError::expected("services", "at least one service", "none"));
        }
        if raw.timeout < Duration::from_millis(1) {
            errors.push(ConfigError::expected("timeout", "at least \"1ms\"", format!("{:?}", raw.timeout)));
        }
        errors.into_result(Self {
            services: raw.services,
            timeout: raw.timeout,
            headers: raw.headers,
            copy_headers: raw.copy_headers,
            consumer_header: raw.consumer_header,
            publish_claims: raw.publish_claims,
            on_service_failure: raw.on_service_failure,
        })
    }

    /// The name of the service that was asked with this number.
    #[must_use]
    pub fn service(&self, id: u32) -> &str {
        let service = usize::try_from(id).ok().and_then(|at| self.services.get(at));
        service.map_or("", |service| &service.cluster.0)
    }
}
