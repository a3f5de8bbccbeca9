//! Whose requests a limit counts together: `"key": ["consumer", "path_template"], "on_missing_key": "ip"`.
//!
//! | part | what it is | missing where |
//! |---|---|---|
//! | `ip` | the client's address, of IPv6 the prefix (`client_ip`) | the host knows none |
//! | `consumer`, `credential` | the id that auth verified | nobody, or anonymous |
//! | `group` | all groups of the consumer, sorted, as one value | none, or anonymous |
//! | `claim:/ptr` | a string, number or boolean of the verified token | absent, or of another type |
//! | `header:x`, `query:x`, `cookie:x` | the value; of a query decoded | absent, or several: a client would choose |
//! | `path` | the path in normal form without the query, in lower case unless `case_sensitive` | it is refused as ambiguous |
//! | `path_template` | the template of `match` that the path fits, as written | no template fits |
//! | `method`, `host`, `route` | the method as sent; the host in lower case without port; the route's name | there is none |
//! | `const:x` | the text `x` | never |
//!
//! 1. An empty value is a missing one. What is missing is settled by [`OnMissingKey`], that part alone.
//! 2. Who the client is comes from the verified identity and never from a header. `header`, `query`, `cookie`, `method`
//!    and `host` are what the client wrote: alone they let it choose a fresh key each time.
//! 3. A value counts by its first [`MAX_VALUE`] bytes: longer ones that start alike share a limit.
//! 4. The host is `host`, never `header:host`, which Envoy does not show.

mod bytes;
mod list;
mod part;
mod read;
mod text;

use std::rc::Rc;

use sluicegate_common::config::FromConfig;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::{Match, MatchOptions};

pub use bytes::MAX_VALUE;
use bytes::{KeyBytes, Kind};
pub use list::{MAX_PARTS, PartList};
use part::Part;
use read::Request;
pub use text::TextPart;

/// `on_missing_key`: what becomes of a request that lacks a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum OnMissingKey {
    /// The limit does not apply.
    Skip,
    /// All who lack the part have the same value there.
    Share,
    /// It is refused.
    Deny,
    /// The client's address stands in; without one as [`OnMissingKey::Share`].
    #[default]
    Ip,
}

/// A compiled key. Equal keys extract equal bytes from a request, unless they hold `path_template` and their limits have
/// matches of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    parts: Rc<[Part]>,
    on_missing: OnMissingKey,
}

/// What a request has for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extracted {
    /// The values, ready to be hashed. Requests with other values, kinds of value included, have other bytes.
    Key(Vec<u8>),
    /// A part is missing and the limit does not apply.
    Skip,
    /// A part is missing and the request is to be refused.
    Deny,
}

impl Key {
    /// The key of these parts.
    #[must_use]
    pub fn new(parts: PartList, on_missing: OnMissingKey) -> Self {
        Self { parts: parts.into_parts(), on_missing }
    }

    /// The parts as text, in their order: `consumer,header:x-plan`. Keys with one expression have the same parts and may
    /// share a table, whatever they do about missing ones.
    #[must_use]
    pub fn expression(&self) -> String {
        let mut expression = String::new();
        for part in self.parts.iter() {
            if !expression.is_empty() {
                expression.push(',');
            }
            part.write_text(&mut expression);
        }
        expression
    }

    /// Whether it looks at the path: then an ambiguous one is a matter of `on_ambiguous_path`.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Path | Part::PathTemplate))
    }

    /// Whether it reads the request's head, pseudo headers included. An address out of X-Forwarded-For does not count:
    /// that is the module's setting.
    #[must_use]
    pub fn reads_headers(&self) -> bool {
        self.parts.iter().any(Part::reads_head)
    }

    /// The key of a request. `own` is the match of the limit itself, whose templates go before those of rules. A read
    /// that the host failed is a missing part here: see [`Facts::failure`](sluicegate_common::facts::Facts::failure).
    /// It is written into the memory of `spare`.
    #[must_use]
    pub fn extract(
        &self,
        head: &RequestHead<'_>,
        cx: &Cx<'_>,
        paths: MatchOptions,
        own: Option<&Match>,
        spare: Vec<u8>,
    ) -> Extracted {
        let request = Request { head, cx, paths, own };
        let mut bytes = KeyBytes::in_place_of(spare);
        for part in self.parts.iter() {
            if request.write(part, &mut bytes).is_some() {
                continue;
            }
            match self.on_missing {
                OnMissingKey::Skip => return Extracted::Skip,
                OnMissingKey::Deny => return Extracted::Deny,
                OnMissingKey::Share => bytes.push_mark(Kind::Shared),
                OnMissingKey::Ip => match request.write_address(Kind::AddressInstead, &mut bytes) {
                    Some(()) => {}
                    None => bytes.push_mark(Kind::Shared),
                },
            }
        }
        Extracted::Key(bytes.into_bytes())
    }
}

#[cfg(test)]
pub(crate) mod tests;
