//! The cookies of a request.

use crate::head::RequestHead;

/// Each cookie's name and value (RFC 6265 section 4.2.1), all `Cookie` lines as one list, repeated names included.
/// Lenient as servers are: blanks around names and values are ignored, a part without `=` is passed over, and the
/// quotes around a quoted value are no part of it. Nothing is decoded.
pub fn cookies<'h>(head: &'h RequestHead<'_>) -> impl Iterator<Item = (&'h [u8], &'h [u8])> {
    head.values("cookie").flat_map(|line| line.split(|&byte| byte == b';')).filter_map(pair)
}

fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = part.iter().position(|&byte| byte == b'=')?;
    let (name, value) = part.split_at_checked(equals)?;
    let (name, value) = (name.trim_ascii(), value.strip_prefix(b"=")?.trim_ascii());
    let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some((name, unquoted.unwrap_or(value)))
}
