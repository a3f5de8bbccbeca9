//! The headers that tell an upstream who is calling, and their other spellings.

use crate::head::{EditError, Head, is_token};

/// Whether an upstream may take the header `name` for `header`.
///
/// CGI, WSGI, PHP and nginx fold letters' case and turn `-`, `_` and `.` into one (RFC 3875 section 4.1.18); some
/// turn every byte of a name that is neither letter nor digit into it. So does this.
#[must_use]
pub fn spells(name: &[u8], header: &str) -> bool {
    // Most names are shorter, which costs nothing to see.
    if name.len() < header.len() {
        return false;
    }
    let name = name.trim_ascii();
    let spells = |(&one, &other): (&u8, &u8)| one == other || fold(one) == fold(other);
    name.len() == header.len() && name.iter().zip(header.as_bytes()).all(spells)
}

/// Removes these headers from a request, and what servers may take for them ([`spells`]). Where the head could not be
/// read, the headers themselves go: what was not read is not known to be absent.
///
/// # Errors
/// One of them is no header's name.
pub fn remove_spellings<N: AsRef<str>>(headers: &[N], head: &mut Head<'_>) -> Result<(), EditError> {
    let is_one = |name: &[u8]| headers.iter().any(|header| spells(name, header.as_ref())) && is_token(name);
    let mut found = Vec::new();
    head.each_name(|name| {
        // What is no token can be no header's name on the way to the upstream.
        if is_one(name)
            && let Ok(name) = String::from_utf8(name.to_vec())
        {
            found.push(name);
        }
    });
    if head.failure().is_some() {
        found.extend(headers.iter().map(|header| header.as_ref().to_owned()));
    }
    found.into_iter().try_for_each(|name| head.remove(name))
}

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

#[cfg(test)]
mod tests;
