//! Request and response heads: bytes of the host with the chain's edits over them.
//!
//! A head is read lazily. The first header that is present costs one host call; asking for a second one reads the
//! whole map once, parsed in place. Reading one by one is dearer in Envoy than one read of everything, but for a
//! header that is mostly absent (`origin`) one cheap miss is all a request pays.
//!
//! Names compare ASCII case-insensitively (Envoy lower-cases them, Kong's engine does not). Values are bytes.

mod edits;
mod name;
mod single;
#[cfg(test)]
mod tests;
mod wire;

use std::cell::{Cell, OnceCell};
use std::ops::{Deref, DerefMut};

pub use edits::{EditError, Edits, HeaderSink, Mark};
pub use name::{AsName, ConfigName, Name, StaticName, is_token};
pub use wire::HeaderMap;
pub(crate) use wire::Lengths;

use crate::proxy::Status;
use single::Single;

/// Where a head is read from: one of the host's header maps.
pub trait HeaderSource {
    /// The first value of that header; `None` when there is none.
    ///
    /// # Errors
    /// Whatever else the host answered.
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status>;

    /// The whole map.
    ///
    /// # Errors
    /// Whatever the host answered, or [`Status::ParseFailure`].
    fn all(&self) -> Result<HeaderMap, Status>;
}

/// What was read of a head and what shall be changed: kept while a stream waits.
#[derive(Debug, Default)]
pub struct HeadState {
    single: OnceCell<Single>,
    all: OnceCell<HeaderMap>,
    failure: Cell<Option<Status>>,
    /// What the chain changed so far.
    pub edits: Edits,
}

impl HeadState {
    /// Nothing read, nothing changed; the memory of edits stays for another stream's.
    pub fn clear(&mut self) {
        self.single.take();
        self.all.take();
        self.failure.take();
        self.edits.clear();
    }

    /// The whole map, if it was read without failure.
    fn read(&self) -> Option<&HeaderMap> {
        // A map that could not be read is empty as well.
        self.all.get().filter(|_| self.failure.get().is_none())
    }
}

/// A head as a filter sees it: the host's fields, its own and other filters' edits applied.
pub struct Head<'a> {
    source: &'a dyn HeaderSource,
    state: &'a mut HeadState,
}

impl<'a> Head<'a> {
    /// A view of `state` that reads what is missing from `source`.
    pub fn new(source: &'a dyn HeaderSource, state: &'a mut HeadState) -> Self {
        Self { source, state }
    }

    /// The first value of the header, `None` when it is absent (or the host failed: see [`Head::failure`]).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        match self.state.edits.of(name.as_bytes()) {
            Some(edited) if edited.replaced => edited.first,
            Some(edited) => self.first(name).or(edited.first),
            None => self.first(name),
        }
    }

    /// Every value of the header, in order. Envoy joins the lines of some headers by a comma before we see them.
    pub fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        let edits = &self.state.edits;
        let stays = !edits.of(name.as_bytes()).is_some_and(|edited| edited.replaced);
        let host = stays.then(|| self.all().values(known_as(self.all(), name).as_bytes()));
        host.into_iter().flatten().chain(edits.values(name.as_bytes()))
    }

    /// Every field, the host's first, then those that edits brought.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let edits = &self.state.edits;
        let stays = |name: &[u8]| !edits.of(name).is_some_and(|edit| edit.replaced);
        self.all().iter().filter(move |(name, _)| stays(name)).chain(edits.added())
    }

    /// Hands out the name of every field: of the host's, then of those that edits brought.
    pub fn each_name<'s>(&'s self, mut see: impl FnMut(&'s [u8])) {
        let edits = &self.state.edits;
        self.all().each_name(|name| {
            if !edits.of(name).is_some_and(|edit| edit.replaced) {
                see(name);
            }
        });
        edits.added().for_each(|(name, _)| see(name));
    }

    /// All fields of that name become this one. Costs no write where the map was read and has this field alone.
    ///
    /// # Errors
    /// [`EditError`] when name or value cannot stand in a header; nothing is changed then.
    pub fn set(&mut self, name: impl AsName, value: impl AsRef<[u8]>) -> Result<(), EditError> {
        let value = value.as_ref();
        if self.state.read().is_some_and(|all| all.holds_only(name.text().as_bytes(), value)) {
            self.state.edits.keep_host(name.text());
            return Ok(());
        }
        self.state.edits.set(name, value)
    }

    /// One more field of that name, behind the others.
    ///
    /// # Errors
    /// As [`Head::set`]; also for a pseudo header.
    pub fn append(&mut self, name: impl AsName, value: impl AsRef<[u8]>) -> Result<(), EditError> {
        self.state.edits.append(name, value.as_ref())
    }

    /// No field of that name is left. Costs nothing where the map was read and has none.
    ///
    /// # Errors
    /// [`EditError::Pseudo`] for a pseudo header, [`EditError::Name`] for what is no name.
    pub fn remove(&mut self, name: impl AsName) -> Result<(), EditError> {
        let absent = self.state.read().is_some_and(|all| all.first(name.text().as_bytes()).is_none());
        self.state.edits.remove(name, absent)
    }

    /// The edits so far.
    #[must_use]
    pub fn edits(&self) -> &Edits {
        &self.state.edits
    }

    /// The state of the edits, for [`Head::undo`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.state.edits.mark()
    }

    /// Takes back every edit since the mark.
    pub fn undo(&mut self, to: Mark) {
        self.state.edits.undo(to);
    }

    /// The status of a read that failed. What the getters said since is not to be trusted: the driver applies the
    /// filter's `on_internal_error`.
    #[must_use]
    pub fn failure(&self) -> Option<Status> {
        self.state.failure.get()
    }

    /// Reads the whole map now; worth it where more than one header will be asked for anyway.
    pub fn prefetch(&self) {
        self.all();
    }

    /// Whether the whole map was read, so that looking at further headers costs no host call.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.state.all.get().is_some()
    }

    /// Whether a change to the header was recorded.
    #[must_use]
    pub fn is_edited(&self, name: &str) -> bool {
        self.state.edits.of(name.as_bytes()).is_some()
    }

    /// Whether a header is there that is likely absent: as [`Head::probe`], with the edits so far.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self.state.edits.of(name.as_bytes()) {
            Some(edit) => edit.first.is_some() || (!edit.replaced && self.probe(name).is_some()),
            None => self.probe(name).is_some(),
        }
    }

    /// The first value of a header that is likely absent, as the host has it: a miss costs a sixth of a hit in Envoy,
    /// and nothing is kept.
    #[must_use]
    pub fn probe(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(all) = self.state.all.get() {
            return first_of(all, name).map(<[u8]>::to_vec);
        }
        self.source.first(name).unwrap_or_else(|status| {
            self.state.failure.set(Some(status));
            None
        })
    }

    fn first(&self, name: &str) -> Option<&[u8]> {
        if let Some(all) = self.state.all.get() {
            return first_of(all, name);
        }
        if let Some(single) = self.state.single.get() {
            return if single.is(name) { Some(single.value()) } else { first_of(self.all(), name) };
        }
        match self.source.first(name) {
            Ok(Some(value)) => match Single::new(name, value) {
                Some(single) => Some(self.state.single.get_or_init(|| single).value()),
                None => first_of(self.all(), name),
            },
            Ok(None) => None,
            Err(status) => {
                self.state.failure.set(Some(status));
                None
            }
        }
    }

    fn all(&self) -> &HeaderMap {
        self.state.all.get_or_init(|| {
            self.source.all().unwrap_or_else(|status| {
                self.state.failure.set(Some(status));
                HeaderMap::default()
            })
        })
    }
}

/// The first value of the header in the host's map.
fn first_of<'m>(all: &'m HeaderMap, name: &str) -> Option<&'m [u8]> {
    all.first(known_as(all, name).as_bytes())
}

/// What the host's map has the header by: in Envoy's, `host` is `:authority` alone.
fn known_as<'n>(all: &HeaderMap, name: &'n str) -> &'n str {
    if name.eq_ignore_ascii_case("host") && all.first(b"host").is_none() { ":authority" } else { name }
}

/// The head of a request.
pub struct RequestHead<'a>(Head<'a>);

impl<'a> RequestHead<'a> {
    /// See [`Head::new`].
    pub fn new(source: &'a dyn HeaderSource, state: &'a mut HeadState) -> Self {
        Self(Head::new(source, state))
    }

    /// The method as sent; empty when there is none.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        self.get(":method").unwrap_or_default()
    }

    /// The request target as sent: path and query.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.get(":path").unwrap_or_default()
    }

    /// Whether this is a preflight: what a browser asks, without credentials, before it sends a request to another
    /// origin (Fetch standard section 3.3.3). Any other OPTIONS is the upstream's business.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        let has = |name| self.get(name).is_some();
        // What nearly every request lacks comes first: its absence is the cheapest thing a host can tell.
        has("access-control-request-method") && self.method() == b"OPTIONS" && has("origin")
    }

    /// The host the client asked for, with its port if it named one. Kong's engine keeps its server's name in
    /// `:authority`, Envoy keeps `host` there.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        self.get("host").or_else(|| self.get(":authority")).unwrap_or_default()
    }
}

/// The head of a response.
pub struct ResponseHead<'a>(Head<'a>);

impl<'a> ResponseHead<'a> {
    /// See [`Head::new`].
    pub fn new(source: &'a dyn HeaderSource, state: &'a mut HeadState) -> Self {
        Self(Head::new(source, state))
    }

    /// The status code; `None` when the host has none that is a number.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.get(":status")?).ok()?.parse().ok()
    }
}

impl<'a> Deref for RequestHead<'a> {
    type Target = Head<'a>;
    fn deref(&self) -> &Head<'a> {
        &self.0
    }
}

impl DerefMut for RequestHead<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<'a> Deref for ResponseHead<'a> {
    type Target = Head<'a>;
    fn deref(&self) -> &Head<'a> {
        &self.0
    }
}

impl DerefMut for ResponseHead<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
