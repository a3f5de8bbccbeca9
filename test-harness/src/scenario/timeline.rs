//! A trace, for people.

use bstr::ByteSlice;

use crate::{Argument, Event, Headers, Outcome};

/// Callbacks and host calls, a line each, indented by depth.
pub fn timeline(trace: &[Event]) -> String {
    let mut lines = Vec::new();
    let mut depth = 0usize;
    for event in trace {
        if matches!(event, Event::Leave { .. }) {
            depth = depth.saturating_sub(1);
        }
        lines.push(format!("{:1$}{2}", "", depth * 2, line(event)));
        if matches!(event, Event::Enter { .. }) {
            depth += 1;
        }
    }
    lines.join("\n")
}

fn line(event: &Event) -> String {
    match event {
        Event::Enter { place, plugin, context, callback, arguments } => {
            let callback = short(callback);
            let arguments: Vec<String> = arguments.iter().map(u32::to_string).collect();
            format!("{plugin} #{context} {callback}({}) on {place} {{", arguments.join(", "))
        }
        Event::Leave { callback, outcome } => match outcome {
            Outcome::Nothing => "}".to_owned(),
            Outcome::Value(value) => format!("}} -> {}", result(callback, *value)),
            Outcome::Trap(message) => format!("}} TRAP {message}"),
        },
        Event::HostCall { name, arguments, status, returned } => {
            let call = format!("{}({})", short(name), join(arguments));
            match returned.as_slice() {
                [] => format!("{call} = {status:?}"),
                returned => format!("{call} = {status:?}: {}", join(returned)),
            }
        }
        Event::Proxy(what) => format!("* {what}"),
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("proxy_").unwrap_or(name)
}

/// Actions by name where the callback returns one.
fn result(callback: &str, value: u32) -> String {
    let streams = callback.ends_with("_headers") || callback.ends_with("_body") || callback.ends_with("_trailers");
    match (streams, value) {
        (true, 0) => "Continue".to_owned(),
        (true, 1) => "Pause".to_owned(),
        _ => value.to_string(),
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
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}: {}", name.escape_bytes(), value.escape_bytes())).collect();
    format!("[{}]", pairs.join(", "))
}

/// Long values are cut: a timeline is read, not parsed.
fn quote(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    match bytes.get(..SHOWN) {
        Some(head) => format!("\"{}\"... ({} bytes)", head.escape_bytes(), bytes.len()),
        None => format!("\"{}\"", bytes.escape_bytes()),
    }
}
