//! A server of published keys that counts who asks.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::gateway::Clock;
use crate::mint::Key;

/// The server.
pub struct Issuer {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    clock: Clock,
}

#[derive(Default)]
struct State {
    document: String,
    /// Answers are held back.
    held: bool,
    /// When it was asked.
    fetches: Vec<Duration>,
    dead: bool,
    open: Vec<TcpStream>,
}

impl Issuer {
    /// One that publishes these keys; `held`: when [`Issuer::release`] says so.
    pub fn start(clock: Clock, keys: &[&Key], held: bool) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let state = Mutex::new(State { held, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new(), clock });
        let issuer = Self { port, shared: Arc::clone(&shared) };
        issuer.publish(keys);
        thread::spawn(move || accept(&listener, &shared));
        Ok(issuer)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on these are the keys.
    pub fn publish(&self, keys: &[&Key]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        self.shared.lock().document = json!({"keys": keys}).to_string();
    }

    /// Answers are no longer held back.
    pub fn release(&self) {
        self.shared.lock().held = false;
        self.shared.changed.notify_all();
    }

    /// When it was asked so far.
    pub fn fetches(&self) -> Vec<Duration> {
        self.shared.lock().fetches.clone()
    }

    /// From now on connections are closed as soon as they are made.
    pub fn die(&self) {
        let mut state = self.shared.lock();
        state.dead = true;
        for connection in state.open.drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(connection.try_clone()?).lines();
        let mut to = connection;
        while lines.next().transpose()?.is_some() {
            while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
            let mut state = self.lock();
            state.fetches.push(self.clock.now());
            let state = self.changed.wait_while(state, |state| state.held).unwrap_or_else(PoisonError::into_inner);
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", state.document.len(), state.document);
            drop(state);
            to.write_all(answer.as_bytes())?;
        }
        Ok(())
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming().flatten() {
        let mut state = shared.lock();
        let Ok(handle) = connection.try_clone() else { continue };
        if state.dead {
            continue;
        }
        state.open.push(handle);
        drop(state);
        let shared = Arc::clone(shared);
        thread::spawn(move || shared.serve(connection));
    }
}
