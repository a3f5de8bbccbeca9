//! What a template says itself, checked when the config is read.

use sluicegate_common::config::{ConfigError, quoted};
use sluicegate_common::path::NormalPath;
use sluicegate_common::reply::is_field_value;
use sluicegate_common::template::Template;

use crate::target::{is_host, is_method};

/// No text holds a control byte but tab.
pub fn check_texts<'t>(field: &str, mut texts: impl Iterator<Item = &'t str>) -> Result<(), ConfigError> {
    match texts.find(|text| !is_field_value(text.as_bytes())) {
        None => Ok(()),
        Some(text) => Err(ConfigError::expected(field, "no control character", quoted(text))),
    }
}

/// A path: it starts with a slash, has no query, and servers read it in one way.
pub fn check_path(template: &Template) -> Result<(), ConfigError> {
    let found = |why: String| {
        ConfigError::expected("value", "a path such as \"/v2\"", format!("{}: {why}", quoted(template.as_written())))
    };
    check_texts("value", template.texts())?;
    if template.texts().any(|text| text.contains(['?', '#'])) {
        return Err(found("the query is a target of its own".to_owned()));
    }
    if !template.as_written().starts_with(['/', '$']) {
        return Err(found("it does not start with a slash".to_owned()));
    }
    let ambiguity = template.literal().and_then(|path| NormalPath::of(path.as_bytes()).ambiguity());
    ambiguity.map_or(Ok(()), |why| Err(found(format!("it {why}"))))
}

/// A method.
pub fn check_method(template: &Template) -> Result<(), ConfigError> {
    check_literal(template, is_method, "a method other than CONNECT, such as \"POST\"")
}

/// A host.
pub fn check_host(template: &Template) -> Result<(), ConfigError> {
    check_literal(template, is_host, "a host such as \"api.example.com\" or \"[::1]:8080\"")
}

fn check_literal(template: &Template, fits: fn(&[u8]) -> bool, expected: &'static str) -> Result<(), ConfigError> {
    check_texts("value", template.texts())?;
    match template.literal().filter(|text| !fits(text.as_bytes())) {
        None => Ok(()),
        Some(text) => Err(ConfigError::expected("value", expected, quoted(text))),
    }
}

/// A status that may have a body, as the response has one already (RFC 9110 section 6.4.1).
pub fn status(template: &Template) -> Result<u16, ConfigError> {
    let status = template.literal().and_then(|text| text.parse().ok());
    let fits = |status: &u16| (200..=599).contains(status) && !matches!(status, 204 | 205 | 304);
    status.filter(fits).ok_or_else(|| {
        let expected = "a status that can have a body, such as \"404\"";
        ConfigError::expected("value", expected, quoted(template.as_written()))
    })
}
