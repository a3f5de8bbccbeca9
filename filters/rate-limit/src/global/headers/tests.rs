use sluicegate_common::config::Text;

use super::*;

fn header(key: &str, value: &str, raw: &[u8]) -> HeaderValue {
    HeaderValue { key: key.to_owned(), value: value.to_owned(), raw_value: raw.to_vec() }
}

#[test]
fn what_may_stand_in_a_response() {
    let given = [
        header("X-Tier", "gold", b""),
        header("x-raw", "", b"\xff"),
        header("x-both", "text", b"raw"),
        header("x-empty", "", b""),
        header("set-cookie", "a=1", b""),
        header("set-cookie", "b=2", b""),
        header("", "v", b""),
        header(":status", "200", b""),
        header("x a", "v", b""),
        header("connection", "close", b""),
        header("Transfer-Encoding", "chunked", b""),
        header("content-length", "1", b""),
        header("content-type", "text/html", b""),
        header("Retry-After", "0", b""),
        header("cache-control", "public", b""),
        header("x-split", "a\r\nx-b: c", b""),
        header("x-nul", "", b"a\0"),
    ];
    let want: [(&str, &[u8]); 6] = [
        ("x-tier", b"gold"),
        ("x-raw", b"\xff"),
        ("x-both", b"text"),
        ("x-empty", b""),
        ("set-cookie", b"a=1"),
        ("set-cookie", b"b=2"),
    ];
    assert_eq!(of_response(given.to_vec()), want.map(|(name, value)| (name.to_owned(), value.to_vec())));
}

#[test]
fn what_may_be_set_on_a_request() {
    let allowed = ["x-tier", "x-user"].map(|name| HeaderName::parse(name).unwrap());
    let given = [header("X-Tier", "gold", b""), header("x-other", "1", b""), header("x-user", "a\nb", b"")];
    assert_eq!(of_request(given.to_vec(), &allowed), [("x-tier".to_owned(), b"gold".to_vec())]);
    assert_eq!(of_request(given.to_vec(), &[]), []);
}

#[test]
fn no_answer_fills_a_header_map() {
    let many = vec![header("x-a", "1", b""); 500];
    let allowed = [HeaderName::parse("x-a").unwrap()];
    assert_eq!((of_response(many.clone()).len(), of_request(many, &allowed).len()), (MAX_HEADERS, MAX_HEADERS));
}
