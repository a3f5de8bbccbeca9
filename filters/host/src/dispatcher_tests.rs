//! Root contexts that come and go, and streams that leave nothing behind.

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{Callout, CalloutRequest, Cx, Decision, End, Filter, Setup, Wait, Wake};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::reply::LocalReply;

use std::time::Duration;

use crate::abi::Action;
use crate::hostcalls::{ROOT, host};
use crate::worker::{Worker, calls};

/// Leaves traces wherever a stream can keep some, and refuses who finds one.
#[derive(Debug)]
struct Tracer {
    /// What its configuration calls it.
    name: String,
    asks: bool,
}

thread_local!(static ENDED: std::cell::RefCell<Vec<String>> = std::cell::RefCell::default());

thread_local!(static ENDED_AS: std::cell::RefCell<Vec<u32>> = std::cell::RefCell::default());

fn ended() -> Vec<String> {
    ENDED.with_borrow_mut(std::mem::take)
}

impl Filter for Tracer {
    const NAME: &'static str = "tracer";
    const CODES: &'static [&'static str] = &["trace"];
    type Stream = Vec<u8>;

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        let name = config.get("name").and_then(|name| name.as_str()).unwrap_or_default().into();
        Ok(Self { name, asks: config.contains_key("asks") })
    }

    fn on_request(&self, own: &mut Vec<u8>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let traced = !own.is_empty()
            || !head.edits().is_empty()
            || !cx.facts.exposed().is_empty()
            || cx.facts.breaker().is_some()
            || !cx.facts.take_limits().is_empty()
            || head.target() != format!("/{}", host(|state| state.acting)).as_bytes();
        if traced {
            return Decision::Respond(LocalReply::new(500, "trace", ""));
        }
        own.push(1);
        head.set("x-trace", *b"request").unwrap();
        cx.facts.expose("x-trace");
        cx.facts.set_breaker("trace".into());
        match self.asks {
            false => Decision::Continue,
            true => {
                let request = CalloutRequest::Http { headers: Vec::new(), body: Vec::new() };
                let timeout = Duration::from_secs(1);
                let callout =
                    |upstream: &str| Callout { id: 1, upstream: upstream.into(), request: request.clone(), timeout };
                Decision::Wait(Wait::Callouts(vec![callout("a"), callout("b")]))
            }
        }
    }

    fn on_wake(&self, _: &mut Vec<u8>, _: &Wake<'_>, _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Decision {
        Decision::Continue
    }

    fn on_response(&self, own: &mut Vec<u8>, head: &mut ResponseHead<'_>, _: &mut Cx<'_>) {
        assert!(head.edits().is_empty(), "edits of another response");
        head.set(format!("x-{}-{}", self.name, own.len()), *b"response").unwrap();
    }

    fn on_end(&self, own: Vec<u8>, _: &End<'_>, _: &mut Cx<'_>) {
        ENDED_AS.with_borrow_mut(|acting| acting.push(host(|state| state.acting)));
        ENDED.with_borrow_mut(|ended| ended.push(format!("{}: {}", self.name, own.len())));
    }
}

#[test]
fn a_stream_finds_nothing_of_those_before_it() {
    for config in [r#"{"name": "one"}"#, r#"{"name": "one", "asks": true}"#] {
        let mut worker = Worker::<Tracer>::new(true, config);
        let asks = config.contains("asks");
        // Many at once are more than memory is kept for, so that blocks are made, freed, and used again.
        for (round, streams) in [1, 1, 100, 2, 100].into_iter().enumerate() {
            let ids = (round as u32 * 1000 + 10)..(round as u32 * 1000 + 10 + streams);
            for id in ids.clone() {
                let action = worker.open(id);
                assert_eq!(action, if asks { Action::PauseAll } else { Action::Continue });
                let wanted = if asks { format!("{id}: ask a") } else { format!("{id}: set x-trace") };
                assert!(calls().first().is_some_and(|call| call.starts_with(&wanted)), "{config} {id}");
                worker.respond(id);
                assert_eq!(calls(), [format!("{id}: set x-one-1")], "{config} {id}");
            }
            for id in ids {
                worker.close(id, true);
                assert_eq!(ended(), ["one: 1"]);
            }
        }
    }
}

#[test]
fn an_end_is_told_once_and_an_unknown_stream_does_nothing() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one"}"#);
    worker.open(10);
    worker.close(10, true);
    worker.close(10, true);
    worker.close(11, true);
    worker.respond(11);
    assert_eq!(ended(), ["one: 1"]);
    assert_eq!(calls(), ["10: set x-trace"]);
}

#[test]
fn a_response_without_a_request_and_a_log_without_either_are_normal() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one"}"#);
    worker.create(ROOT, 10);
    worker.respond(10);
    worker.close(10, true);
    worker.create(ROOT, 11);
    worker.close(11, true);
    assert_eq!((calls(), ended()), (vec![], vec![]));
    assert_eq!(worker.open(12), Action::Continue);
}

#[test]
fn plugins_that_share_a_vm_keep_to_themselves() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one"}"#);
    host(|state| state.contexts.push(2));
    worker.configure(2, r#"{"name": "two"}"#);
    worker.open_at(ROOT, 10);
    worker.open_at(2, 11);
    calls();
    worker.respond(11);
    worker.respond(10);
    assert_eq!(calls(), ["11: set x-two-1", "10: set x-one-1"]);
}

#[test]
fn a_plugin_that_is_gone_is_forgotten_when_another_one_comes() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one"}"#);
    worker.open_at(ROOT, 10);
    for root in 2..10 {
        host(|state| state.contexts.push(root));
        worker.configure(root, r#"{"name": "next"}"#);
        assert_eq!(host(|state| state.acting), root, "calls act on the one that is configured");
        assert_eq!(worker.roots(), [root - 1, root]);
        // Its streams go on as they began.
        host(|state| state.contexts.retain(|context| *context != root - 1));
    }
    calls();
    worker.respond(10);
    assert_eq!(calls(), ["10: set x-one-1"]);
}

#[test]
fn streams_whose_end_was_not_told_do_not_pile_up() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one", "asks": true}"#);
    for id in 10..2_500 {
        worker.open(id);
        if id % 10 > 0 {
            worker.close(id, false);
        }
    }
    calls();
    let (streams, callouts) = worker.streams();
    assert!((249..1_300).contains(&streams), "{streams}");
    assert_eq!(callouts, 2 * streams);
    assert!(ended().len() > 1_000);
    let acted_as = ENDED_AS.with_borrow(Clone::clone);
    let foreign = acted_as.iter().filter(|id| **id != ROOT && **id % 10 == 0).count();
    assert_eq!(foreign, 0, "what a stream that is gone asks is not answered for another one");
}

#[test]
fn nothing_is_kept_of_call_outs_that_a_filter_no_longer_waits_for() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one", "asks": true}"#);
    worker.open(10);
    worker.answer(1, 200);
    assert_eq!(calls(), ["10: ask a as 1", "10: ask b as 2", "10: set x-trace", "10: continue"]);
    assert_eq!(worker.streams(), (1, 1), "one answer is yet to come");
    worker.close(10, true);
    assert_eq!(worker.streams(), (0, 0));
    worker.answer(2, 200);
    assert_eq!(calls(), [""; 0]);
}

#[test]
fn an_answer_that_a_filter_no_longer_waits_for_wakes_no_other() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one", "asks": true}"#);
    worker.open(10);
    worker.answer(2, 200);
    calls();
    worker.answer(1, 200);
    assert_eq!((calls(), worker.streams()), (vec![], (1, 0)));
}

#[test]
fn a_number_that_is_given_anew_before_its_end_was_told_ends_the_stream_before() {
    let mut worker = Worker::<Tracer>::new(true, r#"{"name": "one", "asks": true}"#);
    worker.open(10);
    worker.open(10);
    assert_eq!((ended(), worker.streams()), (vec!["one: 1".to_owned()], (1, 2)));
}
