//! Envoy's admin interface.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

use super::TIME_LIMIT;
use super::http1::Connection;

/// The admin interface of one process.
#[derive(Clone, Copy, Debug)]
pub struct Admin(pub SocketAddr);

impl Admin {
    /// The body of a GET.
    pub fn get(&self, path: &str) -> io::Result<String> {
        self.ask("GET", path)
    }

    /// The body of what a POST without one answers.
    pub fn post(&self, path: &str) -> io::Result<String> {
        self.ask("POST", path)
    }

    fn ask(&self, method: &str, path: &str) -> io::Result<String> {
        let stream = TcpStream::connect_timeout(&self.0, TIME_LIMIT)?;
        stream.set_read_timeout(Some(TIME_LIMIT))?;
        let mut connection = Connection::new(stream);
        connection.write(format!("{method} {path} HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
        let head = connection.read_response()?.ok_or(ErrorKind::UnexpectedEof)?;
        let body = connection.read_body(head.response_framing(method.as_bytes()))?;
        Ok(String::from_utf8_lossy(&body.bytes).into_owned())
    }

    /// Statistics whose name matches, by name; `kind` is `Counters` or `Gauges`.
    pub fn stats(&self, kind: &str, filter: &str) -> io::Result<BTreeMap<String, u64>> {
        let text = self.get(&format!("/stats?type={kind}&filter={filter}"))?;
        let pairs = text.lines().filter_map(|line| line.rsplit_once(": "));
        Ok(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect())
    }

    /// The port a listener was given.
    pub fn port(&self, listener: &str) -> io::Result<u16> {
        let text = self.get("/listeners?format=text")?;
        let address = text.lines().find_map(|line| line.strip_prefix(listener)?.strip_prefix("::"));
        let port = address.and_then(|address| address.parse::<SocketAddr>().ok()).map(|address| address.port());
        port.ok_or_else(|| io::Error::other(format!("listener {listener} is not among\n{text}")))
    }
}
