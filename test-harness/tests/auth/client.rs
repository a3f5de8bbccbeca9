//! A client that keeps its connection.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// One connection to the gateway.
pub struct Client {
    to: TcpStream,
    from: BufReader<TcpStream>,
}

/// What matters of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// The reason code of a refusal.
    pub code: String,
    pub retry_after: Option<String>,
}

impl Client {
    /// Connects.
    pub fn connect(port: u16) -> io::Result<Self> {
        let to = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        to.set_nodelay(true)?;
        to.set_read_timeout(Some(Duration::from_secs(60)))?;
        let from = BufReader::new(to.try_clone()?);
        Ok(Self { to, from })
    }

    /// `GET /` with a token.
    pub fn get(&mut self, token: &str) -> io::Result<Response> {
        self.send("GET", "/", token)?;
        self.receive()
    }

    /// Logs a token out.
    pub fn log_out(&mut self, token: &str) -> io::Result<Response> {
        self.send("POST", "/auth/logout", token)?;
        self.receive()
    }

    /// Sends a request and leaves its response for [`Client::receive`].
    pub fn send(&mut self, method: &str, path: &str, token: &str) -> io::Result<()> {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n");
        self.to.write_all(format!("{head}authorization: Bearer {token}\r\n\r\n").as_bytes())
    }

    /// Reads a response.
    pub fn receive(&mut self) -> io::Result<Response> {
        let bad = |what: &str| io::Error::new(ErrorKind::InvalidData, format!("a response with {what}"));
        let start = self.line()?;
        let status = start.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| bad(&start))?;
        let (mut length, mut retry_after) = (0, None);
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                None if line.is_empty() => break,
                Some(("content-length", value)) => length = value.parse().map_err(|_| bad(&line))?,
                Some(("retry-after", value)) => retry_after = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body)?;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        Ok(Response { status, code, retry_after })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.from.read_line(&mut line)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}
