//! Edits to a header map: recorded while the chain runs, written to the host once.

use std::borrow::Cow;
use std::fmt;

/// A header name: a token (RFC 9110 section 5.6.2), or one of HTTP/2's pseudo headers.
pub type Name = Cow<'static, str>;

/// Why an edit was refused. The name is shown, the value never: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// The name is not a token.
    Name(String),
    /// The value holds CR, LF or NUL: the host would take it and the codec fail later, or a header be injected.
    Value(String),
    /// Pseudo headers can be set, but neither removed (Envoy answers 404, Kong's engine crashes) nor repeated.
    Pseudo(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?} is no header name"),
            Self::Value(name) => write!(f, "the value for {name} holds CR, LF or NUL"),
            Self::Pseudo(name) => write!(f, "{name} can only be set"),
        }
    }
}

impl std::error::Error for EditError {}

/// Where edits are written.
pub trait HeaderSink {
    /// All fields of that name become this one.
    fn replace(&self, name: &str, value: &[u8]);
    /// One more field of that name.
    fn add(&self, name: &str, value: &[u8]);
    /// No field of that name.
    fn remove(&self, name: &str);
}

/// The recorded edits, at most one entry a name.
#[derive(Debug, Clone, Default)]
pub struct Edits(Vec<Edit>);

#[derive(Debug, Clone)]
pub(super) struct Edit {
    name: Name,
    /// The host's own fields of this name are gone.
    pub(super) replaced: bool,
    pub(super) values: Vec<Vec<u8>>,
}

impl Edits {
    pub(super) fn of(&self, name: &[u8]) -> Option<&Edit> {
        self.0.iter().find(|edit| edit.name.as_bytes().eq_ignore_ascii_case(name))
    }

    pub(super) fn added(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().flat_map(|edit| edit.values.iter().map(|value| (edit.name.as_bytes(), value.as_slice())))
    }

    pub(super) fn set(&mut self, name: Name, value: Vec<u8>) -> Result<(), EditError> {
        check_name(&name)?;
        check_value(&name, &value)?;
        let edit = self.entry(name);
        edit.replaced = true;
        edit.values.clear();
        edit.values.push(value);
        Ok(())
    }

    pub(super) fn append(&mut self, name: Name, value: Vec<u8>) -> Result<(), EditError> {
        check_plain(&name)?;
        check_value(&name, &value)?;
        self.entry(name).values.push(value);
        Ok(())
    }

    /// `absent`: the host has no field of that name, so that none recorded is all there is to do.
    pub(super) fn remove(&mut self, name: Name, absent: bool) -> Result<(), EditError> {
        check_plain(&name)?;
        if absent {
            self.0.retain(|edit| !edit.name.eq_ignore_ascii_case(&name));
            return Ok(());
        }
        let edit = self.entry(name);
        edit.replaced = true;
        edit.values.clear();
        Ok(())
    }

    /// Writes every edit, each name once, and forgets them.
    pub fn write(&mut self, sink: &dyn HeaderSink) {
        for edit in self.0.drain(..) {
            let mut values = edit.values.iter();
            if edit.replaced {
                match values.next() {
                    Some(first) => sink.replace(&edit.name, first),
                    None => sink.remove(&edit.name),
                }
            }
            for value in values {
                sink.add(&edit.name, value);
            }
        }
    }

    /// How many bytes of names and values were recorded.
    #[must_use]
    pub fn size(&self) -> usize {
        let of = |edit: &Edit| edit.values.iter().map(Vec::len).fold(edit.name.len(), usize::saturating_add);
        self.0.iter().map(of).fold(0, usize::saturating_add)
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets every edit.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn entry(&mut self, name: Name) -> &mut Edit {
        let at = self.0.iter().position(|edit| edit.name.eq_ignore_ascii_case(&name));
        let edit = match at {
            Some(at) => self.0.remove(at),
            None => Edit { name, replaced: false, values: Vec::new() },
        };
        self.0.push_mut(edit)
    }
}

fn check_name(name: &str) -> Result<(), EditError> {
    let token = name.strip_prefix(':').unwrap_or(name);
    if is_token(token.as_bytes()) { Ok(()) } else { Err(EditError::Name(name.into())) }
}

fn check_plain(name: &str) -> Result<(), EditError> {
    check_name(name)?;
    if name.starts_with(':') { Err(EditError::Pseudo(name.into())) } else { Ok(()) }
}

fn check_value(name: &str, value: &[u8]) -> Result<(), EditError> {
    let splits = value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    if splits { Err(EditError::Value(name.into())) } else { Ok(()) }
}

/// Whether `text` is a token (RFC 9110 section 5.6.2): a header name, a method.
#[must_use]
pub fn is_token(text: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_tchar)
}
