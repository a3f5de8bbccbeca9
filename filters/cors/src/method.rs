//! Methods a policy allows.

use sluicegate_common::config::Text;
use sluicegate_common::head::is_token;

use crate::origin::explain;

/// A method of the config, as a browser sends it.
///
/// Methods are case-sensitive. Browsers spell only six of them in upper case whatever the page says (Fetch standard,
/// "normalize a method"), and so do we: `get` is `GET`, but `patch` is another method than `PATCH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method(String);

impl Method {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// `*`: any method.
    pub(crate) fn is_any(&self) -> bool {
        self.0 == "*"
    }

    pub(crate) fn is(&self, asked: &[u8]) -> bool {
        self.0.as_bytes() == asked
    }
}

impl Text for Method {
    const EXPECTED: &'static str = "a method such as \"GET\", or \"*\"";

    fn parse(text: &str) -> Option<Self> {
        const NORMALIZED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
        if !is_token(text.as_bytes()) || is_forbidden(text.as_bytes()) {
            return None;
        }
        let normal = NORMALIZED.iter().find(|known| known.eq_ignore_ascii_case(text));
        Some(Self::new(normal.map_or(text, |known| *known)))
    }

    fn found(text: &str) -> String {
        explain(text, is_forbidden(text.as_bytes()).then_some("no page may use that method"))
    }
}

sluicegate_common::deserr_text!(Method);
sluicegate_common::described_text!(Method: "method" shown |method| method.0);

/// Fetch standard, "forbidden method".
pub(crate) fn is_forbidden(name: &[u8]) -> bool {
    [&b"CONNECT"[..], b"TRACE", b"TRACK"].iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}
