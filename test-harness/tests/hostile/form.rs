//! How far a message keeps to HTTP: what a codec must let through, and what it cannot.

use test_harness::{Headers, Request, UpstreamResponse};

/// How a codec may treat a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// It has to let it through.
    Sound,
    /// It may refuse it.
    Odd,
    /// It cannot let it through as it is.
    Broken,
}

/// Envoy's limits of a client's request head and of an upstream's response head.
pub const MAX_FIELDS: usize = 100;
/// 60 KiB. What exactly counts is Envoy's affair, hence a margin on either side.
pub const MAX_BYTES: usize = 60 << 10;
const MARGIN: usize = 1 << 10;

/// Fields that frame the message, or concern one connection only.
pub const HOP_BY_HOP: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The form of a request.
pub fn of_request(request: &Request) -> Form {
    let method = match request.method.as_slice() {
        b"GET" | b"HEAD" | b"POST" | b"PUT" | b"PATCH" | b"DELETE" | b"OPTIONS" => Form::Sound,
        method if is_token(method) => Form::Odd,
        _ => Form::Broken,
    };
    let path = match request.path.as_slice() {
        path if path.iter().any(|byte| byte.is_ascii_control() || *byte == b' ') => Form::Broken,
        [b'/', rest @ ..]
            if rest.iter().all(|byte| is_plain(*byte) || b"%/?=&;,:@!$'()*+".contains(byte))
                && is_escaped_well(rest) =>
        {
            Form::Sound
        }
        _ => Form::Odd,
    };
    let authority = match request.authority.as_slice() {
        authority if authority.iter().any(u8::is_ascii_control) => Form::Broken,
        [first, rest @ ..] if first.is_ascii_alphanumeric() && rest.iter().copied().all(is_plain) => Form::Sound,
        _ => Form::Odd,
    };
    let size = request.method.len() + request.path.len() + request.authority.len();
    method.max(path).max(authority).max(of_fields(&request.headers, 1, size))
}

/// The form of an upstream's response.
pub fn of_response(response: &UpstreamResponse) -> Form {
    of_fields(&response.headers, 1, 0)
}

fn of_fields(headers: &Headers, more_fields: usize, more_bytes: usize) -> Form {
    let bytes = more_bytes + headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
    let fields = headers.len() + more_fields;
    let broken = |(name, value): &(Vec<u8>, Vec<u8>)| !is_token(name) || value.iter().any(|byte| is_control(*byte));
    let framing = |(name, _): &(Vec<u8>, Vec<u8>)| is_one_of(HOP_BY_HOP, name);
    if headers.iter().any(broken) {
        Form::Broken
    } else if headers.iter().any(framing) || fields > MAX_FIELDS || bytes > MAX_BYTES - MARGIN {
        Form::Odd
    } else {
        Form::Sound
    }
}

/// A token (RFC 9110 section 5.6.2).
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// A byte that no field value holds (RFC 9110 section 5.5).
pub fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Whether a field's name is in a list of lower-case ones.
pub fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether each percent sign begins an escape, of another byte than NUL.
fn is_escaped_well(path: &[u8]) -> bool {
    let mut escapes = path.split(|byte| *byte == b'%').skip(1).map(|rest| rest.get(..2));
    escapes.all(|escape| escape.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00"))
}

/// Unreserved in URIs (RFC 3986 section 2.3).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}
