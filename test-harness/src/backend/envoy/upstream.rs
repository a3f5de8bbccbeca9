//! The application behind Envoy: a small HTTP/1.1 server that answers by script and remembers
//! every request as it came.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::clock::Clock;
use super::http1::{Connection, Head, message};
use super::script::Script;
use crate::scenario::Jump;
use crate::{Headers, UpstreamAnswer, UpstreamFailure, UpstreamRequest, UpstreamResponse};

/// A server on its own port, for one cluster.
pub struct Upstream {
    cluster: String,
    port: u16,
    state: Arc<Mutex<State>>,
    clock: Option<Arc<Mutex<Clock>>>,
    accepting: Option<JoinHandle<()>>,
    /// While nobody listens: bound, so that connections are refused and no other program gets the port.
    reserved: Option<Socket>,
}

struct State {
    script: Script,
    seen: Vec<UpstreamRequest>,
    open: Vec<TcpStream>,
    stopped: bool,
}

impl Upstream {
    /// Starts a server on a free port. The clock moves while an answer is `after` its request.
    pub fn start(cluster: &str, clock: Option<Arc<Mutex<Clock>>>) -> io::Result<Self> {
        let script = Script::Always(UpstreamFailure::ResetBeforeHeaders.into());
        let state = State { script, seen: Vec::new(), open: Vec::new(), stopped: false };
        let state = Arc::new(Mutex::new(state));
        let mut server =
            Upstream { cluster: cluster.to_owned(), port: 0, state, clock, accepting: None, reserved: None };
        server.listen()?;
        Ok(server)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers differently from now on, and forgets what it saw.
    pub fn script(&self, script: Script) {
        let mut state = lock(&self.state);
        state.script = script;
        state.seen.clear();
    }

    /// Answers differently from now on, and remembers what it saw.
    pub fn change(&self, script: Script) {
        lock(&self.state).script = script;
    }

    /// Every request since the last [`Upstream::script`].
    pub fn seen(&self) -> Vec<UpstreamRequest> {
        lock(&self.state).seen.clone()
    }

    /// Accepts connections (again, on the same port).
    pub fn listen(&mut self) -> io::Result<()> {
        if self.accepting.is_some() {
            return Ok(());
        }
        let socket = match self.reserved.take() {
            Some(socket) => socket,
            None => reserve(self.port)?,
        };
        socket.listen(128)?;
        let listener = TcpListener::from(socket);
        self.port = listener.local_addr()?.port();
        lock(&self.state).stopped = false;
        let (state, clock, cluster) = (Arc::clone(&self.state), self.clock.clone(), self.cluster.clone());
        self.accepting = Some(thread::spawn(move || accept(&listener, &state, clock.as_ref(), &cluster)));
        Ok(())
    }

    /// Closes every connection and keeps the port: whoever connects is refused.
    pub fn refuse(&mut self) {
        self.stop();
        self.reserved = self.reserved.take().or_else(|| reserve(self.port).ok());
    }

    fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        let open = {
            let mut state = lock(&self.state);
            state.stopped = true;
            std::mem::take(&mut state.open)
        };
        for stream in open {
            drop(stream.shutdown(Shutdown::Both));
        }
        // One connection ends the wait in accept.
        drop(TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))));
        drop(accepting.join());
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A socket bound to this port, 0 for any, that does not listen.
fn reserve(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, state: &Arc<Mutex<State>>, clock: Option<&Arc<Mutex<Clock>>>, cluster: &str) {
    while let Ok((stream, _)) = listener.accept() {
        let Ok(handle) = stream.try_clone() else { continue };
        {
            let mut state = lock(state);
            if state.stopped {
                return;
            }
            state.open.push(handle);
        }
        let (state, clock, cluster) = (Arc::clone(state), clock.cloned(), cluster.to_owned());
        thread::spawn(move || drop(serve(stream, &state, clock.as_ref(), &cluster)));
    }
}

/// Serves one connection to its end; an error is the peer's going away.
fn serve(stream: TcpStream, state: &Mutex<State>, clock: Option<&Arc<Mutex<Clock>>>, cluster: &str) -> io::Result<()> {
    let mut connection = Connection::new(stream);
    while let Some(head) = connection.read_request()? {
        let body = connection.read_body(head.request_framing())?;
        let answer = {
            let mut state = lock(state);
            let answer = state.script.next_http(&head.target);
            state.seen.push(UpstreamRequest {
                headers: with_pseudo(&head),
                body: body.bytes,
                trailers: body.trailers,
                cluster: cluster.to_owned(),
            });
            answer
        };
        if !give(&mut connection, &head.method, answer, clock)? {
            return connection.close();
        }
    }
    Ok(())
}

/// Sends an answer; false: the connection ends here.
fn give(
    connection: &mut Connection,
    method: &[u8],
    answer: UpstreamAnswer,
    clock: Option<&Arc<Mutex<Clock>>>,
) -> io::Result<bool> {
    let pass = |after: Duration| match clock {
        Some(clock) if !after.is_zero() => lock(clock).jump(Jump::Forward(after)),
        _ => Ok(()),
    };
    match answer {
        UpstreamAnswer::Response(response) => {
            pass(response.after)?;
            connection.write(&bytes(&response, method, &response.body))?;
            Ok(true)
        }
        UpstreamAnswer::ResetAfterHeaders(response) => {
            pass(response.after)?;
            let mut promised = response.body.clone();
            promised.push(b"never sent".to_vec());
            let bytes = bytes(&response, method, &promised);
            connection.write(&bytes[..bytes.len() - b"never sent".len()])?;
            Ok(false)
        }
        UpstreamAnswer::Failure(UpstreamFailure::BadProtocol, after) => {
            pass(after)?;
            connection.write(b"this is not HTTP\r\n\r\n")?;
            Ok(true)
        }
        UpstreamAnswer::Failure(UpstreamFailure::Timeout, after) => {
            pass(after)?;
            drop(connection.read_request()); // the proxy gives up first
            Ok(false)
        }
        UpstreamAnswer::Failure(_, after) => {
            pass(after)?;
            Ok(false)
        }
    }
}

fn bytes(response: &UpstreamResponse, method: &[u8], body: &[Vec<u8>]) -> Vec<u8> {
    let start = format!("HTTP/1.1 {} Scripted", response.status);
    let bodiless = method == b"HEAD" || matches!(response.status, 204 | 304);
    let body = if bodiless { &[] } else { body };
    message(start.as_bytes(), &response.headers, body, &response.trailers, bodiless)
}

/// The fields as a filter would have named them: pseudo headers in place of the start line.
fn with_pseudo(head: &Head) -> Headers {
    let mut headers: Headers =
        vec![(b":method".to_vec(), head.method.clone()), (b":path".to_vec(), head.target.clone())];
    for (name, value) in &head.headers {
        let name = if name.eq_ignore_ascii_case(b"host") { b":authority".to_vec() } else { name.clone() };
        headers.push((name, value.clone()));
    }
    headers
}
