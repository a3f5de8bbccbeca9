//! How a request is refused.

use std::time::Duration;

use sluicegate_common::filter::Decision;
use sluicegate_common::reply::LocalReply;

/// More than a limit allows.
const RATE_LIMITED: &str = "rate_limited";
/// There is no room for whom it is counted under.
const TABLE_FULL: &str = "table_full";
/// Who it is for cannot be told.
const MISSING_KEY: &str = "missing_key";
/// The levels cannot be read or written.
pub const STORE_ERROR: &str = "store_error";
/// The rate-limit service says nothing.
pub const GLOBAL_ERROR: &str = "global_error";
/// Too many others changed them at the same time.
const CONTENTION: &str = "contention";

/// All of them.
pub const CODES: &[&str] = &[RATE_LIMITED, TABLE_FULL, MISSING_KEY, STORE_ERROR, GLOBAL_ERROR, CONTENTION];

/// RFC 6585 section 4.
pub fn rate_limited(wait: Duration) -> Decision {
    Decision::Respond(LocalReply::new(429, RATE_LIMITED, "Too many requests.").retry_after(wait))
}

/// As [`rate_limited`]: others have to be forgotten first.
pub fn table_full(wait: Duration) -> Decision {
    Decision::Respond(LocalReply::new(429, TABLE_FULL, "Too many clients.").retry_after(wait))
}

/// A request that does not say whom it is to be counted under.
pub fn missing_key() -> Decision {
    Decision::Respond(LocalReply::new(403, MISSING_KEY, "The request lacks what its limit is counted by."))
}

/// Nothing is known about the limit.
pub fn store_error() -> Decision {
    let reply = LocalReply::new(503, STORE_ERROR, "Limits cannot be checked at the moment.");
    Decision::Respond(reply.retry_after(Duration::from_secs(1)))
}

/// Nothing is known about the limits of the service.
pub fn global_error() -> Decision {
    let reply = LocalReply::new(503, GLOBAL_ERROR, "Limits cannot be checked at the moment.");
    Decision::Respond(reply.retry_after(Duration::from_secs(1)))
}

/// As good as limited: others come as fast as the store can write.
pub fn contention() -> Decision {
    Decision::Respond(
        LocalReply::new(429, CONTENTION, "Too many requests at once.").retry_after(Duration::from_secs(1)),
    )
}
