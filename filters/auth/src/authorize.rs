//! What a known consumer may do: `authorize`.
//!
//! ```json
//! {"authorize": [{"name": "admin", "match": {"paths": [{"prefix": "/admin"}]}, "allow": {"groups": ["admin"]}},
//!                {"name": "writers", "match": {"methods": ["POST", "PUT"]}, "allow": {"scopes": ["notes:write"]},
//!                 "deny": {"claims": [{"pointer": "/role", "equals": "guest"}]}}]}
//! ```
//!
//! 1. Every entry whose `match` holds is judged, one without `match` always, in order: a `deny` that holds refuses, and
//!    so does an `allow` that does not. A request that no entry refuses may go on.
//! 2. [`Conditions`] hold when each of their fields does, and a field does when one of its elements does. What has to
//!    hold together in one field stands in several entries.
//! 3. An entry can only refuse. So where its `match` cannot read what it looks at, it is judged
//!    ([`Unreadable::Match`]).
//! 4. Who has not said who they are may do so yet: an `allow` that does not hold for them is
//!    [`Reason::MissingCredential`]. Where scopes alone are missing it is [`Reason::InsufficientScope`] (RFC 6750
//!    section 3.1), otherwise [`Reason::NotAllowed`].
//!
//! Claims are those of the verified token; other credentials have none.

mod claim;
mod conditions;
mod scope;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Name, Object, check_unique};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::identity::Identity;
use sluicegate_common::matcher::{Match, MatchOptions, RawMatch, Unreadable};

use crate::reason::Reason;
use conditions::{Conditions, Met, RawConditions};

/// An element of `authorize` as written.
#[derive(Debug, Clone, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawEntry {
    /// Unique; the decision record tells it.
    name: Name,
    /// Which requests are judged. Absent: all.
    #[config(default, rename = "match")]
    matcher: Option<RawMatch>,
    /// Refuses where it does not hold.
    #[config(default)]
    allow: Option<RawConditions>,
    /// Refuses where it holds. One of `allow` and `deny` is there at least.
    #[config(default)]
    deny: Option<RawConditions>,
}

/// `authorize`, compiled.
#[derive(Debug, Clone, Default)]
pub struct Authorize(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    name: Name,
    matcher: Option<Match>,
    allow: Option<Conditions>,
    deny: Option<Conditions>,
}

/// Who asks, as far as that is verified.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// None who did not say.
    pub identity: Option<&'a Identity>,
    /// The claims of the token, if it was one.
    pub claims: Option<&'a Object>,
}

/// What an entry has against a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// Why.
    pub reason: Reason,
    /// The entry's name.
    pub entry: &'a str,
    /// With [`Reason::InsufficientScope`], the scopes that would do, separated by spaces (RFC 6750 section 3).
    pub scope: Option<&'a str>,
}

impl Authorize {
    /// Compiles the list; `paths` says how matches read paths.
    ///
    /// # Errors
    /// All there are, under `authorize`: a name that stands twice, an entry that judges nothing, conditions or a list
    /// without elements, and what is wrong in a `match`.
    pub fn compile(raw: Vec<RawEntry>, paths: MatchOptions) -> Result<Self, ConfigErrors> {
        let paths = MatchOptions { unreadable: Unreadable::Match, ..paths };
        let mut errors = ConfigErrors::new();
        errors.take(check_unique("authorize", "name", raw.iter().map(|entry| entry.name.as_str())));
        let entries = raw.into_iter().enumerate().filter_map(|(index, entry)| {
            errors.take(entry.compile(paths).map_err(|wrong| wrong.under(&format!("authorize[{index}]"))))
        });
        let entries = entries.collect();
        errors.into_result(Self(entries))
    }

    /// Whether the request may go on.
    ///
    /// # Errors
    /// What the first entry that refuses it has against it.
    pub fn judge<'a>(&'a self, subject: Subject<'_>, head: &RequestHead<'_>, cx: &Cx<'_>) -> Result<(), Refusal<'a>> {
        let concerned = |entry: &&Entry| entry.matcher.as_ref().is_none_or(|matcher| matcher.matches(head, cx));
        self.0.iter().filter(concerned).try_for_each(|entry| entry.judge(subject))
    }

    /// Whether it looks at paths: then an ambiguous one has to be refused before.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.0.iter().any(|entry| entry.matcher.as_ref().is_some_and(Match::uses_paths))
    }
}

impl RawEntry {
    fn compile(self, paths: MatchOptions) -> Result<Entry, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.allow.is_none() && self.deny.is_none() {
            errors.push(ConfigError::expected("", "\"allow\", \"deny\" or both", "none of them"));
        }
        let matcher = self.matcher.map(|given| given.compile(paths).map_err(|wrong| wrong.under("match")));
        let allow = self.allow.map(|given| given.compile().map_err(|wrong| wrong.under("allow")));
        let deny = self.deny.map(|given| given.compile().map_err(|wrong| wrong.under("deny")));
        let entry = Entry {
            name: self.name,
            matcher: matcher.and_then(|matcher| errors.take(matcher)),
            allow: allow.and_then(|conditions| errors.take(conditions)),
            deny: deny.and_then(|conditions| errors.take(conditions)),
        };
        errors.into_result(entry)
    }
}

impl Entry {
    fn judge(&self, subject: Subject<'_>) -> Result<(), Refusal<'_>> {
        let refuse = |reason, scope| Err(Refusal { reason, entry: self.name.as_str(), scope });
        if self.deny.as_ref().is_some_and(|conditions| conditions.met(subject) == Met::Yes) {
            return refuse(Reason::NotAllowed, None);
        }
        let Some(allow) = &self.allow else { return Ok(()) };
        match allow.met(subject) {
            Met::Yes => Ok(()),
            _ if subject.identity.is_none_or(Identity::is_anonymous) => refuse(Reason::MissingCredential, None),
            Met::AllButScopes => refuse(Reason::InsufficientScope, Some(allow.scopes())),
            Met::No => refuse(Reason::NotAllowed, None),
        }
    }
}

#[cfg(test)]
mod tests;
