//! Bytes as text that loses nothing.

use std::fmt::Write;

/// `bytes` as printable ASCII: each byte outside of space to `~`, and the backslash itself, becomes
/// `\xNN` (two lower-case hex digits). Different bytes give different texts.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' | 0..b' ' | 0x7f.. => {
                let _ = write!(text, "\\x{byte:02x}");
            }
            _ => text.push(char::from(byte)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn every_byte_is_shown_and_only_one_byte_looks_like_it() {
        let shown: std::collections::BTreeSet<String> = (0..=u8::MAX).map(|byte| printable(&[byte])).collect();
        assert_eq!(shown.len(), 256);
        assert_eq!(printable(b"a \"quoted\" ~"), "a \"quoted\" ~");
        assert_eq!(printable(b"\xff\\x\n\x7f"), r"\xff\x5cx\x0a\x7f");
    }
}
