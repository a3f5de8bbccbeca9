//! Answers to actual requests: who may read them, and which of their headers (Fetch standard section 3.3.4).

use std::collections::BTreeSet;

use sluicegate_common::facts::Facts;
use sluicegate_common::head::{EditError, ResponseHead};

use crate::allow_origin::Audience;
use crate::config::{Config, Headers};
use crate::vary;

/// Writes what the policy says about an answer for this audience.
///
/// # Errors
/// A header could not be written.
pub(crate) fn write(
    config: &Config,
    audience: &Audience,
    facts: &Facts,
    head: &mut ResponseHead<'_>,
) -> Result<(), EditError> {
    audience.write(config.allow_credentials, head)?;
    if *audience != Audience::Nobody {
        expose(config, facts, head)?;
    }
    if !config.origins.any {
        // Also where there is no Origin: a cache must not hand that answer to a page that has one.
        vary::add(head, &["Origin"])?;
    }
    // Another policy would have been chosen for another value, also where this one is the same to all origins.
    vary::add(head, &facts.chosen_by().iter().map(String::as_str).collect::<Vec<_>>())?;
    if let Some(timing) = &config.timing_allow_origins {
        head.set("timing-allow-origin", timing.clone())?;
    }
    Ok(())
}

/// What the config lists, and the headers that the bundle itself sets.
fn expose(config: &Config, facts: &Facts, head: &mut ResponseHead<'_>) -> Result<(), EditError> {
    let names = match &config.expose_headers {
        Headers::Named(names) => {
            let mut exposed = facts.exposed().clone();
            exposed.extend(names.iter().cloned());
            exposed.into_iter().collect()
        }
        Headers::Any if config.allow_credentials => own_names(head),
        Headers::Any => vec!["*".to_owned()],
    };
    if names.is_empty() { Ok(()) } else { head.set("access-control-expose-headers", names.join(", ")) }
}

/// The response's own header names: with credentials, a literal `*` names a header called `*`.
fn own_names(head: &ResponseHead<'_>) -> Vec<String> {
    let names = head.iter().map(|(name, _)| name.to_ascii_lowercase());
    let names = names.filter(|name| !name.starts_with(b":") && !name.starts_with(b"access-control-"));
    // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
    let mut unique = BTreeSet::new();
    unique.extend(names.filter_map(|name| String::from_utf8(name).ok()));
    unique.into_iter().collect()
}
