//! Ops that could not be carried out: counted, and told at debug level without the value, which may be a secret.

use std::fmt;

use sluicegate_common::filter::Cx;
use sluicegate_common::head::EditError;
use sluicegate_common::pairs::Unwritable;
use sluicegate_common::proxy::Counter;

/// `sluicegate_header_transform_dropped_ops_total`.
#[derive(Debug)]
pub struct DroppedOps(Counter);

/// Why an op is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// Its value has a control character.
    ControlCharacter,
    /// No header can be so.
    Header(EditError),
    /// No query or cookie can be so.
    Pair(Unwritable),
    /// It would write more than a request can hold. A request is refused then: left out, an op that protects would be
    /// switched off by whoever sends enough.
    TooLong,
    /// This is not to become so, or not to change at all.
    Target(&'static str),
}

impl Default for DroppedOps {
    fn default() -> Self {
        Self(Counter::new("sluicegate_header_transform_dropped_ops_total"))
    }
}

impl DroppedOps {
    /// Counts an op that was not carried out.
    pub fn note(&self, outcome: Result<(), Dropped>, cx: &Cx<'_>) {
        if let Err(why) = outcome {
            log::debug!("header_transform: an op is left out: {why}");
            self.0.increment(cx.proxy);
        }
    }
}

impl From<EditError> for Dropped {
    fn from(error: EditError) -> Self {
        Self::Header(error)
    }
}

impl From<Unwritable> for Dropped {
    fn from(what: Unwritable) -> Self {
        if what == Unwritable::TooLong { Self::TooLong } else { Self::Pair(what) }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlCharacter => f.write_str("a control character in the value"),
            Self::TooLong => Unwritable::TooLong.fmt(f),
            Self::Header(error) => error.fmt(f),
            Self::Pair(what) => what.fmt(f),
            Self::Target(target) => write!(f, "the {target} must not become that"),
        }
    }
}
