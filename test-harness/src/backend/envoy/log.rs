//! What an Envoy process writes to its standard error, line by line, as it comes.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Envoy's `--log-format`: level, component, message.
pub const FORMAT: &str = "[%l][%n] %v";

/// The admin interface's answer to a POST of this path is behind a line of its own, the mark: it sets the level of a
/// logger that Envoy's own tests use (`source/server/admin/logs_handler.cc`).
pub const MARK_PATH: &str = "/logging?testing=info";

/// What Envoy logs then.
const MARK: &str = "change log level: name='testing' level='info'";

/// A growing log. Clones share it.
#[derive(Clone, Default)]
pub struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    grown: Condvar,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    ended: bool,
}

/// One entry, continuation lines included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `info`, `error` and so on.
    pub level: String,
    /// `wasm`, `upstream` and so on.
    pub component: String,
    /// The message.
    pub message: String,
}

impl Entry {
    /// Whether it only says how far the log is.
    pub fn is_mark(&self) -> bool {
        self.component == "admin" && self.message == MARK
    }
}

impl Log {
    /// Follows a stream to its end.
    pub fn follow(stream: impl Read + Send + 'static) -> Self {
        let log = Log::default();
        let follower = log.clone();
        thread::spawn(move || {
            let mut lines = BufReader::new(stream).split(b'\n');
            while let Some(Ok(line)) = lines.next() {
                follower.push(&String::from_utf8_lossy(&line));
            }
            follower.state().ended = true;
            follower.0.grown.notify_all();
        });
        log
    }

    fn push(&self, line: &str) {
        let mut state = self.state();
        match (Entry::parse(line), state.entries.last_mut()) {
            (Some(entry), _) => state.entries.push(entry),
            (None, Some(last)) => {
                last.message.push('\n');
                last.message.push_str(line);
            }
            (None, None) => {}
        }
        self.0.grown.notify_all();
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.state().entries.len()
    }

    /// The entries from `start` on.
    pub fn since(&self, start: usize) -> Vec<Entry> {
        self.state().entries.get(start..).unwrap_or_default().to_vec()
    }

    /// Waits until an entry from `start` on fits, the log ends or the time is over.
    pub fn wait_for<T>(&self, start: usize, limit: Duration, fits: impl Fn(&Entry) -> Option<T>) -> Option<T> {
        let find = |state: &State| state.entries.iter().skip(start).find_map(&fits);
        let pending = |state: &mut State| !state.ended && find(state).is_none();
        let waited = self.0.grown.wait_timeout_while(self.state(), limit, pending);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        find(&state)
    }

    /// Waits for one more entry, at most so long.
    pub fn wait_for_more(&self, limit: Duration) {
        let state = self.state();
        let length = state.entries.len();
        let pending = |state: &mut State| !state.ended && state.entries.len() == length;
        drop(self.0.grown.wait_timeout_while(state, limit, pending));
    }

    /// The last entries, for an error message.
    pub fn tail(&self) -> String {
        let entries = self.since(self.len().saturating_sub(8));
        entries.iter().map(|entry| format!("[{}] {}", entry.level, entry.message)).collect::<Vec<_>>().join("\n")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn parse(line: &str) -> Option<Self> {
        let (level, rest) = line.strip_prefix('[')?.split_once("][")?;
        let (component, message) = rest.split_once("] ")?;
        let known = matches!(level, "trace" | "debug" | "info" | "warning" | "error" | "critical");
        known.then(|| Entry { level: level.into(), component: component.into(), message: message.into() })
    }
}

#[cfg(test)]
mod tests;
