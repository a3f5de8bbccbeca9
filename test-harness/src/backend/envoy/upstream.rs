//! The application behind Envoy: a small server that answers by script and remembers
//! every request as it came.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::clock::Clock;
use super::grpc;
use super::http1::{Connection, Head, message};
use super::pace::Pace;
use super::script::Script;
use crate::scenario::Jump;
use crate::{Headers, UpstreamAnswer, UpstreamFailure, UpstreamRequest, UpstreamResponse};

/// A server on its own port, for one cluster.
pub struct Upstream {
    port: u16,
    server: Arc<Server>,
    accepting: Option<JoinHandle<()>>,
    /// While nobody listens: bound, so that connections are refused and no other program gets the port.
    reserved: Option<Socket>,
}

/// What the threads of a server share.
struct Server {
    cluster: String,
    grpc: bool,
    clock: Option<Arc<Mutex<Clock>>>,
    pace: Arc<Pace>,
    state: Mutex<State>,
}

struct State {
    script: Script,
    seen: Vec<UpstreamRequest>,
    open: Vec<TcpStream>,
    stopped: bool,
}

impl Upstream {
    /// Starts a server of HTTP/1.1, or of gRPC, on a free port. The clock moves while an answer is
    /// `after` its request.
    pub fn start(cluster: &str, grpc: bool, clock: Option<Arc<Mutex<Clock>>>, pace: Arc<Pace>) -> io::Result<Self> {
        let script = Script::Always(UpstreamFailure::ResetBeforeHeaders.into());
        let state = State { script, seen: Vec::new(), open: Vec::new(), stopped: false };
        let server = Server { cluster: cluster.to_owned(), grpc, clock, pace, state: Mutex::new(state) };
        let mut upstream = Upstream { port: 0, server: Arc::new(server), accepting: None, reserved: None };
        upstream.listen()?;
        Ok(upstream)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers differently from now on, and forgets what it saw.
    pub fn script(&self, script: Script) {
        let mut state = lock(&self.server.state);
        state.script = script;
        state.seen.clear();
    }

    /// Answers differently from now on, and remembers what it saw.
    pub fn change(&self, script: Script) {
        lock(&self.server.state).script = script;
    }

    /// Every request since the last [`Upstream::script`].
    pub fn seen(&self) -> Vec<UpstreamRequest> {
        lock(&self.server.state).seen.clone()
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
        lock(&self.server.state).stopped = false;
        let server = Arc::clone(&self.server);
        self.accepting = Some(thread::spawn(move || accept(&listener, &server)));
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
            let mut state = lock(&self.server.state);
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

fn accept(listener: &TcpListener, server: &Arc<Server>) {
    while let Ok((stream, _)) = listener.accept() {
        let Ok(handle) = stream.try_clone() else { continue };
        {
            let mut state = lock(&server.state);
            if state.stopped {
                return;
            }
            state.open.push(handle);
        }
        let server = Arc::clone(server);
        thread::spawn(move || drop(if server.grpc { server.serve_grpc(stream) } else { server.serve(stream) }));
    }
}

impl Server {
    /// Serves one connection to its end; an error is the peer's going away.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut connection = Connection::new(stream);
        while let Some(head) = connection.read_request()? {
            let body = connection.read_body(head.request_framing())?;
            let answer = {
                let mut state = lock(&self.state);
                let answer = state.script.next_http(&head.target);
                state.seen.push(UpstreamRequest {
                    headers: with_pseudo(&head),
                    body: body.bytes,
                    trailers: body.trailers,
                    cluster: self.cluster.clone(),
                });
                answer
            };
            if !self.give(&mut connection, &head.method, answer)? {
                return connection.close();
            }
        }
        Ok(())
    }

    /// The same for gRPC.
    fn serve_grpc(&self, stream: TcpStream) -> io::Result<()> {
        let ask = |call: UpstreamRequest| {
            let mut state = lock(&self.state);
            let answer = state.script.next_grpc(&call);
            state.seen.push(call);
            answer
        };
        grpc::serve(stream, &self.cluster, ask, |after| self.pass(after))
    }

    /// Lets time go by.
    fn pass(&self, after: Duration) -> io::Result<()> {
        match &self.clock {
            _ if self.pace.hold(after) => Ok(()),
            Some(clock) if !after.is_zero() => lock(clock).jump(Jump::Forward(after)),
            _ => Ok(()),
        }
    }

    /// Sends an answer; false: the connection ends here.
    fn give(&self, connection: &mut Connection, method: &[u8], answer: UpstreamAnswer) -> io::Result<bool> {
        match answer {
            UpstreamAnswer::Response(response) => {
                self.pass(response.after)?;
                connection.write(&bytes(&response, method, &response.body))?;
                Ok(true)
            }
            UpstreamAnswer::ResetAfterHeaders(response) => {
                self.pass(response.after)?;
                let mut promised = response.body.clone();
                promised.push(b"never sent".to_vec());
                let bytes = bytes(&response, method, &promised);
                connection.write(&bytes[..bytes.len() - b"never sent".len()])?;
                Ok(false)
            }
            UpstreamAnswer::Failure(UpstreamFailure::BadProtocol, after) => {
                self.pass(after)?;
                connection.write(b"this is not HTTP\r\n\r\n")?;
                Ok(true)
            }
            UpstreamAnswer::Failure(UpstreamFailure::Timeout, after) => {
                self.pass(after)?;
                drop(connection.read_request()); // the proxy gives up first
                Ok(false)
            }
            UpstreamAnswer::Failure(_, after) => {
                self.pass(after)?;
                Ok(false)
            }
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
