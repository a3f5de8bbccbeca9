//! Local replies.

use super::{proxy, proxy_of};
use crate::probe::Probe;
use crate::support::{get, kinds, named_logs_of, send};

#[test]
fn every_filter_sees_a_reply_and_its_details_are_on_the_wire() {
    let pass = Probe::new().on("response_headers", |body| body.log("response_headers"));
    let deny = Probe::new()
        .on("request_headers", |body| body.reply(403, "no", &[("x-a", "1"), ("x-a", "2")]))
        .on("response_headers", |body| body.log("response_headers"));
    let mut proxy = proxy_of(&[("before", &pass), ("deny", &deny), ("behind", &pass)]);
    let mut exchange = None;
    let logs = named_logs_of(&mut proxy, |proxy| exchange = Some(send(proxy, get(&[]))));
    let want = ["deny reply: 0", "before response_headers", "deny response_headers", "behind response_headers"];
    assert_eq!(logs, want);
    let exchange = exchange.expect("sent");
    assert_eq!(exchange.response.body, b"no\n");
    assert_eq!(exchange.response.headers.iter().filter(|(name, _)| name == b"x-a").count(), 1, "the last stands");
    assert_eq!(kinds(&exchange.diagnostics), ["ReasonPhrase"]);
}

#[test]
fn a_second_reply_traps_and_one_to_a_response_is_fatal() {
    let twice = Probe::new().on("request_headers", |body| {
        body.reply(403, "first", &[]);
        body.reply(403, "second", &[]);
    });
    let exchange = send(&mut proxy(&twice), get(&[]));
    assert!(kinds(&exchange.diagnostics).contains(&"Trap".to_owned()), "{:?}", exchange.diagnostics);
    let late = Probe::new().on("response_headers", |body| body.reply(403, "late", &[]));
    let exchange = send(&mut proxy(&late), get(&[]));
    assert!(kinds(&exchange.diagnostics).contains(&"Fatal".to_owned()), "{:?}", exchange.diagnostics);
}

#[test]
fn a_reply_after_the_end_is_reported() {
    for callback in ["log", "done"] {
        let probe = Probe::new().on(callback, |body| body.reply(403, "late", &[]));
        let exchange = send(&mut proxy(&probe), get(&[]));
        assert!(kinds(&exchange.diagnostics).contains(&"ReplyAfterEnd".to_owned()), "{:?}", exchange.diagnostics);
    }
}
