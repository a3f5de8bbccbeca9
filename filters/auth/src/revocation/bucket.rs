//! What is revoked: the entries of one bucket, and the rules by which they come, fold and go. No host, no seed.
//!
//! ```text
//! 0      1       17      33       41      49
//! | kind | owner | token | issued | until |     one entry; numbers are little-endian
//! ```

use std::time::Duration;

use sluicegate_common::time::Nanos;

/// The most entries of a bucket.
pub(super) const CAPACITY: usize = 16;

/// The most entries of one owner.
const MAX_OF_OWNER: usize = 8;

/// Bytes of an entry.
pub(super) const ENTRY: usize = 49;

/// A keyed digest of what it stands for.
pub(super) type Fingerprint = [u8; 16];

/// A token as a bucket knows it.
#[derive(Clone, Copy)]
pub(super) struct Token {
    /// Its subject, or itself where it names none. Chooses the bucket.
    pub(super) owner: Fingerprint,
    /// Itself.
    pub(super) id: Fingerprint,
    /// When it was issued; the beginning of time where it does not say.
    pub(super) issued: Nanos,
    /// When it has expired for everybody.
    pub(super) until: Nanos,
    /// No token of its issuer is good for longer after it was issued. `None` where nothing bounds that.
    pub(super) lifetime: Option<Duration>,
}

/// What an entry refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One token.
    Token(Fingerprint),
    /// All tokens of the owner issued no later than that.
    IssuedBy,
}

#[derive(Clone, Copy)]
pub(super) struct Entry {
    kind: Kind,
    owner: Fingerprint,
    issued: Nanos,
    /// From then on the place is free.
    until: Nanos,
}

/// A state that no module of this version wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Every entry is of a token that is still good elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Entry {
    fn of(token: &Token) -> Self {
        Self { kind: Kind::Token(token.id), owner: token.owner, issued: token.issued, until: token.until }
    }

    fn is_live(&self, now: Nanos) -> bool {
        now < self.until
    }

    fn refuses(&self, token: &Token) -> bool {
        self.owner == token.owner
            && match self.kind {
                Kind::Token(id) => id == token.id,
                Kind::IssuedBy => token.issued <= self.issued,
            }
    }

    fn read(bytes: &[u8; ENTRY]) -> Result<Self, Unreadable> {
        Self::parse(bytes).ok_or(Unreadable)
    }

    fn parse(bytes: &[u8; ENTRY]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (owner, rest) = rest.split_first_chunk()?;
        let (token, rest) = rest.split_first_chunk()?;
        let (issued, rest) = rest.split_first_chunk()?;
        let (until, _) = rest.split_first_chunk()?;
        let kind = match kind {
            1 => Kind::Token(*token),
            2 => Kind::IssuedBy,
            _ => return None,
        };
        let time = |bytes| Nanos(u64::from_le_bytes(bytes));
        Some(Self { kind, owner: *owner, issued: time(*issued), until: time(*until) })
    }

    fn write(&self, to: &mut Vec<u8>) {
        let (kind, token) = match self.kind {
            Kind::Token(token) => (1, token),
            Kind::IssuedBy => (2, Fingerprint::default()),
        };
        to.push(kind);
        to.extend_from_slice(&self.owner);
        to.extend_from_slice(&token);
        to.extend_from_slice(&self.issued.0.to_le_bytes());
        to.extend_from_slice(&self.until.0.to_le_bytes());
    }
}

/// The entries of a bucket as it stands in the store.
pub(super) fn entries(state: &[u8]) -> impl Iterator<Item = Result<Entry, Unreadable>> {
    let (whole, rest) = state.as_chunks::<ENTRY>();
    whole.iter().map(Entry::read).chain((!rest.is_empty()).then_some(Err(Unreadable)))
}

/// Whether the token is revoked. Allocates nothing.
pub(super) fn refuses(state: &[u8], token: &Token, now: Nanos) -> Result<bool, Unreadable> {
    for entry in entries(state) {
        let entry = entry?;
        if entry.is_live(now) && entry.refuses(token) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A bucket that is being changed.
pub(super) struct Bucket(Vec<Entry>);

impl Bucket {
    pub(super) fn read(state: &[u8]) -> Result<Self, Unreadable> {
        entries(state).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut state = Vec::with_capacity(CAPACITY.saturating_mul(ENTRY));
        self.0.iter().for_each(|entry| entry.write(&mut state));
        state
    }

    /// Revokes a token. Afterwards it is refused until it expires, and so is all that was refused before.
    ///
    /// 1. A token that is refused for the rest of its life needs nothing.
    /// 2. Any other has an entry, as long as its owner has no more than [`MAX_OF_OWNER`].
    /// 3. One more, and all of them become a single entry: tokens of the owner issued no later than the latest of them.
    ///    It lives as long as any of them, and, where the life of tokens is bounded, as long as any token it refuses.
    /// 4. An entry that has expired gives up its place when one is needed, the oldest first, not sooner: a clock that
    ///    is put back finds the others.
    pub(super) fn revoke(&mut self, token: &Token, now: Nanos) -> Result<(), Full> {
        let suffices = |entry: &Entry| entry.is_live(now) && entry.refuses(token) && entry.until >= token.until;
        if self.0.iter().any(suffices) {
            return Ok(());
        }
        if self.of_owner(token, now).count() >= MAX_OF_OWNER {
            self.fold(token, now);
            return Ok(());
        }
        self.insert(Entry::of(token), now)
    }

    /// Puts one entry in the place of all that the token's owner has, and of the token.
    fn fold(&mut self, token: &Token, now: Nanos) {
        let mut all = Entry { kind: Kind::IssuedBy, ..Entry::of(token) };
        for entry in self.of_owner(token, now) {
            all.issued = all.issued.max(entry.issued);
            all.until = all.until.max(entry.until);
        }
        all.until = token.lifetime.map_or(all.until, |lifetime| all.until.max(all.issued.plus(lifetime)));
        self.0.retain(|entry| entry.owner != token.owner);
        self.0.push(all);
    }

    /// What the token's owner has and what has not expired.
    fn of_owner(&self, token: &Token, now: Nanos) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.owner == token.owner && entry.is_live(now))
    }

    fn insert(&mut self, new: Entry, now: Nanos) -> Result<(), Full> {
        if self.0.len() < CAPACITY {
            self.0.push(new);
            return Ok(());
        }
        let expired = self.0.iter_mut().filter(|entry| !entry.is_live(now));
        let place = expired.min_by_key(|entry| entry.until).ok_or(Full)?;
        *place = new;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
