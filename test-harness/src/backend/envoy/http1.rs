//! HTTP/1.1 on a socket, byte for byte: nothing is added, folded or put in order.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::Headers;

/// Fields of one head; Envoy's own limit is 100.
const MAX_FIELDS: usize = 1024;

/// A connection and what was read too far.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The start line and fields of a message.
#[derive(Debug, Default)]
pub struct Head {
    /// Requests: the method.
    pub method: Vec<u8>,
    /// Requests: the target.
    pub target: Vec<u8>,
    /// Responses: the status.
    pub status: u16,
    /// The fields, in order, as sent.
    pub headers: Headers,
}

/// What follows a head.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The content.
    pub bytes: Vec<u8>,
    /// Trailers of a chunked body.
    pub trailers: Headers,
    /// False: the connection ended before the body.
    pub complete: bool,
}

/// Where a body ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(usize),
    /// After the last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

impl Head {
    /// All values of a field.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.headers.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_bytes()));
        lines.map(|(_, value)| value.as_slice())
    }

    fn declared(&self) -> Option<Framing> {
        if self.values("transfer-encoding").any(|value| value.to_ascii_lowercase().ends_with(b"chunked")) {
            return Some(Framing::Chunked);
        }
        let length = self.values("content-length").next()?;
        std::str::from_utf8(length).ok()?.trim().parse().ok().map(Framing::Length)
    }

    /// The framing of a request.
    pub fn request_framing(&self) -> Framing {
        self.declared().unwrap_or(Framing::Empty)
    }

    /// The framing of a response to a request with this method.
    pub fn response_framing(&self, method: &[u8]) -> Framing {
        let bodiless = method == b"HEAD" || matches!(self.status, 100..=199 | 204 | 304);
        if bodiless { Framing::Empty } else { self.declared().unwrap_or(Framing::UntilClose) }
    }
}

impl Connection {
    /// Wraps a connected socket.
    pub fn new(stream: TcpStream) -> Self {
        Connection { stream, buffer: Vec::new() }
    }

    /// Whether the peer has sent something, or ended; waits a little for it.
    pub fn is_readable(&self) -> io::Result<bool> {
        let before = self.stream.read_timeout()?;
        self.stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(before)?;
        match peeked {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            peeked => peeked.map(|_| true),
        }
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Ends the connection, whoever else holds the socket.
    pub fn close(self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Both)
    }

    /// Reads a request's head; None at the connection's end.
    pub fn read_request(&mut self) -> io::Result<Option<Head>> {
        self.read_head(|bytes| {
            let mut fields = vec![httparse::EMPTY_HEADER; MAX_FIELDS];
            let mut request = httparse::Request::new(&mut fields);
            let httparse::Status::Complete(length) = request.parse(bytes)? else { return Ok(None) };
            let head = Head {
                method: request.method.unwrap_or_default().into(),
                target: request.path.unwrap_or_default().into(),
                status: 0,
                headers: owned(request.headers),
            };
            Ok(Some((length, head)))
        })
    }

    /// Reads a response's head, interim ones skipped; None at the connection's end.
    pub fn read_response(&mut self) -> io::Result<Option<Head>> {
        loop {
            let head = self.read_head(|bytes| {
                let mut fields = vec![httparse::EMPTY_HEADER; MAX_FIELDS];
                let mut response = httparse::Response::new(&mut fields);
                let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
                let status = response.code.unwrap_or_default();
                Ok(Some((length, Head { status, headers: owned(response.headers), ..Head::default() })))
            })?;
            match head {
                Some(head) if head.status < 200 => {}
                head => return Ok(head),
            }
        }
    }

    fn read_head(
        &mut self,
        parse: impl Fn(&[u8]) -> Result<Option<(usize, Head)>, httparse::Error>,
    ) -> io::Result<Option<Head>> {
        loop {
            let parsed = parse(&self.buffer).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if let Some((length, head)) = parsed {
                self.buffer.drain(..length);
                return Ok(Some(head));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Reads a body to its end, or to the connection's.
    pub fn read_body(&mut self, framing: Framing) -> io::Result<Body> {
        match framing {
            Framing::Empty => Ok(Body { complete: true, ..Body::default() }),
            Framing::Length(length) => {
                while self.buffer.len() < length && self.fill()? {}
                let complete = self.buffer.len() >= length;
                let bytes = self.buffer.drain(..length.min(self.buffer.len())).collect();
                Ok(Body { bytes, trailers: Vec::new(), complete })
            }
            Framing::UntilClose => {
                while self.fill()? {}
                Ok(Body { bytes: std::mem::take(&mut self.buffer), trailers: Vec::new(), complete: true })
            }
            Framing::Chunked => self.read_chunks(),
        }
    }

    fn read_chunks(&mut self) -> io::Result<Body> {
        let mut body = Body::default();
        loop {
            let size = httparse::parse_chunk_size(&self.buffer)
                .map_err(|_| io::Error::new(ErrorKind::InvalidData, "not a chunk size"))?;
            let httparse::Status::Complete((start, size)) = size else {
                if self.fill()? {
                    continue;
                }
                return Ok(body);
            };
            if size == 0 {
                self.buffer.drain(..start);
                return self.read_trailers(body);
            }
            let size = usize::try_from(size).map_err(|_| ErrorKind::InvalidData)?;
            let end = start + size + 2; // the chunk ends with CR LF
            while self.buffer.len() < end {
                if !self.fill()? {
                    return Ok(body);
                }
            }
            body.bytes.extend_from_slice(&self.buffer[start..start + size]);
            self.buffer.drain(..end);
        }
    }

    fn read_trailers(&mut self, mut body: Body) -> io::Result<Body> {
        loop {
            let mut fields = vec![httparse::EMPTY_HEADER; MAX_FIELDS];
            let parsed = httparse::parse_headers(&self.buffer, &mut fields)
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if let httparse::Status::Complete((length, fields)) = parsed {
                body.trailers = owned(fields);
                body.complete = true;
                self.buffer.drain(..length);
                return Ok(body);
            }
            if !self.fill()? {
                return Ok(body);
            }
        }
    }

    /// Reads more; false at the end, a reset included.
    fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => Ok(false),
            Ok(length) => {
                self.buffer.extend_from_slice(&chunk[..length]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.fill(),
            Err(error) => Err(error),
        }
    }
}

fn owned(fields: &[httparse::Header<'_>]) -> Headers {
    fields.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec())).collect()
}

/// Writes a message: start line, fields, then the body. A body without framing of its own gets a
/// content-length, or chunks when there are trailers.
pub fn message(start: &[u8], headers: &Headers, body: &[Vec<u8>], trailers: &Headers, bodiless: bool) -> Vec<u8> {
    let mut bytes = start.to_vec();
    bytes.extend_from_slice(b"\r\n");
    let named = |name: &[u8]| headers.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
    write_fields(&mut bytes, headers);
    let chunked = named(b"transfer-encoding") || !trailers.is_empty();
    let length: usize = body.iter().map(Vec::len).sum();
    if chunked && !named(b"transfer-encoding") {
        bytes.extend_from_slice(b"transfer-encoding: chunked\r\n");
    } else if !chunked && !named(b"content-length") && !bodiless {
        bytes.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    if !chunked {
        bytes.extend(body.concat());
        return bytes;
    }
    for chunk in body.iter().filter(|chunk| !chunk.is_empty()) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n");
    write_fields(&mut bytes, trailers);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn write_fields(bytes: &mut Vec<u8>, fields: &Headers) {
    for (name, value) in fields {
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests;
