//! Header maps. Envoy's: lower-case names, fields in order, pseudo headers first, and the fields that
//! Envoy keeps once and joins with a comma. nginx's: names as written, a line each.

use std::fmt;

use bstr::ByteSlice;

use crate::message::Headers;
use crate::profile::Profile;

/// Which of Envoy's four maps this is; it decides which repeated fields are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// Request headers.
    Request,
    /// Response headers.
    Response,
    /// Request or response trailers: nothing is joined.
    Trailers,
}

/// Fields kept once in both directions (Envoy: `INLINE_REQ_RESP_*_HEADERS`).
const JOINED_BOTH: &[&str] = &[
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];

/// Fields kept once in requests (Envoy: `INLINE_REQ_*_HEADERS` and the registered custom ones).
const JOINED_REQUEST: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "expect",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "referer",
    "te",
    "user-agent",
    "x-client-trace-id",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
];

/// Fields kept once in responses.
const JOINED_RESPONSE: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "last-modified",
    "location",
    "server",
    "vary",
];

/// Header fields with a host's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderMap {
    profile: Profile,
    kind: MapKind,
    fields: Headers,
}

impl HeaderMap {
    /// An empty map of Envoy's.
    pub fn new(kind: MapKind) -> Self {
        HeaderMap::of(Profile::Envoy, kind)
    }

    /// An empty map of a host's.
    pub fn of(profile: Profile, kind: MapKind) -> Self {
        HeaderMap { profile, kind, fields: Vec::new() }
    }

    /// A map filled by [`add`](Self::add).
    pub fn from_pairs(kind: MapKind, pairs: &Headers) -> Self {
        let mut map = HeaderMap::new(kind);
        for (name, value) in pairs {
            map.add(name, value);
        }
        map
    }

    /// The first value of `name`.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields.iter().find(|(field, _)| self.same(field, name)).map(|(_, value)| value.as_slice())
    }

    /// All values of `name` joined by commas, as attributes show them.
    pub fn get_joined(&self, name: &[u8]) -> Option<Vec<u8>> {
        let values: Vec<&[u8]> =
            self.fields.iter().filter(|(field, _)| self.same(field, name)).map(|(_, value)| value.as_slice()).collect();
        (!values.is_empty()).then(|| values.join(&b","[..]))
    }

    /// Adds a line as a codec reads it: blanks around the value are no part of it (RFC 9110 section 5.5).
    pub fn receive(&mut self, name: &[u8], value: &[u8]) {
        self.add(name, value.trim_with(|byte| byte == ' ' || byte == '\t'));
    }

    /// Adds a value: a line of its own, or joined to the one line Envoy keeps for this field.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let name = self.stored(name);
        if self.is_joined(&name)
            && let Some((_, present)) = self.fields.iter_mut().find(|(field, _)| *field == name)
        {
            // Envoy joins what is not empty (`HeaderMapImpl::appendToHeader`).
            if !present.is_empty() && !value.is_empty() {
                present.push(b',');
            }
            present.extend_from_slice(value);
            return;
        }
        let at = if name.starts_with(b":") { self.pseudo_count() } else { self.fields.len() };
        self.fields.insert(at, (name, value.to_vec()));
    }

    /// Replaces all lines of `name` by one, as a guest does: behind all others in Envoy
    /// (`HeaderMapImpl::setCopy`), in place in nginx.
    pub fn replace(&mut self, name: &[u8], value: &[u8]) {
        match self.profile {
            Profile::Envoy => {
                self.remove(name);
                self.add(name, value);
            }
            Profile::Kong => self.set(name, value),
        }
    }

    /// Replaces all lines of `name` by one, at the place of the first, as the proxy itself does.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        let Some(first) = self.fields.iter().position(|(field, _)| self.same(field, name)) else {
            self.add(name, value);
            return;
        };
        let mut rest = self.fields.split_off(first + 1);
        rest.retain(|(field, _)| !self.same(field, name));
        self.fields.append(&mut rest);
        self.fields[first].1 = value.to_vec();
    }

    /// Says where a body ends, as Envoy's codec does, unless a field does already.
    pub fn frame(&mut self, body_size: usize, trailers: bool) {
        if self.get(b"content-length").is_some() || self.get(b"transfer-encoding").is_some() {
            return;
        }
        if trailers {
            self.add(b"transfer-encoding", b"chunked");
        } else if body_size > 0 {
            self.add(b"content-length", body_size.to_string().as_bytes());
        }
    }

    /// Adds `name` unless it is there.
    pub fn set_if_absent(&mut self, name: &str, value: &[u8]) {
        if self.get(name.as_bytes()).is_none() {
            self.add(name.as_bytes(), value);
        }
    }

    /// Removes all lines of `name`.
    pub fn remove(&mut self, name: &[u8]) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.retain(|(field, _)| !self.same(field, name));
        self.fields = fields;
    }

    /// Replaces everything. In Envoy forgotten pseudo headers are lost; nginx has them elsewhere, and of
    /// fields that are given twice it keeps the last.
    pub fn replace_all(&mut self, pairs: &Headers) {
        match self.profile {
            Profile::Envoy => *self = HeaderMap::from_pairs(self.kind, pairs),
            Profile::Kong => {
                self.fields.retain(|(name, _)| name.starts_with(b":"));
                pairs.iter().for_each(|(name, value)| self.set(name, value));
            }
        }
    }

    /// All fields in order.
    pub fn pairs(&self) -> &Headers {
        &self.fields
    }

    /// The number of lines.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Bytes of names and values.
    pub fn byte_size(&self) -> usize {
        self.fields.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// The first field that no codec can send (RFC 9110 section 5: names are tokens, values hold no
    /// control bytes but tabs).
    pub fn invalid_field(&self) -> Option<InvalidField<'_>> {
        let bad_name = |name: &[u8]| !name.iter().all(|byte| is_token(*byte));
        let bad_value = |value: &[u8]| value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
        self.fields.iter().find_map(|(name, value)| {
            let name = name.as_slice();
            if bad_name(name.strip_prefix(b":").unwrap_or(name)) {
                return Some(InvalidField { name, in_name: true });
            }
            bad_value(value).then_some(InvalidField { name, in_name: false })
        })
    }

    fn pseudo_count(&self) -> usize {
        self.fields.iter().take_while(|(name, _)| name.starts_with(b":")).count()
    }

    /// A name as the map keeps it.
    fn stored(&self, name: &[u8]) -> Vec<u8> {
        match self.profile {
            Profile::Envoy => canonical(name),
            Profile::Kong => name.to_vec(),
        }
    }

    /// Whether a field of the map has a name.
    fn same(&self, field: &[u8], name: &[u8]) -> bool {
        match self.profile {
            Profile::Envoy => {
                field.eq_ignore_ascii_case(name) || (field == b":authority" && name.eq_ignore_ascii_case(b"host"))
            }
            Profile::Kong => field.eq_ignore_ascii_case(name),
        }
    }

    fn is_joined(&self, name: &[u8]) -> bool {
        if self.profile == Profile::Kong {
            return false;
        }
        let own = match self.kind {
            MapKind::Request => JOINED_REQUEST,
            MapKind::Response => JOINED_RESPONSE,
            MapKind::Trailers => return false,
        };
        name.starts_with(b":") || JOINED_BOTH.iter().chain(own).any(|joined| joined.as_bytes() == name)
    }
}

/// A field that no codec can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidField<'a> {
    /// The field's name.
    pub name: &'a [u8],
    /// The name is at fault, not the value.
    pub in_name: bool,
}

impl fmt::Display for InvalidField<'_> {
    /// Envoy's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.in_name { "name" } else { "value for" };
        write!(f, "invalid header {place}: {}", String::from_utf8_lossy(self.name))
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Lower case; `host` is another name of `:authority`.
fn canonical(name: &[u8]) -> Vec<u8> {
    let name = name.to_ascii_lowercase();
    if name == b"host" { b":authority".to_vec() } else { name }
}

#[cfg(test)]
mod tests;
