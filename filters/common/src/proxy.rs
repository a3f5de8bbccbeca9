//! What a rule may ask of the proxy. `host` implements it with hostcalls, tests with a table.

use std::fmt;

/// A hostcall's status other than OK. The host's number is kept for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 1: no such key, header, property or metric.
    NotFound,
    /// 2: not allowed in this phase, unknown context, or a bad pointer.
    BadArgument,
    /// 3
    SerializationFailure,
    /// 4
    ParseFailure,
    /// 7: nothing there (an empty queue).
    Empty,
    /// 8: the value changed since it was read.
    CasMismatch,
    /// 10
    InternalFailure,
    /// 11
    BrokenConnection,
    /// 12: this host does not have the call.
    Unimplemented,
    /// Any number the ABI does not name, or bytes the guest could not parse.
    Other(u32),
}

impl Status {
    /// The status for the host's number; `None` for 0, which is success.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => return None,
            1 => Self::NotFound,
            2 => Self::BadArgument,
            3 => Self::SerializationFailure,
            4 => Self::ParseFailure,
            7 => Self::Empty,
            8 => Self::CasMismatch,
            10 => Self::InternalFailure,
            11 => Self::BrokenConnection,
            12 => Self::Unimplemented,
            other => Self::Other(other),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "host status {code}"),
            named => write!(f, "{named:?}"),
        }
    }
}

impl std::error::Error for Status {}
