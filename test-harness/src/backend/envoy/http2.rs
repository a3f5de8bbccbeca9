//! HTTP/2 on a socket (RFC 9113), as much of it as a server of small answers needs.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use httlib_hpack::Decoder;

use crate::Headers;

/// What every client begins with (section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The longest frame a peer must accept (section 4.2).
const MAX_FRAME: usize = 16_384;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;

const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// A connection and the requests that are under way.
pub struct Connection {
    stream: TcpStream,
    decoder: Decoder<'static>,
    open: BTreeMap<u32, Request>,
}

/// A request as it came.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Its stream.
    pub stream: u32,
    /// All fields, pseudo headers first.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Connection {
    /// Greets a client.
    pub fn accept(mut stream: TcpStream) -> io::Result<Self> {
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface)?;
        if preface != PREFACE {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut connection = Connection { stream, decoder: Decoder::default(), open: BTreeMap::new() };
        connection.write(SETTINGS, 0, 0, &[])?;
        Ok(connection)
    }

    /// Reads until a request is complete; None at the connection's end.
    pub fn read_request(&mut self) -> io::Result<Option<Request>> {
        loop {
            let frame = match self.read() {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                frame => frame?,
            };
            let complete = frame.flags & END_STREAM != 0;
            match frame.kind {
                HEADERS => self.open(&frame)?,
                DATA => self.append(&frame)?,
                RST_STREAM => drop(self.open.remove(&frame.stream)),
                SETTINGS if frame.flags & ACK == 0 => self.write(SETTINGS, ACK, 0, &[])?,
                PING if frame.flags & ACK == 0 => self.write(PING, ACK, 0, &frame.payload)?,
                _ => continue,
            }
            if complete && matches!(frame.kind, HEADERS | DATA) {
                return Ok(self.open.remove(&frame.stream));
            }
        }
    }

    /// Sends fields, pseudo headers first; `last`: the response ends with them.
    pub fn send_fields(&mut self, stream: u32, fields: &Headers, last: bool) -> io::Result<()> {
        let mut block = Vec::new();
        for (name, value) in fields {
            block.push(0); // a literal that is not indexed (RFC 7541 section 6.2.2)
            literal(&mut block, name);
            literal(&mut block, value);
        }
        let end = if last { END_STREAM } else { 0 };
        self.write(HEADERS, END_HEADERS | end, stream, &block)
    }

    /// Sends a part of a body.
    pub fn send_data(&mut self, stream: u32, body: &[u8]) -> io::Result<()> {
        body.chunks(MAX_FRAME).try_for_each(|chunk| self.write(DATA, 0, stream, chunk))
    }

    /// Ends the connection, whoever else holds the socket.
    pub fn close(self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Both)
    }

    fn open(&mut self, frame: &Frame) -> io::Result<()> {
        let mut block = unpadded(frame)?.to_vec();
        if frame.flags & PRIORITY != 0 {
            block = block.get(5..).ok_or(ErrorKind::InvalidData)?.to_vec();
        }
        let mut flags = frame.flags;
        while flags & END_HEADERS == 0 {
            let next = self.read()?;
            if next.kind != CONTINUATION {
                return Err(ErrorKind::InvalidData.into());
            }
            flags = next.flags;
            block.extend(next.payload);
        }
        let mut fields = Vec::new();
        self.decoder.decode(&mut block, &mut fields).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let headers = fields.into_iter().map(|(name, value, _)| (name, value));
        // A second block is the trailers, which no unary call needs.
        let request =
            self.open.entry(frame.stream).or_insert_with(|| Request { stream: frame.stream, ..Request::default() });
        request.headers.extend(headers);
        Ok(())
    }

    fn append(&mut self, frame: &Frame) -> io::Result<()> {
        if let Some(request) = self.open.get_mut(&frame.stream) {
            request.body.extend_from_slice(unpadded(frame)?);
        }
        let length = u32::try_from(frame.payload.len()).unwrap_or(u32::MAX);
        if length == 0 {
            return Ok(());
        }
        self.write(WINDOW_UPDATE, 0, 0, &length.to_be_bytes())?;
        self.write(WINDOW_UPDATE, 0, frame.stream, &length.to_be_bytes())
    }

    fn read(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        let length = usize::try_from(u32::from_be_bytes([0, l0, l1, l2])).map_err(|_| ErrorKind::InvalidData)?;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload)?;
        Ok(Frame { kind, flags, stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]), payload })
    }

    fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(|_| ErrorKind::InvalidInput)?.to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat())
    }
}

/// A payload without its padding (section 6.1).
fn unpadded(frame: &Frame) -> io::Result<&[u8]> {
    if frame.flags & PADDED == 0 {
        return Ok(&frame.payload);
    }
    let (&padding, rest) = frame.payload.split_first().ok_or(ErrorKind::InvalidData)?;
    let end = rest.len().checked_sub(padding.into()).ok_or(ErrorKind::InvalidData)?;
    Ok(&rest[..end])
}

/// A string without Huffman code (RFC 7541 sections 5.1 and 5.2).
fn literal(block: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len();
    if length < 127 {
        block.push(u8::try_from(length).unwrap_or(127));
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(u8::try_from(length % 128).unwrap_or(0) | 0x80);
            length /= 128;
        }
        block.push(u8::try_from(length).unwrap_or(0));
    }
    block.extend_from_slice(text);
}

#[cfg(test)]
mod tests;
