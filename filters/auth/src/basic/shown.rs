//! A user name and a password as they are shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest credentials that are read, in bytes of base64.
pub const MAX_CREDENTIALS: usize = 8 * 1024;

/// `<user name>:<password>`.
pub struct Shown(Vec<u8>);

impl Shown {
    /// Takes what stands behind `Basic `; `None` where it is no base64 or too long.
    pub fn decode(credentials: &[u8]) -> Option<Self> {
        if credentials.len() > MAX_CREDENTIALS {
            return None;
        }
        STANDARD.decode(credentials).ok().map(Self)
    }

    /// The user name and the password; `None` where they are not both there, or hold control characters.
    pub fn parts(&self) -> Option<(&[u8], &[u8])> {
        let colon = self.0.iter().position(|&byte| byte == b':')?;
        let (username, behind) = self.0.split_at_checked(colon)?;
        let password = behind.strip_prefix(b":")?;
        let is_text = |text: &[u8]| !text.is_empty() && !text.iter().any(u8::is_ascii_control);
        (is_text(username) && is_text(password)).then_some((username, password))
    }
}
