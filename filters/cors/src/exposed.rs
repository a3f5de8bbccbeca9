//! The value of `Access-Control-Expose-Headers`: which headers of an answer a page may read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use sluicegate_common::facts::{Facts, SEPARATOR};
use sluicegate_common::head::{EditError, ResponseHead, StaticName};

use crate::config::Headers;

const NAME: StaticName = StaticName::new("access-control-expose-headers");

/// `expose_headers`, written out beforehand.
#[derive(Debug, Clone)]
pub struct Exposed {
    names: Headers,
    /// What the config lists, as a header has it.
    listed: String,
    /// The same with the headers that the bundle itself set last, and these: the next answer has them, too.
    with_own: RefCell<(String, String)>,
}

impl From<Headers> for Exposed {
    fn from(names: Headers) -> Self {
        let listed = match &names {
            Headers::Any => "*".to_owned(),
            Headers::Named(names) => joined(names),
        };
        Self { names, with_own: RefCell::new((String::new(), listed.clone())), listed }
    }
}

impl Exposed {
    /// What config lists.
    #[cfg(test)]
    pub fn names(&self) -> &Headers {
        &self.names
    }

    /// Writes what the config lists and the headers that the bundle itself sets, or that there is nothing to read.
    ///
    /// # Errors
    /// The header could not be written.
    pub fn write(&self, credentials: bool, facts: &Facts, head: &mut ResponseHead<'_>) -> Result<(), EditError> {
        match &self.names {
            Headers::Any if credentials => {
                let own = own_names(head);
                set(&own, head)
            }
            Headers::Any => set(&self.listed, head),
            Headers::Named(_) if facts.exposed().is_empty() => set(&self.listed, head),
            Headers::Named(names) => self.write_with_own(names, facts.exposed(), head),
        }
    }

    fn write_with_own(
        &self,
        names: &BTreeSet<String>,
        own: &str,
        head: &mut ResponseHead<'_>,
    ) -> Result<(), EditError> {
        let Ok(mut last) = self.with_own.try_borrow_mut() else { return Ok(()) };
        if last.0 != own {
            let mut all = names.clone();
            all.extend(own.split(SEPARATOR).map(str::to_owned));
            *last = (own.to_owned(), joined(&all));
        }
        set(&last.1, head)
    }
}

fn set(list: &str, head: &mut ResponseHead<'_>) -> Result<(), EditError> {
    if list.is_empty() { head.remove(NAME) } else { head.set(NAME, list) }
}

fn joined(names: &BTreeSet<String>) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list += SEPARATOR;
        }
        list += name;
    }
    list
}

/// The response's own header names: with credentials, a literal `*` names a header called `*`.
fn own_names(head: &ResponseHead<'_>) -> String {
    let names = head.iter().map(|(name, _)| name.to_ascii_lowercase());
    let names = names.filter(|name| !name.starts_with(b":") && !name.starts_with(b"access-control-"));
    // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
    let mut unique = BTreeSet::new();
    unique.extend(names.filter_map(|name| String::from_utf8(name).ok()));
    joined(&unique)
}
