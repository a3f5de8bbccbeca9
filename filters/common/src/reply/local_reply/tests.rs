use std::time::Duration;

use super::{LocalReply, ReplyBody};

#[test]
fn only_a_final_status_is_kept() {
    for (given, want) in [(200, 200), (599, 599), (199, 500), (100, 500), (0, 500), (600, 500), (u16::MAX, 500)] {
        assert_eq!(LocalReply::new(given, "c", "").status(), want, "{given}");
    }
}

#[test]
fn retry_after_is_rounded_up_and_never_zero() {
    let cases = [
        (Duration::ZERO, 1),
        (Duration::from_nanos(1), 1),
        (Duration::from_secs(1), 1),
        (Duration::from_millis(1001), 2),
        (Duration::from_secs(900), 900),
        (Duration::MAX, u64::MAX),
    ];
    for (wait, want) in cases {
        let reply = LocalReply::new(429, "rate_limited", "").retry_after(wait);
        assert_eq!(reply.retry_after_secs(), Some(want), "{wait:?}");
    }
}

#[test]
fn headers_that_cannot_be_sent_are_dropped() {
    let reply = LocalReply::new(401, "missing_credential", "")
        .header("www-authenticate", "Bearer realm=\"api\"")
        .header("www-authenticate", "Basic realm=\"api\"")
        .header("x-evil", "a\r\nset-cookie: b=c")
        .header("x-nul", b"\0".to_vec())
        .header("content-length", "7")
        .header(":status", "200")
        .header("X-Upper", "1")
        .header("x-bytes", b"\xff".to_vec());
    let names: Vec<&str> = reply.headers().iter().map(|(name, _)| name.as_ref()).collect();
    assert_eq!(names, ["www-authenticate", "www-authenticate", "x-bytes"]);
}

#[test]
fn a_reply_says_what_it_was_given() {
    let reply = LocalReply::new(200, "health", String::from("well")).body("application/json", "{}").grpc(0);
    assert_eq!((reply.code(), reply.message()), ("health", "well"));
    assert_eq!(reply.reply_body(), &ReplyBody::Explicit { content_type: "application/json", bytes: b"{}".to_vec() });
    assert_eq!(reply.explicit_grpc_status(), Some(0));
    assert_eq!(reply.no_body().reply_body(), &ReplyBody::Empty);
}
