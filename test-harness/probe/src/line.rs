//! Operations as they are written: `response_headers#2: proxy_get_header_map_value(0, ":path", &)`.

/// One host call, and when it is made.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it stands in its list, and its text: how the log names it.
    pub title: String,
    /// The callback, without `proxy_on_`.
    pub callback: String,
    /// Which call of that callback, from 1; None: every one.
    pub nth: Option<u32>,
    /// The function.
    pub function: String,
    /// What it is given.
    pub arguments: Vec<Argument>,
}

/// One argument as it is written; most functions take two words for a text.
#[derive(Clone, Debug)]
pub enum Argument {
    /// `7`, `-1`, `0xff`.
    Number(i64),
    /// `$name`: a number that an earlier call wrote.
    Register(String),
    /// `"text"`, `"a"*1000`, `{name=value;..}`: address and length.
    Bytes(Vec<u8>),
    /// `&`, `&u32:name`, ..: where the host writes.
    Out(Out),
}

/// A place for a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// `&`: address and length of bytes, shown as they are.
    Bytes,
    /// `&len`: the same, shown by their length.
    Length,
    /// `&any`: the same, shown as `some` or `none`.
    Any,
    /// `&pairs`: the same, read as a map.
    Pairs,
    /// `&names`: the same, of which only the names are shown.
    Names,
    /// `&u32`, `&u64`: a number of so many bytes; with `:name` it is kept under that name and not shown.
    Number { bytes: usize, register: Option<String> },
}

impl Line {
    /// Reads one line; `place` names it among its siblings.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(place: &str, text: &str) -> Result<Self, String> {
        // `no` tells the reader of the log that the callback must not come.
        let call = text.strip_prefix("no ").unwrap_or(text);
        let (when, call) = call.split_once(": ").ok_or("expected `callback: function(..)`")?;
        let (function, rest) = call.split_once('(').ok_or("expected `(`")?;
        let (callback, nth) = match when.split_once('#') {
            Some((callback, nth)) => (callback, Some(nth.parse().map_err(|_| "expected a number behind #")?)),
            None => (when, None),
        };
        let mut arguments = Vec::new();
        let mut rest = rest.trim_start();
        while !rest.starts_with(')') {
            let (argument, behind) = argument(rest)?;
            arguments.push(argument);
            rest = behind.trim_start();
            rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
        }
        if rest != ")" {
            return Err(format!("unexpected {rest}"));
        }
        Ok(Line {
            title: format!("{place} {text}"),
            callback: callback.to_owned(),
            nth,
            function: function.to_owned(),
            arguments,
        })
    }
}

fn argument(text: &str) -> Result<(Argument, &str), String> {
    match text.as_bytes().first() {
        Some(b'"') => {
            let (bytes, rest) = quoted(&text[1..], '"')?;
            let Some(times) = rest.strip_prefix('*') else { return Ok((Argument::Bytes(bytes), rest)) };
            let (times, rest) = word(times);
            let times = times.parse().map_err(|_| "expected a number behind *")?;
            Ok((Argument::Bytes(bytes.repeat(times)), rest))
        }
        Some(b'{') => {
            let (pairs, rest) = pairs(&text[1..])?;
            Ok((Argument::Bytes(encode(&pairs)), rest))
        }
        Some(b'$') => {
            let (name, rest) = word(&text[1..]);
            Ok((Argument::Register(name.to_owned()), rest))
        }
        Some(b'&') => {
            let (kind, rest) = word(&text[1..]);
            Ok((Argument::Out(out(kind)?), rest))
        }
        _ => {
            let (number, rest) = word(text);
            Ok((Argument::Number(integer(number)?), rest))
        }
    }
}

fn out(kind: &str) -> Result<Out, String> {
    let (kind, register) = match kind.split_once(':') {
        Some((kind, name)) => (kind, Some(name.to_owned())),
        None => (kind, None),
    };
    Ok(match (kind, register) {
        ("", None) => Out::Bytes,
        ("len", None) => Out::Length,
        ("any", None) => Out::Any,
        ("pairs", None) => Out::Pairs,
        ("names", None) => Out::Names,
        ("u32", register) => Out::Number { bytes: 4, register },
        ("u64", register) => Out::Number { bytes: 8, register },
        _ => return Err(format!("expected &, &len, &any, &pairs, &names, &u32 or &u64, found &{kind}")),
    })
}

fn integer(text: &str) -> Result<i64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("expected an argument, found {text:?}"))
}

/// Up to the end of a number or name.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find([',', ')', ' ', ';', '}']).unwrap_or(text.len()))
}

/// Bytes up to an unescaped end, which is swallowed.
fn quoted(text: &str, end: char) -> Result<(Vec<u8>, &str), String> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    loop {
        match rest.next() {
            None => return Err(format!("expected {end}")),
            Some(found) if found == end => return Ok((bytes, rest.as_str())),
            Some('\\') => bytes.push(escaped(&mut rest)?),
            Some(found) => bytes.extend(found.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Result<u8, String> {
    match rest.next() {
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('0') => Ok(0),
        Some('x') => {
            let digits: String = rest.by_ref().take(2).collect();
            u8::from_str_radix(&digits, 16).map_err(|_| format!("expected two digits behind \\x, found {digits}"))
        }
        Some(other) if other.is_ascii() => Ok(other as u8),
        _ => Err("expected an escape".to_owned()),
    }
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// `name=value;..}`, both with escapes; the end of a part is `=`, `;` or `}`.
fn pairs(mut text: &str) -> Result<(Pairs, &str), String> {
    let mut pairs = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix('}') {
            return Ok((pairs, rest));
        }
        let (name, rest) = quoted(text, '=')?;
        let mut ends = rest.char_indices();
        let mut escape = false;
        let end = ends.find(|(_, found)| {
            let ends = !escape && matches!(found, ';' | '}');
            escape = *found == '\\' && !escape;
            ends
        });
        let (at, end) = end.ok_or("expected ; or }")?;
        let (value, _) = quoted(&rest[..=at], end)?;
        pairs.push((name, value));
        text = if end == ';' { &rest[at + 1..] } else { &rest[at..] };
    }
}

/// The serialized form of a map: a count, the lengths, then every text with a NUL behind it.
fn encode(pairs: &Pairs) -> Vec<u8> {
    let length = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
    let mut bytes = (pairs.len() as u32).to_le_bytes().to_vec();
    bytes.extend(pairs.iter().flat_map(|(name, value)| [length(name), length(value)]).flatten());
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}
