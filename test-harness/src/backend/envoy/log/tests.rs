use std::io::Cursor;
use std::time::Duration;

use super::{Entry, Log};

const TEXT: &str = "loading\n[info][main] starting\n[error][wasm] Function: x failed: trap\nbacktrace:\n[0] main\n\
                    [info][wasm] wasm log a b: [note] [with brackets] \u{fffd}\n";

fn entry(level: &str, component: &str, message: &str) -> Entry {
    Entry { level: level.into(), component: component.into(), message: message.into() }
}

#[test]
fn joins_continuation_lines() {
    let log = Log::follow(Cursor::new(TEXT));
    let last = |entry: &Entry| entry.message.starts_with("wasm log").then_some(());
    assert_eq!(log.wait_for(0, Duration::from_secs(5), last), Some(()));
    let want = [
        entry("info", "main", "starting"),
        entry("error", "wasm", "Function: x failed: trap\nbacktrace:\n[0] main"),
        entry("info", "wasm", "wasm log a b: [note] [with brackets] \u{fffd}"),
    ];
    assert_eq!(log.since(0), want);
    assert_eq!(log.since(2), want[2..]);
}

#[test]
fn stops_waiting_when_the_log_ends() {
    let log = Log::follow(Cursor::new(TEXT));
    let never = |_: &Entry| None::<()>;
    assert_eq!(log.wait_for(0, Duration::from_secs(3600), never), None);
}
