use std::io::Write;
use std::net::{TcpListener, TcpStream};

use super::{Body, Connection, Framing, Head, message};

/// A connection on which the peer has sent these bytes and gone.
fn received(bytes: &[u8]) -> Connection {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut peer = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    peer.write_all(bytes).expect("buffered");
    Connection::new(listener.accept().expect("connected").0)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn reads_what_messages_frame() {
    struct Case {
        name: &'static str,
        method: &'static [u8],
        given: &'static [u8],
        want: (u16, &'static str, usize, bool),
    }
    let cases = [
        Case {
            name: "length",
            method: b"GET",
            given: b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcHTTP",
            want: (200, "abc", 0, true),
        },
        Case {
            name: "cut short",
            method: b"GET",
            given: b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
            want: (200, "ab", 0, false),
        },
        Case {
            name: "chunks and trailers",
            method: b"GET",
            given: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-t: 1\r\n\r\n",
            want: (200, "abc", 1, true),
        },
        Case {
            name: "chunks cut short",
            method: b"GET",
            given: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n5\r\nc",
            want: (200, "ab", 0, false),
        },
        Case { name: "to the end", method: b"GET", given: b"HTTP/1.1 200 OK\r\n\r\nabc", want: (200, "abc", 0, true) },
        Case {
            name: "HEAD",
            method: b"HEAD",
            given: b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n",
            want: (200, "", 0, true),
        },
        Case { name: "204", method: b"GET", given: b"HTTP/1.1 204 No\r\n\r\n", want: (204, "", 0, true) },
        Case {
            name: "interim",
            method: b"GET",
            given: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
            want: (201, "", 0, true),
        },
    ];
    for Case { name, method, given, want } in cases {
        let mut connection = received(given);
        let head = connection.read_response().expect(name).expect(name);
        let body = connection.read_body(head.response_framing(method)).expect(name);
        let found = (head.status, text(&body.bytes), body.trailers.len(), body.complete);
        assert_eq!(found, (want.0, want.1.to_owned(), want.2, want.3), "{name}");
    }
}

#[test]
fn an_ended_connection_has_no_head() {
    assert!(received(b"").read_response().expect("an end is no error").is_none());
    assert!(received(b"GET / HT").read_request().expect("an end is no error").is_none());
    assert!(received(b"nonsense\r\n\r\n").read_response().is_err());
}

#[test]
fn writes_bytes_as_they_are() {
    let headers = vec![(b"X-Odd".to_vec(), b"caf\xe9".to_vec())];
    let body = [b"ab".to_vec(), b"c".to_vec()];
    let plain = message(b"GET / HTTP/1.1", &headers, &body, &Vec::new(), false);
    assert_eq!(plain, b"GET / HTTP/1.1\r\nX-Odd: caf\xe9\r\ncontent-length: 3\r\n\r\nabc");
    let bodiless = message(b"GET / HTTP/1.1", &headers, &[], &Vec::new(), true);
    assert_eq!(bodiless, b"GET / HTTP/1.1\r\nX-Odd: caf\xe9\r\n\r\n");
    let trailers = vec![(b"x-t".to_vec(), b"1".to_vec())];
    let chunked = message(b"GET / HTTP/1.1", &Vec::new(), &body, &trailers, false);
    let want = b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-t: 1\r\n\r\n";
    assert_eq!(text(&chunked), text(want));
    let mut connection = received(&chunked);
    let head: Head = connection.read_request().expect("valid").expect("whole");
    assert_eq!(head.request_framing(), Framing::Chunked);
    let body = connection.read_body(Framing::Chunked).expect("valid");
    assert_eq!(body, Body { bytes: b"abc".to_vec(), trailers, complete: true });
}
