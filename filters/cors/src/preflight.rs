//! Preflights: what a browser asks before it sends a request (Fetch standard section 3.3.3).

use std::collections::BTreeSet;
use std::fmt;

use sluicegate_common::head::{EditError, RequestHead, ResponseHead, is_token};

use crate::allow_origin::Audience;
use crate::config::{Config, Headers};
use crate::method::is_forbidden;
use crate::vary;

/// How many request headers a preflight may ask for. Pages name a handful.
const MAX_NAMES: usize = 100;

/// What is allowed: exactly what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    audience: Audience,
    method: Vec<u8>,
    /// Lower-cased and sorted.
    headers: BTreeSet<String>,
    private_network: bool,
}

/// Why nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The origin is not of the policy.
    Origin,
    /// The method is not, or is none.
    Method(Vec<u8>),
    /// The header is not, or is none.
    Header(Vec<u8>),
    /// More than a hundred headers.
    TooManyHeaders,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin => f.write_str("the origin is not allowed"),
            Self::Method(name) => write!(f, "method {} is not allowed", name.escape_ascii()),
            Self::Header(name) => write!(f, "header {} is not allowed", name.escape_ascii()),
            Self::TooManyHeaders => write!(f, "more than {MAX_NAMES} headers"),
        }
    }
}

/// Judges origin, method and headers.
///
/// # Errors
/// The first that is not allowed.
pub(crate) fn decide(config: &Config, audience: Audience, head: &RequestHead<'_>) -> Result<Granted, Refusal> {
    if audience == Audience::Nobody {
        return Err(Refusal::Origin);
    }
    let method = asked_method(config, head)?;
    let headers = asked_headers(&config.allow_headers, head)?;
    let asks_network = head.get("access-control-request-private-network") == Some(b"true");
    Ok(Granted { audience, method, headers, private_network: config.allow_private_network && asks_network })
}

fn asked_method(config: &Config, head: &RequestHead<'_>) -> Result<Vec<u8>, Refusal> {
    let lines: Vec<&[u8]> = head.values("access-control-request-method").collect();
    let asked = lines.join(&b","[..]);
    let listed = config.allow_methods.iter().any(|method| method.is_any() || method.is(&asked));
    if listed && is_token(&asked) && !is_forbidden(&asked) { Ok(asked) } else { Err(Refusal::Method(asked)) }
}

fn asked_headers(allowed: &Headers, head: &RequestHead<'_>) -> Result<BTreeSet<String>, Refusal> {
    let mut names = BTreeSet::new();
    let asked = head.values("access-control-request-headers").flat_map(vary::elements);
    for (count, name) in asked.enumerate() {
        if count >= MAX_NAMES {
            return Err(Refusal::TooManyHeaders);
        }
        let token = Some(name.to_ascii_lowercase()).filter(|name| is_token(name));
        match token.and_then(|name| String::from_utf8(name).ok()) {
            Some(name) if allowed.contains(&name) => names.insert(name),
            _ => return Err(Refusal::Header(name.to_vec())),
        };
    }
    Ok(names)
}

/// Writes the answer; one that refuses says nothing about CORS at all.
///
/// # Errors
/// A header could not be written.
pub(crate) fn write(
    config: &Config,
    answer: &Result<Granted, Refusal>,
    head: &mut ResponseHead<'_>,
) -> Result<(), EditError> {
    match answer {
        Ok(granted) => write_grant(config, granted, head)?,
        Err(_) => Audience::Nobody.write(false, head)?,
    }
    let more = config.allow_private_network.then_some("Access-Control-Request-Private-Network");
    vary::add(head, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers", more.into_iter())
}

fn write_grant(config: &Config, granted: &Granted, head: &mut ResponseHead<'_>) -> Result<(), EditError> {
    granted.audience.write(config.allow_credentials, head)?;
    head.set("access-control-allow-methods", granted.method.as_slice())?;
    let names: Vec<&str> = granted.headers.iter().map(String::as_str).collect();
    let max_age = config.max_age.map(|max_age| max_age.as_secs().to_string());
    let fields = [
        ("access-control-allow-headers", Some(names.join(",")).filter(|names| !names.is_empty())),
        ("access-control-max-age", max_age),
        ("access-control-allow-private-network", granted.private_network.then(|| "true".to_owned())),
    ];
    // What is not granted, somebody else may have said.
    fields.into_iter().try_for_each(|(name, value)| match value {
        Some(value) => head.set(name, value),
        None => head.remove(name),
    })
}
