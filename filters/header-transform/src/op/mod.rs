//! One entry of `request` or `response`: what is done, to what, and when.

mod literal;
mod raw;
#[cfg(not(target_family = "wasm"))]
mod schema;
mod selector;
mod value;

use regex_lite::Regex;
use sluicegate_common::config::Statuses;
use sluicegate_common::matcher::Match;
use sluicegate_common::pairs::{Edit, Names};
use sluicegate_common::template::Source;

pub use raw::RawOp;
#[cfg(not(target_family = "wasm"))]
pub use schema::{OnRequest, OnResponse};
pub use value::{Due, Dues, MAX_TOTAL, MissingValue, OnMissing, Value};

use crate::substitution::Substitution;

/// An entry of `request`.
#[derive(Debug)]
pub struct RequestOp {
    /// The requests it is for; all where there is none.
    pub when: Option<Match>,
    /// What it does.
    pub does: RequestEdit,
}

/// What can be done to a request.
#[derive(Debug)]
pub enum RequestEdit {
    /// To headers of these names.
    Header(Names, Action),
    /// To query parameters of these names.
    Query(Names, Action),
    /// To cookies of these names.
    Cookie(Names, Action),
    /// To the path, without the query.
    Path(Change),
    /// To the method.
    Method(Change),
    /// To the host.
    Host(Change),
}

/// An entry of `response`.
#[derive(Debug)]
pub struct ResponseOp {
    /// The requests whose responses it is for; all where there is none.
    pub when: Option<Match>,
    /// The statuses it is for; all where there are none.
    pub statuses: Option<Statuses>,
    /// What it does.
    pub does: ResponseEdit,
}

/// What can be done to a response.
#[derive(Debug)]
pub enum ResponseEdit {
    /// To headers of these names.
    Header(Names, Action),
    /// The status becomes this one.
    Status(u16),
}

/// What is done to something that has names and may be there more than once.
#[derive(Debug)]
pub enum Action {
    /// See [`Edit::Remove`].
    Remove,
    /// See [`Edit::Rename`].
    Rename(Rename),
    /// See [`Edit::Set`].
    Set(Value),
    /// See [`Edit::SetIfAbsent`].
    SetIfAbsent(Value),
    /// See [`Edit::ReplaceIfExists`].
    ReplaceIfExists(Value),
    /// See [`Edit::Append`].
    Append(Value),
    /// See [`Edit::Rewrite`].
    Rewrite(Rewrite),
}

/// What is done to something that is there once.
#[derive(Debug)]
pub enum Change {
    /// It becomes this.
    Set(Value),
    /// It becomes what this makes of it.
    Rewrite(Rewrite),
}

/// A regex that must match a whole value, and what the value becomes.
#[derive(Debug)]
pub struct Rewrite {
    regex: Regex,
    substitution: Substitution,
}

/// How names become others.
#[derive(Debug)]
pub enum Rename {
    /// All become this one.
    To(String),
    /// What they start with becomes something else.
    Prefix(String, String),
    /// They are rewritten.
    Regex(Rewrite),
}

impl Action {
    /// The value it writes, if it writes one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Set(value) | Self::SetIfAbsent(value) | Self::ReplaceIfExists(value) | Self::Append(value) => {
                Some(value)
            }
            Self::Remove | Self::Rename(_) | Self::Rewrite(_) => None,
        }
    }

    /// Hands the edit to `carry_out`, `value` being what its own value comes to; no rename brings a `reserved` name about.
    pub fn edit<T>(&self, value: &[u8], reserved: &dyn Fn(&[u8]) -> bool, carry_out: impl FnOnce(&Edit<'_>) -> T) -> T {
        match self {
            Self::Remove => carry_out(&Edit::Remove),
            Self::Rename(rename) => carry_out(&Edit::Rename(&|name| rename.of(name).filter(|new| !reserved(new)))),
            Self::Set(_) => carry_out(&Edit::Set(value)),
            Self::SetIfAbsent(_) => carry_out(&Edit::SetIfAbsent(value)),
            Self::ReplaceIfExists(_) => carry_out(&Edit::ReplaceIfExists(value)),
            Self::Append(_) => carry_out(&Edit::Append(value)),
            Self::Rewrite(rewrite) => carry_out(&Edit::Rewrite(&|old| rewrite.of(old))),
        }
    }
}

impl Change {
    /// The value it writes, if it writes one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Set(value) => Some(value),
            Self::Rewrite(_) => None,
        }
    }

    /// What `old` becomes, `value` being what its own value comes to; `None`: what it was.
    pub fn of(&self, old: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Set(_) => Some(value.to_vec()),
            Self::Rewrite(rewrite) => rewrite.of(old),
        }
        .filter(|new| new != old)
    }
}

impl RequestOp {
    /// Whether what it writes tells who was verified to be calling.
    pub fn writes_identity(&self) -> bool {
        self.does.value().is_some_and(|value| value.template.sources().any(Source::is_identity))
    }

    /// Whether it looks at the request's head before it writes.
    pub fn reads(&self) -> bool {
        let is_literal = |value: Option<&Value>| value.is_none_or(|value| value.template.literal().is_some());
        let only_writes = match &self.does {
            RequestEdit::Header(Names::Exact(_), action) => {
                matches!(action, Action::Remove | Action::Set(_) | Action::Append(_)) && is_literal(action.value())
            }
            _ => false,
        };
        self.when.is_some() || !only_writes
    }
}

impl RequestEdit {
    /// The value it writes, if it writes one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Header(_, action) | Self::Query(_, action) | Self::Cookie(_, action) => action.value(),
            Self::Path(change) | Self::Method(change) | Self::Host(change) => change.value(),
        }
    }
}

impl ResponseEdit {
    /// The value it writes, if it writes one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Header(_, action) => action.value(),
            Self::Status(_) => None,
        }
    }
}

impl Rewrite {
    fn of(&self, value: &[u8]) -> Option<Vec<u8>> {
        self.substitution.apply(&self.regex, value)
    }
}

impl Rename {
    /// The new name; `None` for a name that keeps its own.
    fn of(&self, name: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::To(new) => Some(new.clone().into_bytes()),
            Self::Prefix(old, new) => Some([new.as_bytes(), name.get(old.len()..)?].concat()),
            Self::Regex(rewrite) => rewrite.of(name),
        }
    }
}

#[cfg(test)]
mod tests;
