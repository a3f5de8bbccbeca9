//! A client that keeps its connection.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// One connection to the gateway.
pub struct Client {
    to: TcpStream,
    from: BufReader<TcpStream>,
    line: String,
}

/// What the gateway says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Admitted,
    /// 429 `rate_limited`.
    Refused,
    /// 429 `contention`.
    Contended,
}

/// A `GET` with these headers.
pub fn request(headers: &[(&str, &str)]) -> Vec<u8> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET / HTTP/1.1\r\nhost: gateway\r\n{lines}\r\n").into_bytes()
}

impl Client {
    /// Connects.
    pub fn connect(port: u16) -> io::Result<Self> {
        let to = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        to.set_nodelay(true)?;
        to.set_read_timeout(Some(Duration::from_secs(60)))?;
        let from = BufReader::new(to.try_clone()?);
        Ok(Self { to, from, line: String::new() })
    }

    /// One request and its answer.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.send(request)?;
        self.receive()
    }

    /// Sends a request and leaves its answer for [`Client::receive`].
    pub fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.to.write_all(request)
    }

    /// Any other answer is an error. It is read without a parser: unoptimised, one would be the slowest part of a race.
    pub fn receive(&mut self) -> io::Result<Answer> {
        let status = self.line()?.to_owned();
        let mut length = 0;
        loop {
            match self.line()?.split_once(": ") {
                None => break,
                Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        match status.as_str() {
            "HTTP/1.1 200 OK" => Ok(Answer::Admitted),
            "HTTP/1.1 429 Too Many Requests" if body.contains(r#""code":"rate_limited""#) => Ok(Answer::Refused),
            "HTTP/1.1 429 Too Many Requests" if body.contains(r#""code":"contention""#) => Ok(Answer::Contended),
            _ => Err(io::Error::other(format!("{status}: {body}"))),
        }
    }

    fn line(&mut self) -> io::Result<&str> {
        self.line.clear();
        match self.from.read_line(&mut self.line)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(self.line.trim_end()),
        }
    }
}
