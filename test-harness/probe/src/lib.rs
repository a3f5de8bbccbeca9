//! A guest that does what it is told, and logs what the host answers: the same operations in two hosts
//! show where they differ.
//!
//! Operations come as values of the request field `x-op`, in order, and as lines of the environment
//! variable `PROBE` (for callbacks of the root context that no request precedes). Each is
//! `callback: function(argument, ..)`; see `test-harness/README.md`. Two functions are the probe's own:
//! `args()` logs what the callback was called with, `return(n)` lets the callback answer `n`.

mod callbacks;
mod host;
mod line;
mod memory;
mod play;

use std::cell::RefCell;
use std::collections::BTreeMap;

use line::{Argument, Line};
use play::{Registers, play};

/// The ABI's number of the request headers.
const REQUEST_HEADERS: i64 = 0;
/// The ABI's number of the log level.
const INFO: i64 = 2;

#[derive(Default)]
struct Probe {
    /// The operations of each HTTP context; under 0 those of the root, from the environment.
    lines: BTreeMap<u32, Vec<Line>>,
    /// Callbacks so far, by context and name.
    calls: BTreeMap<(u32, &'static str), u32>,
    registers: Registers,
    /// The context whose request came last: its lines hold for the root as well.
    latest: u32,
}

thread_local! {
    static PROBE: RefCell<Probe> = RefCell::default();
}

/// Plays the lines of a callback, and answers what the last `return` said.
fn run(context: u32, callback: &'static str, arguments: &[u32], default: u32) -> u32 {
    let lines = PROBE.with_borrow_mut(|probe| due(probe, context, callback));
    let mut answer = default;
    for line in lines {
        let came = match (line.function.as_str(), line.arguments.as_slice()) {
            ("args", []) => arguments.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
            ("return", [Argument::Number(number)]) => {
                answer = *number as u32;
                number.to_string()
            }
            // The call may lead to another callback: nothing is borrowed meanwhile.
            _ => {
                let mut registers = PROBE.with_borrow(|probe| probe.registers.clone());
                let came = play(&line, &mut registers);
                PROBE.with_borrow_mut(|probe| probe.registers.append(&mut registers));
                came
            }
        };
        log(&format!("{} -> {came}", line.title));
    }
    answer
}

/// The lines whose turn it is, in their order.
fn due(probe: &mut Probe, context: u32, callback: &'static str) -> Vec<Line> {
    let is_http = probe.lines.contains_key(&context) && context != 0;
    let count = probe.calls.entry((context, callback)).or_default();
    *count += 1;
    let count = *count;
    // The end of a root context is not that of the request whose lines it borrows.
    let ends = matches!(callback, "log" | "done" | "delete");
    let sources = match (is_http, ends) {
        (true, _) => vec![context],
        (false, true) => vec![0],
        (false, false) => vec![0, probe.latest],
    };
    let lines = sources.iter().filter_map(|source| probe.lines.get(source)).flatten();
    let wanted = |line: &&Line| line.callback == callback && line.nth.is_none_or(|nth| nth == count);
    lines.filter(wanted).cloned().collect()
}

/// Reads lines; what is none is logged, and no line.
fn parse<'a>(prefix: &str, texts: impl Iterator<Item = &'a str>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(texts) {
        match Line::parse(&format!("{prefix}{number}"), text) {
            Ok(line) => lines.push(line),
            Err(why) => log(&format!("{prefix}{number} {text} -> error: {why}")),
        }
    }
    lines
}

/// A root context begins: its lines come from the environment.
fn begin_root(context: u32) {
    let text = std::env::var("PROBE").unwrap_or_default();
    let lines = parse("p", text.lines().map(str::trim).filter(|line| !line.is_empty()));
    PROBE.with_borrow_mut(|probe| {
        probe.lines.insert(0, lines);
        probe.registers.insert("root".to_owned(), context.into());
    });
}

/// An HTTP context begins: its lines come from the request, which loses them.
fn begin_http(context: u32) {
    let lines = parse("", operations().iter().map(String::as_str));
    PROBE.with_borrow_mut(|probe| {
        probe.calls.clear();
        probe.lines.insert(context, lines);
        probe.latest = context;
        probe.registers.insert("http".to_owned(), context.into());
    });
}

fn operations() -> Vec<String> {
    let mut place = [0u32; 2];
    let at = |word: &mut u32| (&raw mut *word).addr() as i64;
    let [address, length] = &mut place;
    let words = [REQUEST_HEADERS, at(address), at(length)];
    if host::call("proxy_get_header_map_pairs", &words) != Ok(0) {
        return Vec::new();
    }
    let bytes = memory::take(place[0], place[1]).unwrap_or_default();
    let pairs = play::decode(&bytes).unwrap_or_default();
    let own = pairs.into_iter().filter(|(name, _)| *name == b"x-op");
    let texts = own.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
    let name = b"x-op";
    let words = [REQUEST_HEADERS, name.as_ptr().addr() as i64, name.len() as i64];
    drop(host::call("proxy_remove_header_map_value", &words));
    texts
}

fn log(text: &str) {
    drop(host::call("proxy_log", &[INFO, text.as_ptr().addr() as i64, text.len() as i64]));
}
