//! Which origins may read an answer, and the headers that say so.

use sluicegate_common::head::{EditError, RequestHead, ResponseHead, StaticName, is_token};

use crate::origin::{Origin, Seen};
use crate::pattern::{Expression, Pattern};

/// The origins of a policy.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// `*`: every origin, and no answer depends on it.
    pub any: bool,
    /// `null`: sandboxed frames, local files, redirects across origins.
    pub null: bool,
    exact: Vec<Origin>,
    patterns: Vec<Pattern>,
    expressions: Vec<Expression>,
}

impl Origins {
    /// No wildcard, no `null`.
    #[must_use]
    pub fn new(mut exact: Vec<Origin>, patterns: Vec<Pattern>, expressions: Vec<Expression>) -> Self {
        exact.sort_unstable();
        Self { any: false, null: false, exact, patterns, expressions }
    }

    /// Who may read the answer to a request from there.
    #[must_use]
    pub fn judge(&self, origin: &RequestOrigin<'_>) -> Audience {
        match origin {
            _ if self.any => Audience::Anyone,
            RequestOrigin::One(origin) if self.contains(origin) => Audience::Origin(origin.to_vec()),
            _ => Audience::Nobody,
        }
    }

    fn contains(&self, origin: &[u8]) -> bool {
        if origin == b"null" {
            return self.null;
        }
        if self.exact.binary_search_by(|known| known.as_str().as_bytes().cmp(origin)).is_ok() {
            return true;
        }
        if self.patterns.is_empty() && self.expressions.is_empty() {
            return false;
        }
        Seen::parse(origin).is_some_and(|origin| {
            self.patterns.iter().any(|pattern| pattern.matches(&origin))
                || self.expressions.iter().any(|expression| expression.matches(&origin))
        })
    }
}

/// The `Origin` of a request (Fetch standard section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOrigin<'a> {
    /// None: no cross-origin request of a browser.
    Absent,
    /// As sent. Hosts that join repeated lines make one value of them, which is no origin.
    One(&'a [u8]),
    /// Several lines: no browser sends that.
    Several,
}

impl<'a> RequestOrigin<'a> {
    /// Reads it; one cheap host call where it is absent. The head is not read for a second line: Envoy makes one of all.
    #[must_use]
    pub fn of(head: &'a RequestHead<'_>) -> Self {
        match head.get("origin") {
            None => Self::Absent,
            Some(_) if head.is_read() && head.values("origin").nth(1).is_some() => Self::Several,
            Some(origin) => Self::One(origin),
        }
    }
}

/// Who may read an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Audience {
    /// No page of another origin.
    #[default]
    Nobody,
    /// Pages of this origin, written as they wrote it.
    Origin(Vec<u8>),
    /// Every page: `*`.
    Anyone,
}

impl Audience {
    /// Takes away what the upstream says about CORS, and says to whom the answer is open.
    ///
    /// # Errors
    /// The origin cannot stand in a header; nothing is allowed then.
    pub fn write(&self, credentials: bool, head: &mut ResponseHead<'_>) -> Result<(), EditError> {
        const CREDENTIALS: StaticName = StaticName::new("access-control-allow-credentials");
        // An upstream that speaks about CORS names an origin; without one, nothing else that it says means anything.
        if head.is_read() || head.has(ALLOW_ORIGIN.as_str()) {
            strip(head)?;
        }
        let origin: &[u8] = match self {
            Self::Nobody => return Ok(()),
            Self::Origin(origin) => origin,
            Self::Anyone => b"*",
        };
        head.set(ALLOW_ORIGIN, origin)?;
        // By our origin the upstream's would mean something.
        if credentials { head.set(CREDENTIALS, *b"true") } else { head.remove(CREDENTIALS) }
    }
}

const ALLOW_ORIGIN: StaticName = StaticName::new("access-control-allow-origin");

/// Removes every `Access-Control-*` of the response.
fn strip(head: &mut ResponseHead<'_>) -> Result<(), EditError> {
    const PREFIX: &[u8] = b"access-control-";
    let is_cors = |name: &[u8]| name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    // A name that is no token is none of these to a browser, and cannot be removed.
    let names = head.iter().filter(|(name, _)| is_cors(name) && is_token(name));
    let names: Vec<String> = names.filter_map(|(name, _)| String::from_utf8(name.to_ascii_lowercase()).ok()).collect();
    names.into_iter().try_for_each(|name| head.remove(name))
}

#[cfg(test)]
mod tests;
