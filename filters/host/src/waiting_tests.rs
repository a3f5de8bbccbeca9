//! Streams that wait: parked, woken, answered through the root, and gone in between.

use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{
    Background, Callout, CalloutAnswer, CalloutRequest, Cx, Decision, Filter, RootCx, Setup, Topic, Wait, Wake,
};
use sluicegate_common::head::RequestHead;
use sluicegate_common::reply::LocalReply;

use crate::abi::Action;
use crate::worker::{Worker, calls};

const SECOND: Duration = Duration::from_secs(1);
const NEWS: Topic = Topic(7);

/// Waits for news, at most a second; then asks a service of its own; 200 lets the request pass.
#[derive(Debug)]
struct Patient {
    upstream: String,
}

fn callout(upstream: &str) -> Callout {
    let request = CalloutRequest::Http { headers: Vec::new(), body: Vec::new() };
    Callout { id: 3, upstream: upstream.into(), request, timeout: SECOND }
}

impl Filter for Patient {
    const NAME: &'static str = "patient";
    const CODES: &'static [&'static str] = &["refused", "late"];
    type Stream = ();

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        let upstream = config.get("ask").and_then(|ask| ask.as_str()).unwrap_or_default();
        Ok(Self { upstream: upstream.into() })
    }

    fn on_request(&self, (): &mut (), head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        head.set("x-waited", *b"yes").unwrap();
        Decision::Wait(Wait::Background { topic: NEWS, until: cx.now.plus(SECOND) })
    }

    fn on_wake(&self, (): &mut (), why: &Wake<'_>, _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Decision {
        match why {
            Wake::Background => Decision::Wait(Wait::Callouts(vec![callout(&self.upstream)])),
            Wake::Answer(CalloutAnswer { id: 3, outcome: Ok(answer) }) if answer.status == 200 => Decision::Continue,
            Wake::Answer(_) => Decision::Respond(LocalReply::new(403, "refused", "")),
            Wake::Timeout => Decision::Respond(LocalReply::new(503, "late", "")),
        }
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        Some(Rc::new(News))
    }
}

/// Asks two services at once. The first answer makes it wait for news, the second ask again, the third continue.
#[derive(Debug)]
struct Fickle;

impl Filter for Fickle {
    const NAME: &'static str = "fickle";
    const CODES: &'static [&'static str] = &["late"];
    /// Answers so far.
    type Stream = u32;

    fn configure(_: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        Ok(Self)
    }

    fn on_request(&self, _: &mut u32, _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Decision {
        Decision::Wait(Wait::Callouts(vec![callout("a"), callout("b")]))
    }

    fn on_wake(&self, answers: &mut u32, why: &Wake<'_>, _: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision {
        let Wake::Answer(_) = why else { return Decision::Respond(LocalReply::new(503, "late", "")) };
        *answers += 1;
        match *answers {
            1 => Decision::Wait(Wait::Background { topic: NEWS, until: cx.now.plus(SECOND) }),
            2 => Decision::Wait(Wait::Callouts(vec![callout("c")])),
            _ => Decision::Continue,
        }
    }

    fn background(&self) -> Option<Rc<dyn Background>> {
        Some(Rc::new(News))
    }
}

/// Asks on the first tick, and announces what it hears.
struct News;

impl Background for News {
    fn period(&self) -> Duration {
        SECOND * 3600
    }

    fn on_tick(&self, cx: &mut RootCx<'_>) {
        cx.callouts.push(callout("news"));
    }

    fn on_answer(&self, _: &CalloutAnswer, cx: &mut RootCx<'_>) {
        cx.topics.push(NEWS);
    }
}

#[test]
fn one_answer_wakes_every_parked_stream_and_each_goes_on_by_itself() {
    let mut worker = Worker::<Patient>::new(true, r#"{"ask": "own"}"#);
    for id in [10, 11, 12] {
        assert_eq!(worker.open(id), Action::PauseAll);
    }
    worker.tick(Duration::ZERO);
    assert_eq!(calls(), ["1: ask news as 1"]);
    worker.answer(1, 200);
    assert_eq!(calls(), ["10: ask own as 2", "11: ask own as 3", "12: ask own as 4"]);
    worker.answer(3, 200);
    assert_eq!(calls(), ["11: set x-waited", "11: continue"]);
    worker.answer(4, 500);
    assert_eq!(calls(), ["12: reply 403"]);
    worker.answer(2, 200);
    assert_eq!(calls(), ["10: set x-waited", "10: continue"]);
    worker.tick(2 * SECOND);
    assert_eq!(calls(), [""; 0], "nobody waits any more");
}

#[test]
fn nothing_is_done_for_a_stream_that_is_gone() {
    for told in [true, false] {
        let mut worker = Worker::<Patient>::new(true, r#"{"ask": "own"}"#);
        for id in [10, 11, 12] {
            worker.open(id);
        }
        worker.tick(Duration::ZERO);
        worker.close(11, told);
        calls();
        worker.answer(1, 200);
        assert_eq!(calls(), ["10: ask own as 2", "12: ask own as 3"], "told: {told}");
        worker.close(10, told);
        worker.answer(2, 200);
        assert_eq!(calls(), [""; 0], "told: {told}");
        worker.answer(3, 200);
        assert_eq!(calls(), ["12: set x-waited", "12: continue"], "told: {told}");
    }
}

#[test]
fn who_waits_too_long_is_told_once() {
    let mut worker = Worker::<Patient>::new(true, r#"{"ask": "own"}"#);
    worker.open(10);
    worker.tick(SECOND / 2);
    assert_eq!(calls(), ["1: ask news as 1"]);
    worker.tick(SECOND);
    assert_eq!(calls(), ["10: reply 503"]);
    worker.answer(1, 200);
    worker.tick(2 * SECOND);
    assert_eq!(calls(), [""; 0]);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut worker = Worker::<Patient>::new(true, r#"{"ask": "own"}"#);
    worker.tick(SECOND * 36_000);
    assert_eq!(calls(), ["1: ask news as 1"]);
    worker.open(10);
    worker.tick(SECOND);
    assert_eq!(calls(), [""; 0]);
    worker.tick(2 * SECOND);
    assert_eq!(calls(), ["10: reply 503"]);
    worker.tick(SECOND * 3601);
    assert_eq!(calls(), ["1: ask news as 2"]);
}

#[test]
fn a_call_out_that_is_not_sent_is_told_at_once() {
    let mut worker = Worker::<Patient>::new(true, r#"{"ask": "nowhere"}"#);
    worker.open(10);
    worker.tick(Duration::ZERO);
    worker.answer(1, 200);
    assert_eq!(calls(), ["1: ask news as 1", "10: reply 403"]);
}

#[test]
fn where_nothing_can_wake_it_no_stream_waits() {
    let mut worker = Worker::<Patient>::new(false, r#"{"ask": "own"}"#);
    assert_eq!(worker.open(10), Action::Pause);
    assert_eq!(calls(), ["10: reply 503"]);
}

#[test]
fn a_stream_that_was_answered_by_somebody_else_is_not_resumed() {
    let mut worker = Worker::<Patient>::new(true, r#"{"ask": "own"}"#);
    worker.open(10);
    worker.tick(Duration::ZERO);
    worker.respond(10);
    calls();
    worker.answer(1, 200);
    assert_eq!(calls(), [""; 0]);
}

#[test]
fn who_waits_for_something_else_by_now_is_not_woken_by_what_it_waited_for_before() {
    let mut worker = Worker::<Fickle>::new(true, "{}");
    worker.open(10);
    worker.tick(Duration::ZERO);
    assert_eq!(calls(), ["10: ask a as 1", "10: ask b as 2", "1: ask news as 3"]);
    worker.answer(2, 200);
    worker.answer(1, 200);
    assert_eq!(calls(), ["10: ask c as 4"]);
    worker.answer(3, 200);
    worker.tick(2 * SECOND);
    assert_eq!(calls(), [""; 0]);
    worker.answer(4, 200);
    assert_eq!(calls(), ["10: continue"]);
}
