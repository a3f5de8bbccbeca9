//! What config says, and what it becomes.

use std::time::Duration;

use sluicegate_common::config::{
    ConfigError, ConfigErrorKind, ConfigErrors, FromConfig, InternalError, Object, Text, read,
};

/// What a rule may change.
#[derive(Debug)]
pub struct Config {
    /// How long a request waits for the first answer.
    pub max_wait: Duration,
    /// What becomes of it then.
    pub on_unknown: InternalError,
    /// When clients shall come back.
    pub retry_after: Duration,
}

/// Whom to ask, and how often.
#[derive(Debug)]
pub struct Question {
    /// Envoy: the cluster's name.
    pub cluster: String,
    /// `:authority` of the question.
    pub authority: String,
    /// `:path` of the question.
    pub path: String,
    /// How often it is asked.
    pub refresh: Duration,
    /// How long the answer may take.
    pub timeout: Duration,
}

impl Question {
    /// The head of the question.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        [(":method", "GET"), (":path", &self.path), (":authority", &self.authority), ("accept", "application/json")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}

/// Printable ASCII without spaces, not empty.
#[derive(Debug)]
struct Visible(String);

impl Text for Visible {
    const EXPECTED: &'static str = "printable ASCII without spaces";

    fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
}

/// An absolute path, with a query if need be.
#[derive(Debug)]
struct Path(String);

impl Text for Path {
    const EXPECTED: &'static str = "a path such as \"/maintenance\"";

    fn parse(text: &str) -> Option<Self> {
        let Visible(path) = Visible::parse(text)?;
        path.starts_with('/').then_some(Self(path))
    }
}

sluicegate_common::deserr_text!(Visible, Path);

#[derive(FromConfig)]
struct RawConfig {
    #[config(default)]
    cluster: Option<Visible>,
    #[config(default)]
    authority: Option<Visible>,
    #[config(default)]
    path: Option<Path>,
    #[config(default = Duration::from_secs(5))]
    refresh: Duration,
    #[config(default = Duration::from_secs(1))]
    timeout: Duration,
    #[config(default = Duration::from_secs(1))]
    max_wait: Duration,
    #[config(default = InternalError::Allow)]
    on_unknown: InternalError,
    #[config(default = Duration::from_secs(60))]
    retry_after: Duration,
}

/// Reads the filter's own fields: what a rule may change, and at the top whom to ask.
///
/// # Errors
/// Everything that is wrong with them.
pub fn parse(object: Object, at_top: bool) -> Result<(Config, Option<Question>), ConfigErrors> {
    let raw: RawConfig = read(object)?;
    let mut errors = ConfigErrors::new();
    let least = [("refresh", raw.refresh, 100), ("timeout", raw.timeout, 1)];
    for (field, found, least) in least.map(|(field, found, least)| (field, found, Duration::from_millis(least))) {
        if found < least {
            errors.push(ConfigError::expected(field, format!("at least {least:?}"), format!("{found:?}")));
        }
    }
    let config = Config { max_wait: raw.max_wait, on_unknown: raw.on_unknown, retry_after: raw.retry_after };
    let question = match (raw.cluster, raw.authority, raw.path) {
        (Some(Visible(cluster)), Some(Visible(authority)), Some(Path(path))) => {
            Some(Question { cluster, authority, path, refresh: raw.refresh, timeout: raw.timeout })
        }
        (cluster, authority, path) => {
            let fields = [("cluster", cluster.is_some()), ("authority", authority.is_some()), ("path", path.is_some())];
            for (field, _) in fields.into_iter().filter(|(_, there)| at_top && !there) {
                errors.push(ConfigError::new(field, ConfigErrorKind::MissingField));
            }
            None
        }
    };
    errors.into_result((config, question))
}
