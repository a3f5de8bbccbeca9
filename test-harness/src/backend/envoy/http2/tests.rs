use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use httlib_hpack::Decoder;

use super::{Connection, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PREFACE, PRIORITY, SETTINGS, literal};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    (client, listener.accept().expect("a connection").0)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[test]
fn reads_a_request_whose_frames_are_cut_padded_and_mixed() {
    let (mut client, server) = pair();
    // RFC 7541 C.4.1: with Huffman code and the static table.
    let block = [0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
    let padded = [&[2, 0, 0, 0, 0, 9][..], &block[..4], &[0, 0]].concat();
    let sent = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, PADDED | PRIORITY, 1, &padded),
        frame(super::CONTINUATION, END_HEADERS, 1, &block[4..]),
        frame(DATA, 0, 1, b"one"),
        frame(PING, 0, 0, b"12345678"),
        frame(DATA, END_STREAM | PADDED, 1, b"\x01two\0"),
    ];
    client.write_all(&sent.concat()).expect("open");
    let mut connection = Connection::accept(server).expect("the preface");
    let request = connection.read_request().expect("frames").expect("a request");
    let fields: Vec<String> = request
        .headers
        .iter()
        .map(|(n, v)| String::from_utf8_lossy(&[&n[..], b"=", v].concat()).into_owned())
        .collect();
    assert_eq!(fields, [":method=GET", ":scheme=http", ":path=/", ":authority=www.example.com"]);
    assert_eq!((request.stream, request.body.as_slice()), (1, &b"onetwo"[..]));
    connection.close().expect("open");
    let mut answered = Vec::new();
    client.read_to_end(&mut answered).expect("open");
    let ping = frame(PING, super::ACK, 0, b"12345678");
    assert!(answered.windows(ping.len()).any(|window| window == ping), "{answered:?}");
}

#[test]
fn an_end_in_the_middle_is_no_request() {
    let (mut client, server) = pair();
    client.write_all(&[PREFACE, &frame(HEADERS, END_HEADERS, 1, &[0x82])].concat()).expect("open");
    drop(client);
    let mut connection = Connection::accept(server).expect("the preface");
    assert_eq!(connection.read_request().expect("an end"), None);
}

#[test]
fn literals_of_every_length_are_read_back() {
    for length in [0, 1, 126, 127, 128, 254, 255, 300, 20_000] {
        let mut block = vec![0];
        literal(&mut block, b"x");
        literal(&mut block, &vec![b'v'; length]);
        let mut fields = Vec::new();
        Decoder::default().decode(&mut block, &mut fields).expect("valid");
        assert_eq!(fields[0].1.len(), length);
    }
}
