//! A request head as bytes.

use sluicegate_common::facts::Facts;
use sluicegate_common::head::{EditError, HeadState, HeaderMap, HeaderSource, RequestHead, is_token};
use sluicegate_common::proxy::Status;

use sluicegate_auth::reason::Reason;
use sluicegate_auth::source::Sources;

/// The fields of a request, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request(pub Vec<(String, Vec<u8>)>);

impl Request {
    /// One field a line, `name: value`. What is none is left out, and so is a second target, which no host has.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        for line in text.split(|&byte| byte == b'\n') {
            let Some((name, value)) = field(line) else { continue };
            if name != ":path" || fields.iter().all(|(known, _)| known != ":path") {
                fields.push((name, value));
            }
        }
        Self(fields)
    }

    /// The credential that is shown, and whether it came by cookies alone.
    ///
    /// # Errors
    /// There is none, and something else.
    pub fn find(&self, sources: &Sources) -> Result<Option<(Vec<u8>, bool)>, Reason> {
        let (mut state, facts) = (HeadState::default(), Facts::default());
        let head = RequestHead::new(self, &mut state);
        let shown = sources.find(&head, &facts)?;
        Ok(shown.map(|shown| (shown.credential.to_vec(), shown.by_cookie)))
    }

    /// The request without credentials.
    ///
    /// # Errors
    /// A field cannot be written back.
    pub fn hidden(&self, sources: &Sources) -> Result<Self, EditError> {
        let mut state = HeadState::default();
        let mut head = RequestHead::new(self, &mut state);
        sources.hide(&mut head)?;
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        Ok(Self(head.iter().map(|(name, value)| (text(name), value.to_vec())).collect()))
    }

    /// The values of a header.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<Vec<u8>> {
        let fields = self.0.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.clone()).collect()
    }
}

fn field(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let name_ends = line.iter().skip(1).position(|&byte| byte == b':')?.saturating_add(1);
    let (name, value) = line.split_at_checked(name_ends)?;
    let token = name.strip_prefix(b":").unwrap_or(name);
    let value = value.strip_prefix(b":")?;
    let value = value.strip_prefix(b" ").unwrap_or(value);
    is_token(token).then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), value.to_vec()))
}

impl HeaderSource for Request {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.values(name).into_iter().next())
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

/// Escapes of two hexadecimal digits, and `+`, as servers read them.
#[must_use]
pub fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let (mut decoded, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(if byte == b'+' { b' ' } else { byte });
            at += 1;
        }
    }
    decoded
}

/// What stands before the first such byte, and what behind it.
#[must_use]
pub fn split(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| byte == at).unwrap_or(text.len());
    (&text[..end], text.get(end + 1..).unwrap_or_default())
}
