//! base64url without padding, the one encoding JOSE has for bytes (RFC 7515 section 2).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The one encoding of these bytes.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of `text`; `None` if it is not their only encoding: padding, the alphabet of base64, white space, and bits
/// set after the last byte are refused.
#[must_use]
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
