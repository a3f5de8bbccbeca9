//! A trace, for people.

use std::collections::BTreeMap;

use bstr::ByteSlice;

use crate::{Argument, Event, Headers, Outcome, Place};

/// Values longer than this are cut, in bytes: a timeline is read, not parsed.
const SHOWN: usize = 200;

/// Header maps by the numbers that host calls give them.
const MAPS: [&str; 8] = [
    "request headers",
    "request trailers",
    "response headers",
    "response trailers",
    "gRPC initial metadata",
    "gRPC trailing metadata",
    "call-out headers",
    "call-out trailers",
];

/// Callbacks and host calls, a line each, indented by depth. A callback without host calls is one
/// line. Where threads take turns, each has a depth of its own.
pub fn timeline(trace: &[Event]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut depths: BTreeMap<Place, usize> = BTreeMap::new();
    let mut place = Place::Main;
    let mut depth = 0usize;
    let mut just_entered = false;
    for event in trace {
        if let Event::Turn(step) = event {
            depths.insert(place, depth);
            place = step.place;
            depth = depths.get(&place).copied().unwrap_or_default();
            lines.push(format!("> {step}"));
            just_entered = false;
            continue;
        }
        match (event, lines.last_mut()) {
            (Event::Leave { callback, outcome }, Some(entered)) if just_entered => {
                depth = depth.saturating_sub(1);
                entered.push_str(&left(callback, outcome));
            }
            (Event::Leave { callback, outcome }, _) => {
                depth = depth.saturating_sub(1);
                lines.push(format!("{:1$}}}{2}", "", depth * 2, left(callback, outcome)));
            }
            (event, entered) => {
                if let (true, Some(entered)) = (just_entered, entered) {
                    entered.push_str(" {");
                }
                lines.push(format!("{:1$}{2}", "", depth * 2, line(event)));
            }
        }
        just_entered = matches!(event, Event::Enter { .. });
        depth += usize::from(just_entered);
    }
    lines.join("\n")
}

fn line(event: &Event) -> String {
    match event {
        Event::Enter { place, plugin, context, callback, arguments } => {
            let arguments: Vec<String> = arguments.iter().map(u32::to_string).collect();
            format!("{plugin} #{context} {}({}) on {place}", short(callback), arguments.join(", "))
        }
        Event::Leave { callback, outcome } => left(callback, outcome),
        Event::HostCall { name, arguments, status, returned } => {
            let call = format!("{}({})", short(name), call_arguments(name, arguments));
            match (status, returned.as_slice()) {
                (0, []) => call,
                (0, returned) => format!("{call} = {}", join(returned)),
                (code, _) => format!("{call} = {}", status_text(name, *code)),
            }
        }
        Event::Turn(step) => format!("> {step}"),
        Event::Proxy(what) => format!("* {what}"),
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("proxy_").unwrap_or(name)
}

/// The name of a status; WASI functions return an errno.
fn status_text(name: &str, code: u32) -> String {
    let known = match code {
        1 => "NotFound",
        2 => "BadArgument",
        3 => "SerializationFailure",
        4 => "ParseFailure",
        6 => "InvalidMemoryAccess",
        7 => "Empty",
        8 => "CasMismatch",
        10 => "InternalFailure",
        12 => "Unimplemented",
        _ => return code.to_string(),
    };
    if name.starts_with("proxy_") { known.to_owned() } else { code.to_string() }
}

/// How a callback ended; actions by name where it returns one.
fn left(callback: &str, outcome: &Outcome) -> String {
    let acts = ["_headers", "_body", "_trailers"].iter().any(|end| callback.ends_with(end));
    match outcome {
        Outcome::Nothing => String::new(),
        Outcome::Value(0) if acts => " -> Continue".to_owned(),
        Outcome::Value(1) if acts => " -> Pause".to_owned(),
        Outcome::Value(value) => format!(" -> {value}"),
        Outcome::Trap(message) => format!(" TRAP {message}"),
    }
}

fn call_arguments(name: &str, arguments: &[Argument]) -> String {
    let map = match arguments {
        [Argument::Number(map), ..] if name.contains("header_map") => usize::try_from(*map).ok(),
        _ => None,
    };
    match map.and_then(|map| MAPS.get(map)) {
        Some(map) if arguments.len() == 1 => (*map).to_owned(),
        Some(map) => format!("{map}, {}", join(&arguments[1..])),
        None => join(arguments),
    }
}

fn join(arguments: &[Argument]) -> String {
    arguments.iter().map(argument).collect::<Vec<_>>().join(", ")
}

fn argument(argument: &Argument) -> String {
    match argument {
        Argument::Number(number) => number.to_string(),
        Argument::Bytes(bytes) => quote(bytes),
        Argument::Pairs(pairs) => pairs_text(pairs),
    }
}

fn pairs_text(pairs: &Headers) -> String {
    let pair = |(name, value): &(Vec<u8>, Vec<u8>)| format!("{}: {}", name.escape_bytes(), value.escape_bytes());
    format!("[{}]", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
}

fn quote(bytes: &[u8]) -> String {
    match bytes.get(..SHOWN) {
        Some(head) => format!("\"{}\"... ({} bytes)", head.escape_bytes(), bytes.len()),
        None => format!("\"{}\"", bytes.escape_bytes()),
    }
}

#[cfg(test)]
mod tests;
