//! Who is called when.

use super::proxy_of;
use crate::probe::Probe;
use crate::support::{get, named_logs_of, send};

#[test]
fn responses_run_in_the_order_of_requests_and_done_comes_before_log() {
    let probe = Probe::logging_all();
    let mut proxy = proxy_of(&[("a", &probe), ("b", &probe)]);
    let logs = named_logs_of(&mut proxy, |proxy| drop(send(proxy, get(&[]))));
    let of_stream = ["request_headers", "response_headers", "done", "log", "delete"];
    let kept: Vec<&str> =
        logs.iter().map(String::as_str).filter(|line| of_stream.iter().any(|name| line.ends_with(name))).collect();
    let want = [
        "a request_headers",
        "b request_headers",
        "a response_headers",
        "b response_headers",
        "a done",
        "a log",
        "b done",
        "b log",
        "a delete",
        "b delete",
    ];
    assert_eq!(kept, want);
}
