//! Paths of which this filter takes POSTs as meant for itself: to log in and to log out.

use sluicegate_common::config::Text;
use sluicegate_common::facts::Facts;
use sluicegate_common::head::RequestHead;
use sluicegate_common::path::{NormalPath, query};

/// A path in normal form, which compares without regard to ASCII case. Other methods there are requests like any other,
/// as is a path that servers read differently.
#[derive(Debug, Clone)]
pub struct OwnPath {
    /// In lower case.
    normal: Vec<u8>,
    /// As config spells it.
    written: String,
}

impl PartialEq for OwnPath {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Text for OwnPath {
    const EXPECTED: &'static str = "a path such as \"/auth\", without query and with one reading";

    fn parse(text: &str) -> Option<Self> {
        let path = NormalPath::of(text.as_bytes());
        let plain = text.starts_with('/') && !text.contains('?') && path.ambiguity().is_none();
        plain.then(|| Self { normal: path.text().to_ascii_lowercase(), written: text.to_owned() })
    }
}

sluicegate_common::deserr_text!(OwnPath);
sluicegate_common::described_text!(OwnPath: "path");

impl OwnPath {
    /// Whether the request is a POST to it.
    #[must_use]
    pub fn is_for(&self, head: &RequestHead<'_>, facts: &Facts) -> bool {
        head.method() == b"POST" && {
            let path = facts.path(head);
            path.ambiguity().is_none() && path.text().eq_ignore_ascii_case(&self.normal)
        }
    }

    /// Whether the request's path is the one that config spells, byte for byte.
    #[must_use]
    pub fn is_spelled(&self, head: &RequestHead<'_>) -> bool {
        query::split(head.target()).0 == self.written.as_bytes()
    }
}
