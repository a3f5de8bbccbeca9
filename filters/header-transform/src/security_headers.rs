//! `security_headers`: presets of what browsers should be told about a response (OWASP HTTP Headers Cheat Sheet).

use sluicegate_common::config::FromConfig;
use sluicegate_common::head::StaticName;

/// What the responses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum SecurityHeaders {
    /// Data for programs: a browser that shows one as a page runs nothing and loads nothing.
    Api,
    /// Pages: their own sources stay free, what lets others frame or redirect them does not.
    Web,
}

const STRICT_TRANSPORT_SECURITY: (StaticName, &str) =
    (StaticName::new("strict-transport-security"), "max-age=31536000; includeSubDomains");

/// Whether other origins may read a response is for CORS to say: no `cross-origin-resource-policy` here.
const API: [(StaticName, &str); 5] = [
    (StaticName::new("x-content-type-options"), "nosniff"),
    (StaticName::new("x-frame-options"), "DENY"),
    (StaticName::new("content-security-policy"), "default-src 'none'; frame-ancestors 'none'"),
    (StaticName::new("referrer-policy"), "no-referrer"),
    STRICT_TRANSPORT_SECURITY,
];

const WEB: [(StaticName, &str); 6] = [
    (StaticName::new("x-content-type-options"), "nosniff"),
    (StaticName::new("x-frame-options"), "SAMEORIGIN"),
    (StaticName::new("content-security-policy"), "base-uri 'self'; frame-ancestors 'self'; object-src 'none'"),
    (StaticName::new("referrer-policy"), "strict-origin-when-cross-origin"),
    STRICT_TRANSPORT_SECURITY,
    (StaticName::new("cross-origin-opener-policy"), "same-origin"),
];

impl SecurityHeaders {
    /// Headers that tell the server's make, in lower case: removed. Envoy writes its own `server` after all filters,
    /// unless its `server_header_transformation` is `PASS_THROUGH`.
    pub const REMOVED: [StaticName; 2] = [StaticName::new("server"), StaticName::new("x-powered-by")];

    /// Name, in lower case, and value of each header that is set where the response has none.
    #[must_use]
    pub fn set_if_absent(self) -> &'static [(StaticName, &'static str)] {
        match self {
            Self::Api => &API,
            Self::Web => &WEB,
        }
    }
}

#[cfg(test)]
mod tests;
