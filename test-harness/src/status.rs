//! Result codes of host functions, as the proxy-wasm ABI numbers them.

use std::fmt;
use std::str::FromStr;

/// What `proxy_get_status` shows after an HTTP call that failed; no host function returns it.
pub const BROKEN_CONNECTION: u32 = 11;

/// The status a host function returns to the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// 0.
    Ok = 0,
    /// 1: no such header, key, property, queue, metric or function.
    NotFound = 1,
    /// 2: wrong phase, wrong enum value, or arguments the host refuses.
    BadArgument = 2,
    /// 3.
    SerializationFailure = 3,
    /// 4.
    ParseFailure = 4,
    /// 6: a pointer or length outside of the guest's memory.
    InvalidMemoryAccess = 6,
    /// 7: the queue is empty.
    Empty = 7,
    /// 8: the shared data changed since it was read.
    CasMismatch = 8,
    /// 10.
    InternalFailure = 10,
    /// 12.
    Unimplemented = 12,
}

impl FromStr for Status {
    type Err = String;

    /// Reads one of the names above that the Rust SDK knows.
    fn from_str(name: &str) -> Result<Self, String> {
        const KNOWN: [Status; 7] = [
            Status::NotFound,
            Status::BadArgument,
            Status::SerializationFailure,
            Status::ParseFailure,
            Status::Empty,
            Status::CasMismatch,
            Status::InternalFailure,
        ];
        let names = KNOWN.map(|status| status.to_string());
        let found = KNOWN.into_iter().zip(&names).find(|(_, known)| *known == name);
        found.map(|(status, _)| status).ok_or_else(|| format!("expected one of {}, found {name}", names.join(", ")))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
