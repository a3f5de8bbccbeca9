//! The id of a request: which one it carries, and how a new one is made.
//!
//! 1. The client's id, in the configured header, as far as `accept` lets it: `valid` (the default) takes one that
//!    [`is_valid`], `never` none, `always` any of 1 to [`MAX_ACCEPTED`] bytes without a control byte.
//! 2. Else the proxy's own id (Envoy's `x-request-id`), if it is valid. Under `never` it is not asked for: a client may
//!    have written it.
//! 3. Else a new one, where the config has a block `request_id` and the module makes ids: the gateway and
//!    header-transform do ([`assign`]), and put it into the answer as well ([`echo`]). Others do without.
//!
//! An id is a name for a request and proves nothing: clients choose it freely.

use std::borrow::Cow;

use crate::config::{FromConfig, Text};
use crate::reply::may_set;
use crate::time::Nanos;

mod assign;
mod uuid;

pub use assign::{assign, echo};
pub use uuid::{uuid4, uuid7};

/// The longest id that `accept: "always"` takes from a client, in bytes.
pub const MAX_ACCEPTED: usize = 256;

/// Whether `id` may serve as a request's id anywhere, in bodies and logs as well: `^[A-Za-z0-9._-]{8,128}$`.
#[must_use]
pub fn is_valid(id: &[u8]) -> bool {
    (8..=128).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

/// `accept`: which ids of clients are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub enum Accept {
    /// Valid ones.
    #[default]
    Valid,
    /// None: every request gets a new one.
    Never,
    /// Whatever can be written into a header again.
    Always,
}

/// `generator`: how new ids are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub enum Generator {
    /// Random (RFC 9562 section 5.4).
    #[default]
    Uuid4,
    /// Time, then random: sorts by time (RFC 9562 section 5.7).
    Uuid7,
}

/// The common block `request_id`.
#[derive(Debug, Clone, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(crate::describe::Described))]
pub struct RequestId {
    /// Where the id stands, in one line.
    #[config(default)]
    header: IdHeader,
    /// Which ids of clients are kept: those of 8 to 128 letters, digits, `.`, `_`, `-`; none; any of 1 to 256 bytes without a
    /// control byte.
    #[config(default)]
    pub accept: Accept,
    /// How new ids are made: random, or time first, so that ids sort by time.
    #[config(default)]
    pub generator: Generator,
    /// Whether the answer carries the id, local replies included.
    #[config(default = true)]
    pub echo: bool,
    /// The config has the block.
    #[config(skip, default = true)]
    given: bool,
}

impl Default for RequestId {
    fn default() -> Self {
        let (header, accept, generator) = Default::default();
        Self { header, accept, generator, echo: true, given: false }
    }
}

impl RequestId {
    /// The header that carries the id, in lower case.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header.0
    }

    /// The id of a request with these headers: `client` under [`RequestId::header`], `envoy_x_request_id` under
    /// `x-request-id`.
    #[must_use]
    pub fn choose<'a>(&self, client: Option<&'a [u8]>, envoy_x_request_id: Option<&'a [u8]>) -> Option<&'a [u8]> {
        let is_written = |id: &&[u8]| (1..=MAX_ACCEPTED).contains(&id.len()) && !id.iter().any(u8::is_ascii_control);
        let client = match self.accept {
            Accept::Valid => client.filter(|id| is_valid(id)),
            Accept::Never => return None,
            Accept::Always => client.filter(is_written),
        };
        client.or(envoy_x_request_id.filter(|id| is_valid(id)))
    }

    /// A new id. `now` is used by `uuid7` alone; `random` must come from a good source, once per id.
    #[must_use]
    pub fn generate(&self, now: Nanos, random: [u8; 16]) -> [u8; 36] {
        match self.generator {
            Generator::Uuid4 => uuid4(random),
            Generator::Uuid7 => uuid7(now, random),
        }
    }
}

/// A header the gateway may own: not one that proxies write or route by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IdHeader(Cow<'static, str>);

impl Default for IdHeader {
    fn default() -> Self {
        Self(Cow::Borrowed("x-correlation-id"))
    }
}

impl Text for IdHeader {
    const EXPECTED: &'static str = "a header of its own such as \"x-correlation-id\"";

    fn parse(text: &str) -> Option<Self> {
        const TAKEN: [&str; 9] = [
            "authorization",
            "content-type",
            "cookie",
            "forwarded",
            "host",
            "location",
            "origin",
            "set-cookie",
            "vary",
        ];
        let name = text.to_ascii_lowercase();
        let routes = ["x-forwarded-", "x-envoy-"].iter().any(|prefix| name.starts_with(prefix));
        let free = may_set(name.as_bytes()) && !TAKEN.contains(&name.as_str()) && !routes;
        free.then_some(Self(Cow::Owned(name)))
    }
}

crate::deserr_text!(IdHeader);
crate::described_text!(IdHeader: "name" shown |header| header.0);

#[cfg(test)]
mod tests;
