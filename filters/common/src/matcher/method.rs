//! Methods a rule is for.

use crate::config::Text;
use crate::head::is_token;

/// A method: a token, whose case counts (RFC 9110 section 9.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method(String);

/// RFC 9110 section 9, RFC 5789.
const STANDARD: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl Method {
    /// Whether a request's method is this one.
    #[must_use]
    pub fn is(&self, method: &[u8]) -> bool {
        method == self.0.as_bytes()
    }
}

/// `get` is refused: it would be a method of its own, that no client uses.
impl Text for Method {
    const EXPECTED: &'static str = "a method such as \"GET\", in upper case if it is a standard one";

    fn parse(text: &str) -> Option<Self> {
        let misspelt = STANDARD.iter().any(|standard| standard.eq_ignore_ascii_case(text) && *standard != text);
        (is_token(text.as_bytes()) && !misspelt).then(|| Self(text.to_owned()))
    }
}

crate::deserr_text!(Method);
crate::described_text!(Method: "method");
