//! What a template or a substitution says itself, checked when the config is read.
//!
//! Each is judged by a sample: what it says, with a `1` in place of every value or group. What cannot stand around a `1`
//! can stand around nothing.

use sluicegate_common::config::{ConfigError, quoted};
use sluicegate_common::path::NormalPath;
use sluicegate_common::template::Template;

use crate::substitution::Substitution;
use crate::target::{has_dots, is_host, is_method, may_have_body};

/// What a field says.
pub struct Said<'t> {
    field: &'static str,
    written: &'t str,
    /// With a `1` for each value or group.
    pub sample: Vec<u8>,
}

impl<'t> Said<'t> {
    /// What `value` says.
    pub fn by_value(template: &'t Template) -> Self {
        let sample = template.fill(|_| Some(b"1".into())).unwrap_or_default();
        Self { field: "value", written: template.as_written(), sample }
    }

    /// What a substitution says.
    pub fn by_substitution(field: &'static str, written: &'t str, substitution: &Substitution) -> Self {
        Self { field, written, sample: substitution.sample("1").into_bytes() }
    }

    /// The error where this is not `expected`.
    pub fn check(&self, fits: bool, expected: &'static str) -> Result<(), ConfigError> {
        if fits { Ok(()) } else { Err(ConfigError::expected(self.field, expected, quoted(self.written))) }
    }
}

/// A path: visible ASCII, no empty segment, no query, and servers read it in one way.
pub fn check_path(said: &Said<'_>) -> Result<(), ConfigError> {
    let path = [b"/", said.sample.strip_prefix(b"/").unwrap_or(&said.sample)].concat();
    let is_plain = path.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#'));
    let is_clear =
        NormalPath::of(&path).ambiguity().is_none() && !has_dots(&path) && !path.windows(2).any(|at| at == b"//");
    let starts = said.field == "substitution" || said.written.starts_with(['/', '$']);
    said.check(
        starts && is_plain && is_clear,
        "a path such as \"/v2\" that can be read in one way alone, without a query",
    )
}

/// A method.
pub fn check_method(said: &Said<'_>) -> Result<(), ConfigError> {
    said.check(is_method(&said.sample), "a method other than CONNECT and HEAD, such as \"POST\"")
}

/// A host.
pub fn check_host(said: &Said<'_>) -> Result<(), ConfigError> {
    said.check(is_host(&said.sample), "a host such as \"api.example.com\" or \"[::1]:8080\"")
}

/// A status that may have a body, as the response has one already (RFC 9110 section 6.4.1).
pub fn status(template: &Template) -> Result<u16, ConfigError> {
    let text = template.literal().filter(|text| text.len() == 3 && text.bytes().all(|digit| digit.is_ascii_digit()));
    let status = text.and_then(|text| text.parse().ok()).filter(|status| may_have_body(*status));
    status.ok_or_else(|| {
        let expected = "a status that can have a body, such as \"404\"";
        ConfigError::expected("value", expected, quoted(template.as_written()))
    })
}
