//! What a template says itself, checked when the config is read.

use sluicegate_common::config::{ConfigError, quoted};
use sluicegate_common::path::NormalPath;
use sluicegate_common::reply::is_field_value;
use sluicegate_common::template::Template;

use crate::target::{is_host, is_method, may_have_body};

/// What a path cannot hold: the query is a target of its own, and a fragment never reaches a server.
pub const PATH: &[char] = &['?', '#'];

/// What nothing else cannot hold.
pub const NOTHING: &[char] = &[];

/// No text holds a control character but tab, nor one of `never`.
pub fn check_texts<'t>(field: &str, texts: impl Iterator<Item = &'t str>, never: &[char]) -> Result<(), ConfigError> {
    for text in texts {
        if !is_field_value(text.as_bytes()) {
            return Err(ConfigError::expected(field, "no control character", quoted(text)));
        }
        if text.contains(never) {
            let message = format!("{} holds a query or a fragment: the query is a target of its own", quoted(text));
            return Err(ConfigError::invalid(field, message));
        }
    }
    Ok(())
}

/// A path: it starts with a slash, has no empty segment and no query, and servers read it in one way.
pub fn check_path(template: &Template) -> Result<(), ConfigError> {
    let found = |why: String| {
        ConfigError::expected("value", "a path such as \"/v2\"", format!("{}: {why}", quoted(template.as_written())))
    };
    check_texts("value", template.texts(), PATH)?;
    if template.texts().any(|text| text.contains("//")) {
        return Err(found("it has an empty segment".to_owned()));
    }
    if !template.as_written().starts_with(['/', '$']) {
        return Err(found("it does not start with a slash".to_owned()));
    }
    let ambiguity = template.literal().and_then(|path| NormalPath::of(path.as_bytes()).ambiguity());
    ambiguity.map_or(Ok(()), |why| Err(found(format!("it {why}"))))
}

/// A method.
pub fn check_method(template: &Template) -> Result<(), ConfigError> {
    check_literal(template, is_method, "a method other than CONNECT and HEAD, such as \"POST\"")
}

/// A host.
pub fn check_host(template: &Template) -> Result<(), ConfigError> {
    check_literal(template, is_host, "a host such as \"api.example.com\" or \"[::1]:8080\"")
}

fn check_literal(template: &Template, fits: fn(&[u8]) -> bool, expected: &'static str) -> Result<(), ConfigError> {
    check_texts("value", template.texts(), NOTHING)?;
    match template.literal().filter(|text| !fits(text.as_bytes())) {
        None => Ok(()),
        Some(text) => Err(ConfigError::expected("value", expected, quoted(text))),
    }
}

/// A status that may have a body, as the response has one already (RFC 9110 section 6.4.1).
pub fn status(template: &Template) -> Result<u16, ConfigError> {
    let status = template.literal().and_then(|text| text.parse().ok());
    status.filter(|status| may_have_body(*status)).ok_or_else(|| {
        let expected = "a status that can have a body, such as \"404\"";
        ConfigError::expected("value", expected, quoted(template.as_written()))
    })
}
