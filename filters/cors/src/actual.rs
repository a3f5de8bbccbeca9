//! Answers to actual requests: who may read them, and which of their headers (Fetch standard section 3.3.4).

use sluicegate_common::facts::Facts;
use sluicegate_common::head::{EditError, ResponseHead, StaticName};

use crate::allow_origin::Audience;
use crate::config::Config;
use crate::vary;

const TIMING: StaticName = StaticName::new("timing-allow-origin");

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
        config.expose_headers.write(config.allow_credentials, facts, head)?;
    }
    // Also where there is no Origin: a cache must not hand that answer to a page that has one.
    let by_origin = if config.origins.any { "" } else { "Origin" };
    // Another policy would have been chosen for another value, also where this one is the same to all origins.
    vary::add(head, by_origin, facts.chosen_by().iter().map(String::as_str))?;
    if let Some(timing) = &config.timing_allow_origins {
        head.set(TIMING, timing)?;
    }
    Ok(())
}
