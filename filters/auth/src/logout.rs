//! Logging out: which requests ask for it, and from where they may come.
//!
//! 1. A logout is a POST to the path, compared in normal form and without regard to ASCII case. Other methods are
//!    requests like any other, as is a path that servers read differently.
//! 2. A browser adds a cookie to whatever page asks for the request, so with a token from a cookie the page counts: its
//!    origin is absent (no browser), one of `allow_origins`, or the one the request went to.

use sluicegate_common::config::Text as _;
use sluicegate_common::facts::Facts;
use sluicegate_common::head::RequestHead;
use sluicegate_common::reply::LocalReply;

use crate::own_path::OwnPath;

mod origin;

pub use origin::Origin;

/// The reason code of the reply.
pub const CODE: &str = "logged_out";

/// Where one logs out.
#[derive(Debug)]
pub struct Logout {
    path: OwnPath,
    allow_origins: Vec<Origin>,
}

impl Logout {
    /// Logging out there, and from these origins besides the gateway's own.
    #[must_use]
    pub fn new(path: OwnPath, allow_origins: Vec<Origin>) -> Self {
        Self { path, allow_origins }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &OwnPath {
        &self.path
    }

    /// Whether the request is a logout.
    #[must_use]
    pub fn is_for(&self, head: &RequestHead<'_>, facts: &Facts) -> bool {
        self.path.is_for(head, facts)
    }

    /// Whether a token from a cookie may log out here.
    #[must_use]
    pub fn allows_cookie(&self, head: &RequestHead<'_>) -> bool {
        let mut origins = head.values("origin");
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => {
                self.allow_origins.iter().any(|allowed| allowed.as_str().as_bytes() == origin) || is_own(origin, head)
            }
            // No browser sends several.
            _ => false,
        }
    }
}

/// Whether the page belongs to the site the request goes to: the browser says so (`Sec-Fetch-Site`, which no page can
/// set), or the scheme and host that were asked for are its origin.
///
/// The scheme is `x-forwarded-proto`, else `:scheme`: both are the proxy's word about the client's connection.
fn is_own(origin: &[u8], head: &RequestHead<'_>) -> bool {
    if head.get("sec-fetch-site") == Some(b"same-origin") {
        return true;
    }
    let Some(schemes) = head.get("x-forwarded-proto").or_else(|| head.get(":scheme")) else { return false };
    let scheme = schemes.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let own = [scheme, b"://", head.host()].concat();
    let own = std::str::from_utf8(&own).ok().and_then(Origin::parse);
    own.is_some_and(|own| own.as_str().as_bytes() == origin)
}

/// The answer to a logout.
#[must_use]
pub fn reply() -> LocalReply {
    LocalReply::new(200, CODE, "Logged out successfully")
        .header("cache-control", "no-store")
        .body("application/json", *br#"{"message":"Logged out successfully"}"#)
}

#[cfg(test)]
mod tests;
