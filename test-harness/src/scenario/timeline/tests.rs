use crate::{Argument, Event, Outcome, Place};

use super::timeline;

fn enter(callback: &'static str) -> Event {
    Event::Enter { place: Place::Worker(0), plugin: "cors".into(), context: 2, callback, arguments: vec![3, 1] }
}

fn leave(callback: &'static str, outcome: Outcome) -> Event {
    Event::Leave { callback, outcome }
}

fn call(name: &'static str, arguments: Vec<Argument>, status: u32, returned: Vec<Argument>) -> Event {
    Event::HostCall { name, arguments, status, returned }
}

#[test]
fn reads_as_it_happened() {
    let name = || Argument::Bytes(b"origin".to_vec());
    let trace = [
        enter("proxy_on_request_headers"),
        call("proxy_get_header_map_value", vec![Argument::Number(0), name()], 1, vec![]),
        call("proxy_get_header_map_pairs", vec![Argument::Number(2)], 0, vec![Argument::Pairs(vec![])]),
        leave("proxy_on_request_headers", Outcome::Value(1)),
        Event::Proxy("local reply 403".to_owned()),
        enter("proxy_on_log"),
        leave("proxy_on_log", Outcome::Nothing),
        enter("proxy_on_done"),
        leave("proxy_on_done", Outcome::Trap("unreachable".to_owned())),
    ];
    let want = "\
cors #2 on_request_headers(3, 1) on worker 0 {
  get_header_map_value(request headers, \"origin\") = NotFound
  get_header_map_pairs(response headers) = []
} -> Pause
* local reply 403
cors #2 on_log(3, 1) on worker 0
cors #2 on_done(3, 1) on worker 0 TRAP unreachable";
    assert_eq!(timeline(&trace), want);
}
