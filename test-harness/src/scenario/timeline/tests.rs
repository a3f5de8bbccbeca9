use crate::interleave::{Access, Step};
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
fn threads_that_take_turns_are_told_apart() {
    let turn = |actor, place| Event::Turn(Step { actor, place, access: Access::Event });
    let (one, two) = (Place::Worker(0), Place::Worker(1));
    let trace = [
        turn(0, one),
        enter("proxy_on_log"),
        turn(1, two),
        call("proxy_get_log_level", vec![], 0, vec![]),
        turn(0, one),
        call("proxy_get_log_level", vec![], 0, vec![]),
        leave("proxy_on_log", Outcome::Nothing),
    ];
    let want = "\
> 0 on worker 0: next event
cors #2 on_log(3, 1) on worker 0
> 1 on worker 1: next event
get_log_level()
> 0 on worker 0: next event
  get_log_level()
}";
    assert_eq!(timeline(&trace), want);
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
