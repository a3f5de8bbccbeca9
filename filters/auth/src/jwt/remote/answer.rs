//! What the answer to a question for keys is worth.

use std::fmt;

use sluicegate_common::filter::{CalloutAnswer, CalloutError};

use crate::jose::{JwksError, KeySet, SkippedKey};

/// Why an answer brings no keys. Displayed without anything of its content but names of keys.
#[derive(Debug)]
pub enum NoKeys {
    /// There is no answer.
    Callout(CalloutError),
    /// Not 200. Redirections are not followed: the config says whom to believe.
    Status(u16),
    /// No set of keys.
    Document(JwksError),
}

/// The keys, those that cannot be used, and the document.
///
/// # Errors
/// [`NoKeys`].
pub fn judge(answer: &CalloutAnswer) -> Result<(KeySet, Vec<SkippedKey>, &[u8]), NoKeys> {
    let answer = answer.outcome.as_ref().map_err(|error| NoKeys::Callout(*error))?;
    if answer.status != 200 {
        return Err(NoKeys::Status(answer.status));
    }
    let (keys, skipped) = KeySet::fetched(&answer.body).map_err(NoKeys::Document)?;
    Ok((keys, skipped, &answer.body))
}

impl fmt::Display for NoKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Callout(error) => error.fmt(f),
            Self::Status(status @ 300..=399) => write!(f, "status {status}, and redirections are not followed"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Document(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NoKeys {}

#[cfg(test)]
mod tests;
