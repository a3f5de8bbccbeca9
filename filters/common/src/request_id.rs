//! The id of a request.

/// Whether `id` may serve as a correlation id: `^[A-Za-z0-9._-]{8,128}$`.
#[must_use]
pub fn is_valid(id: &[u8]) -> bool {
    (8..=128).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}
