//! Playing a line: words for its arguments, the call, and what the host wrote back.

use std::collections::BTreeMap;

use crate::host;
use crate::line::{Argument, Line, Out};

/// What stands in a place before the call: the log tells what was written from what was not.
const UNTOUCHED: u64 = 0xABAB_ABAB_ABAB_ABAB;

/// Numbers that calls wrote, by name.
pub type Registers = BTreeMap<String, u64>;

/// Makes the call, and says what came of it: the status, then the results in order.
pub fn play(line: &Line, registers: &mut Registers) -> String {
    let outs: Vec<&Out> = line.arguments.iter().filter_map(Argument::out).collect();
    // An address and a length each; the boxes keep still while the words point to them.
    let mut places: Vec<Box<[u64; 2]>> = outs.iter().map(|_| Box::new([UNTOUCHED; 2])).collect();
    let mut free = places.iter_mut();
    let mut words = Vec::new();
    for argument in &line.arguments {
        match argument {
            Argument::Number(number) => words.push(*number),
            Argument::Register(name) => match registers.get(name) {
                Some(number) => words.push(number.cast_signed()),
                None => return format!("no ${name}"),
            },
            Argument::Bytes(bytes) => words.extend([address(bytes.as_ptr()), bytes.len() as i64]),
            Argument::Out(out) => {
                let Some(place) = free.next() else { continue };
                words.push(address(&raw mut place[0]));
                if !matches!(out, Out::Number { .. }) {
                    words.push(address(&raw mut place[1]));
                }
            }
        }
    }
    let status = match host::call(&line.function, &words) {
        Ok(status) => status,
        Err(why) => return format!("error: {why}"),
    };
    let mut result = status.to_string();
    for (out, place) in outs.into_iter().zip(&places) {
        result.push(' ');
        result.push_str(&show(out, **place, registers));
    }
    result
}

impl Argument {
    fn out(&self) -> Option<&Out> {
        match self {
            Argument::Out(out) => Some(out),
            _ => None,
        }
    }
}

fn address<T>(pointer: *const T) -> i64 {
    pointer.addr() as i64
}

fn show(out: &Out, place: [u64; 2], registers: &mut Registers) -> String {
    if let Out::Number { bytes, register } = out {
        let mask = u64::MAX >> (64 - bytes * 8);
        let number = place[0] & mask;
        return match register {
            _ if number == UNTOUCHED & mask => "untouched".to_owned(),
            None => number.to_string(),
            Some(name) => {
                registers.insert(name.clone(), number);
                format!("${name}")
            }
        };
    }
    // The host writes 4 bytes each.
    let [address, length] = place.map(|word| word as u32);
    if place == [UNTOUCHED; 2] {
        return "untouched".to_owned();
    }
    // An address of a buffer that the host asked `proxy_on_memory_allocate` for.
    let bytes = crate::memory::take(address, length);
    match (bytes, out) {
        (None, _) => format!("({address}, {length})"),
        (Some(bytes), Out::Length) => bytes.len().to_string(),
        (Some(bytes), Out::Any) => if bytes.is_empty() { "none" } else { "some" }.to_owned(),
        (Some(bytes), Out::Pairs) => pairs(&bytes, true),
        (Some(bytes), Out::Names) => pairs(&bytes, false),
        (Some(bytes), _) => format!("\"{}\"", bytes.escape_ascii()),
    }
}

/// A serialized map as `{name=value;..}`, or its names alone; what is no map is shown as it is.
fn pairs(bytes: &[u8], values: bool) -> String {
    let Some(pairs) = decode(bytes) else { return format!("no map: \"{}\"", bytes.escape_ascii()) };
    let shown: Vec<String> = pairs
        .iter()
        .map(|(name, value)| match values {
            true => format!("{}={}", name.escape_ascii(), value.escape_ascii()),
            false => name.escape_ascii().to_string(),
        })
        .collect();
    format!("{{{}}}", shown.join(";"))
}

/// The whole of the bytes, or it is no map.
pub fn decode(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize);
    let count = word(0)?;
    let mut at = count.checked_mul(8)?.checked_add(4)?;
    let mut text = |length: usize| {
        let found = bytes.get(at..at.checked_add(length)?)?;
        at = at.checked_add(length)?.checked_add(1)?;
        Some(found)
    };
    let mut pairs = Vec::new();
    for index in 0..count {
        pairs.push((text(word(4 + index * 8)?)?, text(word(8 + index * 8)?)?));
    }
    (at == bytes.len()).then_some(pairs)
}
