//! How a request stands with a limit, as clients are told.

use std::rc::Rc;
use std::time::Duration;

/// One limit that was asked about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitUse {
    /// The limit's name, `^[a-z0-9_-]{1,63}$`.
    pub name: Rc<str>,
    /// The most that can be used at once.
    pub quota: u32,
    /// How long it takes for all of it to come back.
    pub window: Duration,
    /// What is left, at most `quota`.
    pub remaining: u32,
    /// How long until there is more, zero where nothing is used.
    pub more_in: Duration,
    /// Whether it is this limit that refused the request.
    pub refused: bool,
}
