//! The client before Envoy: keep-alive connections, each on a known worker.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use socket2::{Domain, Socket, Type};

use super::TIME_LIMIT;
use super::admin::Admin;
use super::http1::{Connection, message};
use crate::scenario::RequestStep;
use crate::{Headers, Request, Response};

/// Connections to one listener, by worker and client address.
pub struct Client {
    listener: String,
    port: u16,
    workers: u32,
    admin: Admin,
    idle: HashMap<(u32, IpAddr), Connection>,
}

impl Client {
    /// A client of this listener.
    pub fn new(listener: &str, port: u16, workers: u32, admin: Admin) -> Self {
        Client { listener: listener.to_owned(), port, workers, admin, idle: HashMap::new() }
    }

    /// Sends a request and reads its response; status 0 when there is none.
    pub fn send(&mut self, step: &RequestStep) -> io::Result<Response> {
        let connection = self.take(step)?;
        let (response, connection) = exchange(connection, step)?;
        self.keep(step, connection);
        Ok(response)
    }

    /// Sends a request and leaves as soon as its answer is held back; returns the response, should it
    /// come before.
    pub fn send_and_leave(&mut self, step: &RequestStep, held: impl Fn() -> bool) -> io::Result<Option<Response>> {
        let mut connection = self.take(step)?;
        connection.write(&request(&step.request))?;
        let deadline = Instant::now() + TIME_LIMIT;
        while !held() {
            if connection.is_readable()? {
                return Ok(Some(receive(&mut connection, &step.request.method)?.0));
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("nothing answers, and nothing waits until the client has left"));
            }
        }
        connection.close()?;
        // Envoy must have noticed before anything else happens.
        while self.admin.stats("Gauges", "^http.scenario.downstream_rq_active$")?.values().any(|active| *active > 0) {
            if Instant::now() > deadline {
                return Err(io::Error::other("Envoy does not notice that the client has left"));
            }
        }
        Ok(None)
    }

    /// Sends requests at the same time, each on a connection of its own.
    pub fn send_at_once(&mut self, steps: &[&RequestStep]) -> io::Result<Vec<Response>> {
        let connections = steps.iter().map(|step| self.take(step)).collect::<io::Result<Vec<_>>>()?;
        let answered = thread::scope(|scope| {
            let of = |(connection, step)| scope.spawn(move || exchange(connection, step));
            let running: Vec<_> = connections.into_iter().zip(steps.iter().copied()).map(of).collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        let mut responses = Vec::new();
        for (answered, step) in answered.into_iter().zip(steps) {
            let (response, connection) = answered?;
            self.keep(step, connection);
            responses.push(response);
        }
        Ok(responses)
    }

    fn take(&mut self, step: &RequestStep) -> io::Result<Connection> {
        let from = step.request.peer.ip();
        match self.idle.remove(&(step.worker, from)) {
            Some(connection) => Ok(connection),
            None => self.open(step.worker, from),
        }
    }

    fn keep(&mut self, step: &RequestStep, connection: Option<Connection>) {
        if let Some(connection) = connection {
            self.idle.insert((step.worker, step.request.peer.ip()), connection);
        }
    }

    /// Opens connections until one lands on the wanted worker; the others serve later steps.
    fn open(&mut self, worker: u32, from: IpAddr) -> io::Result<Connection> {
        let deadline = Instant::now() + TIME_LIMIT;
        while Instant::now() < deadline {
            let before = self.connections_by_worker()?;
            let connection = Connection::new(self.connect(from)?);
            let landed = loop {
                let now = self.connections_by_worker()?;
                let landed = (0u32..).zip(now.iter().zip(&before)).find(|(_, (now, before))| now > before);
                match landed {
                    Some((landed, _)) => break landed,
                    None if self.workers == 1 => break 0,
                    None if Instant::now() > deadline => return Err(ErrorKind::TimedOut.into()),
                    None => {} // accepted by the kernel, not yet by a worker
                }
            };
            if landed == worker {
                return Ok(connection);
            }
            self.idle.insert((landed, from), connection);
        }
        Err(io::Error::other(format!("no connection landed on worker {worker}")))
    }

    /// How many connections each worker has accepted so far; a count of those open would not tell one that came
    /// from one that went.
    fn connections_by_worker(&self) -> io::Result<Vec<u64>> {
        if self.workers == 1 {
            return Ok(Vec::new());
        }
        let prefix = format!("listener.{}.worker_", self.listener);
        let stats = self.admin.stats("Counters", &prefix)?;
        let of = |worker| stats.get(&format!("{prefix}{worker}.downstream_cx_total")).copied().unwrap_or_default();
        Ok((0..self.workers).map(of).collect())
    }

    fn connect(&self, from: IpAddr) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // Bound to an address, a socket needs a port that no other has, closed ones included; there are 28,000.
        if from != Ipv4Addr::LOCALHOST {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)).into(), TIME_LIMIT)?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIME_LIMIT))?;
        Ok(stream)
    }
}

/// One request on a connection, which comes back when it can be used again.
fn exchange(mut connection: Connection, step: &RequestStep) -> io::Result<(Response, Option<Connection>)> {
    let (bytes, method) = match &step.raw {
        Some(raw) => (raw.clone(), raw.split(|byte| *byte == b' ').next().unwrap_or_default()),
        None => (request(&step.request), step.request.method.as_slice()),
    };
    connection.write(&bytes)?;
    let (response, reusable) = receive(&mut connection, method)?;
    Ok((response, (reusable && step.raw.is_none()).then_some(connection)))
}

/// Reads a response, and whether its connection can be used again.
fn receive(connection: &mut Connection, method: &[u8]) -> io::Result<(Response, bool)> {
    let Some(head) = connection.read_response()? else { return Ok((Response::default(), false)) };
    let body = connection.read_body(head.response_framing(method))?;
    let closes = head.values("connection").any(|value| value.eq_ignore_ascii_case(b"close"));
    let reusable = body.complete && !closes;
    let response = Response {
        status: head.status,
        headers: lower_cased(head.headers),
        body: body.bytes,
        trailers: lower_cased(body.trailers),
        complete: body.complete,
        code_details: String::new(),
    };
    Ok((response, reusable))
}

fn request(request: &Request) -> Vec<u8> {
    let start = [request.method.as_slice(), b" ", &request.path, b" HTTP/1.1"].concat();
    let mut headers: Headers = vec![(b"host".to_vec(), request.authority.clone())];
    headers.extend(request.headers.iter().cloned());
    let bodiless = request.body.is_empty() && request.trailers.is_empty();
    message(&start, &headers, &request.body, &request.trailers, bodiless)
}

fn lower_cased(mut fields: Headers) -> Headers {
    fields.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
    fields
}
