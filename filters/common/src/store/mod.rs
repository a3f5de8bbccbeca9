//! State that the workers of one proxy process share.
//!
//! [`SharedData`] is what a host offers: bytes under a key, and a version number to write against.
//! Hosts differ in what that number means, lose entries, mix up keys and tear reads. [`SharedStore`]
//! is what rules use: `update` takes a pure function from the old state to a verdict and a new
//! state, and is atomic on every host. All that is host-specific is settled here.
//!
//! 1. A value is framed: magic, version, length, and a digest over the full key and the state. What
//!    does not check out reads as absent, after a second look that tells a torn read from a
//!    stranger's value.
//! 2. A present entry is written against the version it was read with; a refused write reads again.
//! 3. An absent entry is created against [`NO_SUCH_CAS`], and, when that is refused and the entry is
//!    still absent, against none. Envoy accepts any version for a missing key and refuses a wrong
//!    one for a present key, so the first creates atomically there; Kong's engine accepts none only
//!    for a missing key, so the second does.
//! 4. A decision that changes nothing writes nothing.
//! 5. After [`ROUNDS`] lost rounds the update gives up; nothing was written.
//!
//! Keys come from configuration and code, never from a request: Envoy keeps an entry for ever. They
//! use `:` and no `/`, which chooses a zone in Kong's engine.
//!
//! Not promised: that state survives. Kong's engine evicts when its zone is full, and then counts
//! versions from 1 again, so that a write prepared against the evicted entry can replace a newborn
//! one of the same version. Rules treat an absent state as a fresh one.

use std::num::NonZeroU32;

use crate::proxy::Status;

pub mod conformance;
mod digest;
mod frame;
pub mod memory;
pub mod replay;
mod state;
mod update;

pub use digest::{crc32, digest};
pub use memory::MemoryShared;
pub use state::{MAX_STATE, State};
pub use update::{ROUNDS, SharedStore, StoreError};

/// A version number that hosts issue once in four thousand million writes: writing against it
/// creates an entry in Envoy and does not replace one.
pub const NO_SUCH_CAS: u32 = u32::MAX;

/// Shared data as the proxy-wasm ABI has it (`proxy_get_shared_data`, `proxy_set_shared_data`).
pub trait SharedData {
    /// The value under `key` and its version, `None` when there is no entry. An entry with an empty
    /// value is an entry.
    ///
    /// # Errors
    /// What the host answered, other than OK and [`Status::NotFound`].
    #[allow(clippy::type_complexity, reason = "the host call's two answers")]
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status>;

    /// Writes `value` under `key` against the version `cas`; `None` is the ABI's 0.
    ///
    /// # Errors
    /// [`Status::CasMismatch`] when the entry is not at that version, or whatever else the host
    /// answered. Nothing is written then.
    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status>;
}
